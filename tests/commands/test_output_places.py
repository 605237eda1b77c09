"""Outputs that cannot be written are refused before the work, not after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Command, refusal

COMMANDS = {
    "read": ["read", "missing.png", "--output", "file/out"],
    "evaluate": ["evaluate", "--data", "listing:missing.tsv", "--report", "file/out"],
    "layout": ["evaluate", "--task", "layout", "--data", "pages:missing", "--report", "file/out"],
    "compare": ["compare", "words", "words", "--data", "listing:missing.tsv", "--output", "file/worst.png"],
    "doctor": ["doctor", "listing:missing.tsv", "--report", "file/out"],
    "language": ["language", "missing.txt", "--language", "en", "--output", "file/en.lm"],
    "quantize": ["quantize", "words", "--calibration", "listing:missing.tsv", "--output", "file/words.zip"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_in_the_way_is_told_first(name: str, tmp_path: Path, command: Command) -> None:
    """Minutes of work would be lost: here each command would otherwise complain of its missing input."""
    (tmp_path / "file").write_text("in the way", "utf-8")
    told = refusal(command(*COMMANDS[name]))
    assert told.endswith("could not be written: file is a file"), told
