"""What a preset's `[training]` table may say, and what a run remembers of how it was asked for."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from ..errors import ConfigurationError
from ..images.augmentation_settings import Augmentation
from ..networks.configuration import Count, Preset
from .engines import OptimizerSettings
from .schedules import Schedule


class TrainingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[training]` of a preset; every key has a default."""

    #: Samples a step.
    batch_size: Count = 64
    #: Passes over the data; a time budget may end training before.
    epochs: Count = 30
    #: Steps, at least: few samples are passed over more often.
    least_steps: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: Decay of the exponential moving average of the weights, a step; 0 scores the weights themselves.
    average: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.999
    #: Epochs without a better validation CER after which a validation ends the training; 0 never ends it early.
    patience: Annotated[int, msgspec.Meta(ge=0)] = 0
    optimizer: OptimizerSettings = OptimizerSettings()
    schedule: Schedule = Schedule()
    augmentation: Augmentation = Augmentation()


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a run was asked for; with the preset it makes the run."""

    preset: str
    data: list[str]
    #: A spec; without one, a part of the training data is held out, of generated lines only where there are no others.
    validation: str | None = None
    seed: int = 0
    engine: Literal["mxnet", "torch"] = "mxnet"
    precision: Literal["float32", "bfloat16"] = "float32"
    device: str = "cpu"
    #: Worker processes that prepare batches.
    workers: int = 1
    #: Seconds after which training ends; the schedule is stretched or shortened to fit.
    budget: float | None = None
    #: A bundle, a run or a folder with an exported pair and its alphabet, whose weights training starts from.
    init: str | None = None
    #: What happens to a sample with characters outside the alphabet, or with too many for its time steps.
    unfit: Literal["skip", "refuse"] = "skip"


def training_settings(preset: Preset, where: str) -> TrainingSettings:
    """Return the checked `[training]` table. Raises `ConfigurationError` with file, key and expected type."""
    try:
        return msgspec.convert(preset.training, TrainingSettings)
    except msgspec.ValidationError as error:
        message = str(error).replace("`$.", "`training.").replace("`$`", "`training`")
        raise ConfigurationError(f"{where}: {message}") from None
