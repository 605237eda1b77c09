"""State of the runs while they train, from the logs that they write."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

LOG = "log.jsonl"
State = Literal["waiting", "running", "done", "failed", "refused", "stopped"]
MAX_MESSAGE = 300  # characters of the last message of a training


@dataclass
class Progress:
    """State of a run. device: where it trains. error: the lowest validation error so far, CER or error rate."""

    name: str
    state: State = "waiting"
    device: str = ""
    step: int = 0
    loss: float | None = None
    error: float | None = None
    message: str = ""
    began: float | None = None
    seconds: float = 0.0
    _offset: int = field(default=0, repr=False)

    def begin(self, device: str) -> None:
        """Note that the training began."""
        self.state, self.device, self.message, self.began = "running", device, "", time.monotonic()

    def end(self, state: State, message: str = "") -> None:
        """Note that the training ended."""
        self.seconds, self.state, self.message = self.elapsed(), state, message
        self.began = None

    def elapsed(self) -> float:
        """Return the seconds that this command has trained it."""
        return self.seconds + (time.monotonic() - self.began if self.began is not None else 0.0)

    def follow(self, folder: Path) -> None:
        """Read the entries that were added to the run's log."""
        try:
            with open(folder / LOG, "rb") as file:
                file.seek(self._offset)
                added = file.read()
        except OSError:
            return
        whole = added[: added.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):  # torn by a kill
                continue
            self.step = int(entry.get("step", self.step))
            self.loss = entry.get("loss", self.loss)
            error = entry.get("cer", entry.get("error_rate"))
            if entry.get("event") == "validation" and error is not None:
                self.error = error if self.error is None else min(self.error, error)


def last_message(log: Path) -> str:
    """Return the last line that a training printed, or an empty text."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            lines = file.read().decode("utf-8", "replace").replace("\r", "\n").splitlines()
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return said[-1].removeprefix("error: ")[:MAX_MESSAGE] if said else ""
