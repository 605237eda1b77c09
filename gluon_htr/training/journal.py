"""Log of a training: one JSON object per line in `log.jsonl`, and the same figures for TensorBoard."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from .._files import MAX_DATA
from .._storage import storage_error
from .._text_files import read_text, split_lines


class Journal:
    """A log of entries; if a resumed run logs a step again, the later entry counts."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "log.jsonl"
        self._board = _board(folder)

    def write(self, event: str, step: int, **figures: Any) -> None:
        """Append an entry. figures: numbers or words; numbers also go to TensorBoard under `event/…`."""
        entry = {"time": round(time.time(), 1), "event": event, "step": step, **figures}
        try:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            raise storage_error(self._path, error) from None
        for name, value in figures.items():
            if self._board is not None and isinstance(value, (int, float)):
                self._board.add_scalar(f"{event}/{name}", value, step)

    def close(self) -> None:
        """Flush the file of TensorBoard."""
        if self._board is not None:
            self._board.close()


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """Read all entries, ordered by step; of several for one event and step the last. A torn last line is left out."""
    entries = {}
    try:
        lines = split_lines(read_text(folder / "log.jsonl", MAX_DATA))
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        entries[entry["event"], entry["step"]] = entry
    return sorted(entries.values(), key=lambda entry: entry["step"])


def _board(folder: Path) -> Any:
    try:
        from tensorboard.summary import Writer
    except ImportError:  # optional: log.jsonl has everything
        return None
    return Writer(str(folder))
