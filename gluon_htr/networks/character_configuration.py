"""Tables of a preset of the task `characters`: a network that classifies single characters, and its training.

Every key is documented here, where it is defined; unknown keys are errors.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from ..images.preprocessing import Preprocessing
from .configuration import Convolution, Count, Fraction, Units


class Mlp(Struct, frozen=True, forbid_unknown_fields=True, tag="mlp", tag_field="kind"):
    """`[network] kind = "mlp"`: dense layers with ReLUs on the pixels; a dense decoder follows by itself."""

    hidden: Units  # units of every layer
    layers: Count = 2
    dropout: Fraction = 0.0  # after every layer


class ConvolutionalClassifier(Struct, frozen=True, forbid_unknown_fields=True, tag="cnn", tag_field="kind"):
    """`[network] kind = "cnn"`: convolutional stages, and a head on their feature map; a dense decoder follows by
    itself.
    """

    stages: Annotated[list[Convolution], Meta(min_length=1)]  # in their order
    #: `mean`: each channel's mean over the map (Lin et al. 2014); `flat`: all of the map, as in LeNet.
    pooling: Literal["mean", "flat"] = "mean"
    dense: tuple[Units, ...] = ()  # units of dense layers with ReLUs between the map and the decoder
    dropout: Fraction = 0.0  # before each dense layer, and before the decoder


CharacterNetwork = Mlp | ConvolutionalClassifier


class Generator(Struct, frozen=True, forbid_unknown_fields=True):
    """`[generator]`: draws characters that the network learns to tell from real ones, if `train` has `--unlabeled` data
    (Salimans et al. 2016).
    """

    latent: Units = 100  # numbers that a character is drawn from
    #: Of the feature maps, from the smallest on; the sides are doubled from each to the next, and to the image.
    channels: Annotated[tuple[Units, ...], Meta(min_length=1, max_length=8)] = (128, 64, 32)
    weight: Annotated[float, Meta(gt=0, le=100)] = 1.0  # of telling real from generated, beside telling classes apart
    rate: Annotated[float, Meta(gt=0, le=100)] = 1.0  # learning rate of the generator by that of the network
    #: Of reading in an augmented unlabeled character what is read in it as it is (Xie et al. 2020).
    agreement: Annotated[float, Meta(ge=0, le=100)] = 1.0
    batch_size: Count = 32  # unlabeled characters of a step, and generated ones
    #: First steps, with labeled characters alone: they are fast, and there is no use in guessing before.
    alone: Annotated[int, Meta(ge=0)] = 0
    #: Pictures that are no characters, as a share of the generated ones: noise, parts of characters, two of them.
    others: Fraction = 0.25


class CharacterPreset(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole preset file of the task `characters`."""

    description: str  # one line, shown by `gluon-htr presets`
    task: Literal["characters"]
    preprocessing: Preprocessing  # documented there; its rule is `character`
    network: Mlp | ConvolutionalClassifier
    training: dict[str, Any] = field(default_factory=dict)  # checked by the package training
    generator: Generator | None = None  # only used with unlabeled data

    @property
    def resolved_task(self) -> Literal["characters"]:
        """The task, as of presets that need not name it."""
        return self.task

    @property
    def nominal_size(self) -> tuple[int, int]:
        """(height, width) in pixels of every input."""
        return self.preprocessing.height, self.preprocessing.width
