"""Findings in words."""

from __future__ import annotations

from textwrap import wrap

from .diagnosis import Diagnosis
from .findings import Finding

WIDTH = 110  # characters of a line of text
MARKS = {"stops training": "STOPS", "harms": "harms", "note": "note"}


def in_words(found: Diagnosis) -> str:
    """Return what was found, for a terminal."""
    rows = []
    if about := found.statistics:
        sizes = f"images {about.image_width} × {about.image_height} pixels, text {about.text_height} pixels high"
        texts = f", {about.text_length} characters long, of {len(about.characters)} characters"
        rows.append(f"{about.samples} samples, {about.left_out} left out, {about.groups} groups")
        rows.append(sizes + texts * bool(about.characters))
        rows += [f"checked for {found.checked_for}"] * bool(found.checked_for)
    rows += [row for finding in found.findings for row in _told(finding)]
    graver = sum(finding.harms for finding in found.findings)
    return "\n".join(
        [*rows, "", f"{graver or 'no'} finding{'s' * (graver > 1)} that harm{'s' * (graver < 2)} training"]
    )


def _told(finding: Finding) -> list[str]:
    rows = ["", f"{MARKS[finding.severity]:6}{finding.name}  {finding.count}"]
    rows += [f"      {row}" for row in wrap(finding.why, WIDTH, break_long_words=False)]
    rows += [f"        {example}" for example in finding.examples]
    return [*rows, f"      fix: {finding.fix}"]
