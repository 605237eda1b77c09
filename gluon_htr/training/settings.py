"""Settings of a preset's `[training]` table, and the request that a run records."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from ..errors import ConfigurationError
from ..images.augmentation_settings import Augmentation
from ..networks.character_configuration import CharacterPreset
from ..networks.configuration import Count, Preset
from .engines import OptimizerSettings
from .schedules import Schedule


class LoopSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[training]` that every preset has; the training loop follows them."""

    #: Samples per step.
    batch_size: Count = 64
    #: Passes over the data; a time budget may end the training earlier.
    epochs: Count = 30
    #: Minimum number of steps: with few samples, there are more epochs.
    least_steps: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: Decay per step of the exponential moving average of the weights; 0 scores the weights themselves.
    average: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.999
    #: Epochs without a better validation score after which a validation ends the training; 0 never ends it early.
    patience: Annotated[int, msgspec.Meta(ge=0)] = 0
    optimizer: OptimizerSettings = OptimizerSettings()
    schedule: Schedule = Schedule()


class TrainingSettings(LoopSettings, frozen=True, forbid_unknown_fields=True):
    """`[training]` of the preset of a recognizer; every key has a default."""

    augmentation: Augmentation = Augmentation()
    #: Share of the loss that a teacher has, if `train` is given one; the rest are the labels.
    teacher_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request of a training; with the preset it defines the run."""

    preset: str
    data: list[str]
    #: A spec; without one, a part of the training data is held out, of generated lines only if there are no others.
    validation: str | None = None
    seed: int = 0
    engine: Literal["mxnet", "torch"] = "mxnet"
    precision: Literal["float32", "bfloat16"] = "float32"
    device: str = "cpu"
    #: Worker processes that prepare batches.
    workers: int = 1
    #: Seconds after which training ends; the schedule is adapted to it.
    budget: float | None = None
    #: A bundle, a run or a folder with an exported pair and its alphabet, whose weights training starts from.
    init: str | None = None
    #: A bundle or a run that shows the network its posteriors: distillation.
    teacher: str | None = None
    #: Specs of characters whose labels are not used, for a preset with a generator.
    unlabeled: list[str] = []
    #: Training samples of each class at most.
    labels_per_class: Annotated[int, msgspec.Meta(ge=1)] | None = None
    #: Action for samples with characters outside the alphabet, or with too many for their time steps.
    unfit: Literal["skip", "refuse"] = "skip"


def training_settings(preset: Preset | CharacterPreset, where: str) -> TrainingSettings:
    """Check the `[training]` table. Raises `ConfigurationError` with file, key and expected type."""
    try:
        return msgspec.convert(preset.training, TrainingSettings)
    except msgspec.ValidationError as error:
        message = str(error).replace("`$.", "`training.").replace("`$`", "`training`")
        raise ConfigurationError(f"{where}: {message}") from None
