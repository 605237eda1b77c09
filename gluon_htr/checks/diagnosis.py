"""All checks of data, or of pictures without texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ..text.alphabet import Alphabet
from .findings import Finding, command
from .labels import outside_alphabet, rare_characters, text_findings
from .lengths import length_findings
from .looking import Looked
from .overlaps import no_groups, overlap_findings
from .pictures import image_findings
from .statistics import Statistics, statistics
from .target import MIN_KEPT, Target, likely_preset, target_of_preset, too_long

ORDER = {"stops training": 0, "harms": 1, "note": 2}
#: Faults of a sample whose text, or whose width, says nothing about the others.
EXPLAINED = ("placeholder-text", "same-text", "markup-in-text", "turned-image", "contradicting-texts")
FIXED = "corrected"  # the folder that suggested commands write
READER = "latin-lines-fast"  # the model that ranks suspects where none is named


class Diagnosis(msgspec.Struct, frozen=True):
    """The findings about some data or a run, the gravest first."""

    of: list[str]
    findings: list[Finding]
    statistics: Statistics | None = None
    checked_for: str = ""  # the network whose time steps and alphabet were compared

    @property
    def harms(self) -> bool:
        """True if training would be stopped or harmed."""
        return any(finding.harms for finding in self.findings)


@dataclass(frozen=True)
class Wishes:
    """The network that data are for. alphabet: what `train --alphabet` would get, with its file."""

    target: Target | None = None
    alphabet: tuple[str, Alphabet] | None = None


def diagnose(train: Looked, wishes: Wishes, validation: Looked | None = None) -> Diagnosis:
    """Find the faults of training data, and of their validation data."""
    fix = command("doctor", *train.specs, *_validation_words(validation), "--fix", FIXED)
    target = wishes.target or target_of_preset(likely_preset(train))
    found = [*image_findings(train, fix), *text_findings(train, fix)]
    single = target.step_width is None
    suspects = command("doctor", *train.specs, "--model", READER, "--suspects", "suspects.tsv")
    explained = {number for one in found if one.name in EXPLAINED for number in one.numbers}
    found += [] if single else length_findings(train, fix, suspects, explained)
    found += too_long(train, target, fix)
    found += _alphabet_findings(train, wishes, target)
    found += [*rare_characters(train), *no_groups(train), *_too_few(train)]
    if validation is not None:
        found += overlap_findings(train, validation, fix)
    name = target.name if target.alphabet else f"the preset {target.name}"
    return Diagnosis(list(train.specs), in_order(merged(found)), statistics(train), name)


def diagnose_pictures(seen: Looked) -> Diagnosis:
    """Find the faults of pictures without texts."""
    found = image_findings(seen, command("doctor", *seen.specs, "--fix", FIXED))
    return Diagnosis(list(seen.specs), in_order(found), statistics(seen))


def merged(findings: Sequence[Finding]) -> list[Finding]:
    """Join findings of one name: a reader left some samples out for it, others were looked at."""
    by_name: dict[str, Finding] = {}
    for one in findings:
        if (known := by_name.get(one.name)) is None:
            by_name[one.name] = one
            continue
        severity = min(known.severity, one.severity, key=ORDER.__getitem__)
        examples = [*known.examples, *one.examples][: max(len(known.examples), len(one.examples))]
        ids, numbers = [*known.ids, *one.ids], [*known.numbers, *one.numbers]
        count = known.count + one.count
        by_name[one.name] = Finding(one.name, severity, count, known.why, known.fix, examples, ids, numbers)
    return list(by_name.values())


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Sort findings, the gravest and most frequent first."""
    return sorted(findings, key=lambda one: (ORDER[one.severity], -one.count))


def _validation_words(validation: Looked | None) -> list[str]:
    return [word for spec in (validation.specs if validation else ()) for word in ("--validation", spec)]


def _alphabet_findings(train: Looked, wishes: Wishes, target: Target) -> list[Finding]:
    if wishes.alphabet:
        name, alphabet = wishes.alphabet
        fix = command("prepare", train.specs[0], "--alphabet", name)
        return outside_alphabet(train, alphabet, name, fix)
    if target.alphabet:
        data = [word for spec in train.specs for word in ("--data", spec)]
        return outside_alphabet(train, target.alphabet, target.name, command("train", "--init", target.name, *data))
    return []


def _too_few(train: Looked) -> list[Finding]:
    count = sum(look.appearance is not None for look in train.looks)
    if count >= MIN_KEPT:
        return []
    why = f"{count} samples are too few: some are held out for scoring. Add lines, or generated ones."
    data = [word for spec in train.specs for word in ("--data", spec)]
    fix = command("train", *data, "--data", "fonts:hershey")
    return [Finding("too-few-samples", "stops training", count, why, fix)]
