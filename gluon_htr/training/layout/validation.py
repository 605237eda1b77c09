"""Validation of a network that finds lines: F1 by polygons and by baselines over all lines."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...pages.detection.classes import Classes
from ...pages.detection.detector import find_on
from ...pages.scoring import Matches, match
from ..team import ALONE, Team
from ..validation import Examination, Predict
from .pages import PageStore


@dataclass(frozen=True)
class LayoutExamination(Examination):
    """Result of finding lines. matches: of each page."""

    matches: list[Matches] = field(default_factory=list)

    @property
    def total(self) -> Matches:
        """Counts over all pages."""
        return sum(self.matches, Matches())


class LayoutValidation:
    """Pages with their lines. multiple: sides of an input are multiples of it."""

    def __init__(self, pages: PageStore, classes: Classes, multiple: int, team: Team = ALONE) -> None:
        self.pages, self.classes, self.multiple, self._team = pages, classes, multiple, team

    def __len__(self) -> int:
        return len(self.pages)

    def examine(self, predict: Predict) -> LayoutExamination:
        """Find the lines of all pages, each process on its part; the error is 1 minus the mean of both F1."""
        own = range(self._team.rank, len(self.pages), self._team.size)
        matches = self._team.shared([self._match(predict, page) for page in own])
        total = sum(matches, Matches())
        f1, baselines = total.f1, total.baseline_f1
        return LayoutExamination(
            error=1 - (f1 + baselines) / 2,
            errors=[m.truth + m.found - m.polygons - m.baselines for m in matches],
            figures={"f1": f1, "baseline_f1": baselines, "precision": total.precision, "recall": total.recall},
            summary=f"validation F1 {f1:.4f} by polygons, {baselines:.4f} by baselines",
            is_blank=not total.found,
            matches=matches,
        )

    def _match(self, predict: Predict, page: int) -> Matches:
        found = find_on(self.pages.image(page), predict, self.classes, self.multiple)
        return match(self.pages.lines[page], [(line.polygon, line.baseline) for line in found])
