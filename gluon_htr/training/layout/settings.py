"""Settings of the `[training]` table of a preset of the task `layout`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ...errors import ConfigurationError
from ...images.augmentation_settings import Amount, Probability
from ...networks.configuration import Count
from ...networks.layout_configuration import LayoutPreset
from ..engines import OptimizerSettings
from ..schedules import Schedule


class PageAugmentation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[training.augmentation]`: each amount is drawn uniformly from minus to plus the value unless stated
    otherwise.
    """

    #: Degrees.
    rotation: Amount = 4.0
    #: Logarithm of the factor on both sides.
    scale: Amount = 0.35
    #: Logarithm of the factor on the height alone.
    stretch: Amount = 0.15
    #: Height of waves, as a share of the crop's side: drawn from 0.
    waves: Amount = 0.012
    #: Proportion of pages that are mirrored.
    mirror: Probability = 0.2
    #: Change of contrast and of brightness, as a share of the full range.
    contrast: Amount = 0.4
    #: Proportion of pages with a shadow over a part of them.
    shadow: Probability = 0.3
    #: Proportion of pages that are blurred.
    blur: Probability = 0.3
    #: Standard deviation of noise in gray levels, drawn from 0.
    noise: Amount = 12.0
    #: Proportion of pages that become black and white.
    binary: Probability = 0.08


class LayoutSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[training]` of a layout preset; every key has a default."""

    #: Crops per step.
    batch_size: Count = 4
    #: Side of a crop in pixels of the scaled page.
    crop: Annotated[int, msgspec.Meta(ge=64, multiple_of=64)] = 512
    #: Passes over the pages; a time budget may end the training earlier.
    epochs: Count = 40
    #: Minimum number of steps: with few pages, there are more epochs.
    least_steps: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: Decay per step of the exponential moving average of the weights; 0 scores the weights themselves.
    average: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.998
    #: Epochs without a better score after which a validation ends the training; 0 never ends it early.
    patience: Annotated[int, msgspec.Meta(ge=0)] = 0
    optimizer: OptimizerSettings = OptimizerSettings()
    schedule: Schedule = Schedule()
    augmentation: PageAugmentation = PageAugmentation()


def layout_settings(preset: LayoutPreset, where: str) -> LayoutSettings:
    """Check the `[training]` table. Raises `ConfigurationError` with file, key and expected type."""
    try:
        return msgspec.convert(preset.training, LayoutSettings)
    except msgspec.ValidationError as error:
        message = str(error).replace("`$.", "`training.").replace("`$`", "`training`")
        raise ConfigurationError(f"{where}: {message}") from None
