"""The log of a training."""

from __future__ import annotations

from pathlib import Path

from gluon_htr.training.journal import Journal, read_journal


def test_a_resumed_log_has_each_step_once_and_survives_a_torn_line(tmp_path: Path) -> None:
    """Curves would run backwards after a resume, or not be drawn at all after a crash."""
    journal = Journal(tmp_path)
    for step, loss in ((50, 3.0), (100, 2.0), (100, 1.5), (150, 1.0)):
        journal.write("train", step, loss=loss)
    journal.close()
    with open(tmp_path / "log.jsonl", "a") as file:
        file.write('{"event": "tra')
    assert [(entry["step"], entry["loss"]) for entry in read_journal(tmp_path)] == [(50, 3.0), (100, 1.5), (150, 1.0)]
