"""The live table on a terminal, and its lines elsewhere."""

from __future__ import annotations

import io
import os

import pytest

from gluon_htr._progress import Table


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_rows_are_redrawn_in_place_and_never_scroll(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is higher than the terminal would fill it with copies of itself."""
    monkeypatch.setattr("shutil.get_terminal_size", lambda fallback: os.terminal_size((80, 12)))
    monkeypatch.setattr("sys.stderr", terminal := _Terminal())
    with Table() as table:
        table.show([f"row {k}" for k in range(30)], [])
        assert terminal.getvalue().count("\n") == 10
        assert "… and 21 more" in terminal.getvalue()
        terminal.truncate(0)
        table.note("a: done")
        table.show(["row 1"], [])
    assert terminal.getvalue().lstrip("\0") == "\x1b[10F\x1b[2Krow 1\n\x1b[J"


def test_a_log_gets_changes_but_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A log of CI would have five tables a second."""
    with Table() as table:
        for _ in range(3):
            table.show(["row 1"], ["a: running"])
        table.note("a: done")
    assert capsys.readouterr().err == "a: done\n"
