"""Files of a run: their names, and the parts that readers need. `training/runs.py` has the rest."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from .._json import convert
from .._text_files import read_text
from ..errors import CheckpointError
from ..graphs.pair import PARAMETERS, SYMBOL
from ..images.preprocessing import Preprocessing
from ..text.alphabet import ALPHABET, Alphabet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "ALPHABET", "PARAMETERS", "RUN", "SCORES", "SYMBOL",
    "has_weights", "is_run", "read_alphabet", "read_preprocessing", "task_of", "tells_real",
]  # fmt: skip

RUN, SCORES = "run.toml", "scores.json"


def is_run(folder: Path) -> bool:
    """Test whether a folder is that of a run."""
    return (folder / RUN).is_file()


def has_weights(folder: Path) -> bool:
    """Test whether a run has weights to read with: they are written after the first validation."""
    return (folder / PARAMETERS).is_file()


def read_alphabet(folder: Path) -> Alphabet:
    """Read the alphabet of a run or of an exported pair. Raises `AlphabetError`."""
    return Alphabet.load(folder / ALPHABET)


def task_of(folder: Path) -> str | None:
    """Return the task that the preset of a run names; None if it names none, or if the folder is not a run."""
    task = _table(folder, "preset").get("task")
    return task if isinstance(task, str) else None


def tells_real(folder: Path) -> bool:
    """Test whether the network of a run also learned to tell characters from other pictures."""
    return bool(_table(folder, "request").get("unlabeled"))


def _table(folder: Path, name: str) -> dict[str, Any]:
    try:
        found = tomllib.loads(read_text(folder / RUN)).get(name)
    except (OSError, tomllib.TOMLDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def read_preprocessing(folder: Path) -> Preprocessing:
    """Read the preprocessing of a run. Raises `CheckpointError` if its `run.toml` is damaged."""
    file = folder / RUN
    try:
        content: dict[str, Any] = tomllib.loads(read_text(file))
        return convert(content["preset"]["preprocessing"], Preprocessing)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, msgspec.ValidationError) as error:
        raise CheckpointError(f"{file} is damaged: {error}") from None
