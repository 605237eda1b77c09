"""Settings of the `[training]` table of a preset of the task `layout`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ...errors import ConfigurationError
from ...images.augmentation_settings import Amount, Probability
from ...networks.configuration import Count
from ...networks.layout_configuration import LayoutPreset
from ..settings import LoopSettings


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
    #: Proportion of pages that are mirrored. By default none: mirrored writing is that of the other side of the sheet.
    mirror: Probability = 0.0
    #: Proportion of pages through which the other side of the sheet shows, mirrored and faint.
    bleed: Probability = 0.3
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


class LayoutSettings(LoopSettings, frozen=True, forbid_unknown_fields=True):
    """`[training]` of a layout preset; every key has a default. A sample is a crop of a page."""

    batch_size: Count = 4
    epochs: Count = 40
    average: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.998
    #: Side of a crop in pixels of the scaled page.
    crop: Annotated[int, msgspec.Meta(ge=64, multiple_of=64)] = 512
    augmentation: PageAugmentation = PageAugmentation()


def layout_settings(preset: LayoutPreset, where: str) -> LayoutSettings:
    """Check the `[training]` table. Raises `ConfigurationError` with file, key and expected type."""
    try:
        return msgspec.convert(preset.training, LayoutSettings)
    except msgspec.ValidationError as error:
        message = str(error).replace("`$.", "`training.").replace("`$`", "`training`")
        raise ConfigurationError(f"{where}: {message}") from None
