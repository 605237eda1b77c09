"""Defaults of a training without options: IAM in its usual place, packed once, and a folder for the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ..datasets.iam.place import IAM, check_iam
from ..datasets.loading import Track, untracked
from ..datasets.packing import pack
from ..errors import UsageError
from ..networks.presets import load_reading_preset
from .engines import fastest_precision
from .run_files import read_request

PACKED = Path("runs/packed")
KINDS = {"words": "iam-words", "lines": "iam-lines"}  # by task of the preset


def default_output(preset: str) -> Path:
    """Return the folder of a run of a preset: `runs/words`."""
    return Path("runs") / Path(preset).stem


def default_data(
    preset: str, track: Track = untracked, say: Callable[[str], object] = lambda message: None
) -> tuple[str, str]:
    """Return the specs of IAM's training and validation data, packed for a preset under `runs/packed`.

    The split is that of Aachen. Data are packed once, and again if the data or the preset have changed. Raises
    `UsageError` if the preset is for another task, or IAM does not exist.
    """
    settings = load_reading_preset(preset)
    kind = KINDS.get(settings.resolved_task)
    if kind is None:
        raise UsageError(f"{preset} is not trained on IAM: name the training data with --data")
    check_iam(kind, "train on")
    found = []
    for split in ("train", "validation"):
        spec = f"{kind}:{IAM}?split={split}"
        output = PACKED / f"{kind}-{split}-{Path(preset).stem}.rec"
        say(f"{split}: {spec}, packed in {output}")
        pack(spec, output, settings.preprocessing, track=track)
        found.append(f"records:{output}")
    return found[0], found[1]


def training_precision(
    asked: Literal["float32", "bfloat16", "auto"], engine: Literal["mxnet", "torch"], device: str, resumed: Path | None
) -> Literal["float32", "bfloat16"]:
    """Resolve `auto`: the precision of the resumed run, or else the fastest one here."""
    if asked != "auto":
        return asked
    return read_request(resumed).precision if resumed else fastest_precision(engine, device)
