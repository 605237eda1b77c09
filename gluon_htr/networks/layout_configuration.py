"""Tables of a preset of the task `layout`: a network that labels the pixels of pages, and its training.

Every key is documented here, where it is defined; unknown keys are errors.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from ..pages.detection.classes import CLASSES, Classes
from .configuration import Count, Fraction, Units


class Level(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[network.levels]]`: a convolution of stride 2, then residual convolutions at that resolution."""

    channels: Units
    dilations: tuple[Count, ...] = ()  # of the residual convolutions, one each


class UNet(Struct, frozen=True, forbid_unknown_fields=True, tag="unet", tag_field="kind"):
    """`[network] kind = "unet"`: levels of falling resolution, joined again on the way up (Ronneberger et al. 2015).

    The levels are added, not concatenated, as in LinkNet (Chaurasia and Culurciello 2017): half the work. Its output
    has half of the input's resolution.
    """

    levels: Annotated[list[Level], Meta(min_length=2)]  # the first is the stem, with a kernel of 5
    dropout: Fraction = 0.0  # after the last level

    @property
    def stride(self) -> int:
        """Pixels of the page per pixel of the output."""
        return 2

    @property
    def multiple(self) -> int:
        """Sides of an input are multiples of this number of pixels."""
        return 2 ** len(self.levels)


class Fcn(Struct, frozen=True, forbid_unknown_fields=True, tag="fcn", tag_field="kind"):
    """`[network] kind = "fcn"`: residual, dilated convolutions without pooling (Yu and Koltun 2016)."""

    channels: Units
    dilations: Annotated[list[Count], Meta(min_length=1)]  # of the residual convolutions, one each
    dropout: Fraction = 0.0  # after the last one

    @property
    def stride(self) -> int:
        """Pixels of the page per pixel of the output."""
        return 1

    @property
    def multiple(self) -> int:
        """Sides of an input are multiples of this number of pixels."""
        return 1


class LayoutPreset(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole preset file of the task `layout`."""

    description: str  # one line, shown by `gluon-htr presets`
    task: Literal["layout"]
    max_side: Annotated[int, Meta(ge=64, le=8192)]  # pixels: a page is scaled so that its longer side has this size
    classes: Classes
    network: UNet | Fcn
    training: dict[str, Any] = field(default_factory=dict)  # checked by the package training

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the network's outputs."""
        return CLASSES[self.classes]
