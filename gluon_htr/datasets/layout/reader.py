"""The pages that a spec names, with the places of their lines.

pages:data/pages/hooker?split=train          transcribed pages, with the same splits as their lines
dataturks:export.json?images=scans           pages annotated in Dataturks; labelstudio: likewise
iam-forms:data/iam?region=handwriting        forms of a complete download of IAM
    composed-pages:lines.rec?count=1000          pages composed of prepared lines
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ...errors import SpecError
from ..exports.dataturks import read_dataturks
from ..exports.label_studio import read_label_studio
from ..exports.reader import ExportOptions, ExportPages, Parse
from ..sample import Problem
from ..spec import parse_spec
from .composed import ComposedLayout
from .forms import FormsLayout
from .pages import PagesLayout, open_pages_layout
from .sample import LayoutSample, LayoutSource


def _export(parse: Parse) -> Callable[[Path, ExportOptions], LayoutSource]:
    return lambda file, options: PagesLayout(ExportPages(file, options, parse), options)


KINDS: dict[str, Callable[[Path, Any], LayoutSource]] = {
    "pages": open_pages_layout,
    "dataturks": _export(read_dataturks),
    "labelstudio": _export(read_label_studio),
    "iam-forms": FormsLayout,
    "composed-pages": ComposedLayout,
}


class LayoutReader:
    """Reader of pages. A page without usable lines is a problem.

    Raises `AnnotationError` if no page can be used, `SpecError` for a spec of another kind.
    """

    def __init__(self, spec: str) -> None:
        parsed = parse_spec(spec)
        self.share = parsed.share
        if parsed.kind not in KINDS:
            raise SpecError(f"{spec!r} has no places of lines on pages; kinds that have them: {', '.join(KINDS)}")
        self._source = KINDS[parsed.kind](parsed.path, parsed.options)

    @property
    def problems(self) -> list[Problem]:
        """Pages and lines that are left out; complete once all pages have been read."""
        return self._source.problems

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[LayoutSample]:
        return iter(self._source)
