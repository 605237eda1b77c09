"""Tables of a preset's TOML file, checked when they are read.

A preset describes one recognizer from image to classes, and its training. Every key is documented here, where it is
defined; unknown keys are errors.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from ..images.preprocessing import Preprocessing

Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Units = Annotated[int, Meta(ge=1, le=16_384)]  # of a layer: more would not fit into memory
Fraction = Annotated[float, Meta(ge=0.0, lt=1.0)]
Task = Literal["lines", "words", "characters", "layout"]
HeightWidth = tuple[Count, Count]  # (vertical, horizontal)


class Convolution(Struct, frozen=True, forbid_unknown_fields=True):
    """One stage of the featurizer, `[[network.featurizer]]`: convolution, ReLU, normalization, pooling."""

    channels: Units  # output channels
    kernel: HeightWidth = (3, 3)  # pixels; padded so that a stride of 1 keeps the size
    stride: HeightWidth = (1, 1)  # of the convolution
    norm: Literal["before", "after", "none"] = "before"  # batch norm before the ReLU (then without bias) or after it
    pool: HeightWidth | None = None  # max-pooling over windows of this size, at the end of the stage
    residual: bool = False  # the stage's input is added before the ReLU: needs equal channels and no stride
    dilation: HeightWidth = (1, 1)  # pixels between neighboring taps of the kernel
    dropout: Fraction = 0.0  # after the stage
    #: Padding above and below, too; without, a kernel as high as the map sees whole columns and leaves a single row.
    pad_height: bool = True


class Lstm(Struct, frozen=True, forbid_unknown_fields=True, tag="lstm", tag_field="kind"):
    """`[network.encoder] kind = "lstm"`: bidirectional LSTM layers over the time steps."""

    hidden: Units  # units of each direction
    layers: Count = 1
    dropout: Fraction = 0.0  # after every layer


class GatedConvolutions(Struct, frozen=True, forbid_unknown_fields=True, tag="convolutions", tag_field="kind"):
    """`[network.encoder] kind = "convolutions"`: gated convolutions along time, no recurrence (Dauphin et al. 2017)."""

    channels: Units  # of every layer; the first projects the features to them
    layers: Count = 4
    kernel: Count = 5  # time steps, odd
    dropout: Fraction = 0.0  # after every layer


class NoEncoder(Struct, frozen=True, forbid_unknown_fields=True, tag="none", tag_field="kind"):
    """`[network.encoder] kind = "none"`: the featurizer's columns go straight to the decoder.

    With stages that are dilated along the width nearly all work lies in front of `features`, where a DPU does it.
    """


Encoder = Lstm | GatedConvolutions | NoEncoder


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """`[network]`: featurizer (image to columns), encoder (columns to contexts); a dense decoder follows by itself."""

    featurizer: list[Convolution] | str  # stages in their order, or "gluoncv:NAME"
    encoder: Encoder
    columns: Count = 1  # neighboring columns of the feature map that make one time step
    dropout: Fraction = 0.0  # between featurizer and encoder
    stride: Count = 4  # with "gluoncv:NAME": where its stages are cut, image pixels to a column

    @property
    def step_width(self) -> int:
        """Image pixels per time step: the width of an input is a multiple of it."""
        if isinstance(self.featurizer, str):
            return self.stride * self.columns
        width = self.columns
        for stage in self.featurizer:
            width *= stage.stride[1] * (stage.pool[1] if stage.pool else 1)
        return width


class Preset(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole preset file."""

    description: str  # one line, shown by `gluon-htr presets`
    preprocessing: Preprocessing  # documented there
    network: Network
    training: dict[str, Any] = field(default_factory=dict)  # checked by the package training
    task: Task | None = None  # default: words where images are fitted into a box, lines otherwise

    @property
    def resolved_task(self) -> Task:
        """The task; by default that of the preprocessing."""
        return self.task or ("words" if self.preprocessing.mode == "box" else "lines")

    @property
    def nominal_size(self) -> tuple[int, int]:
        """(height, width) in pixels of a typical input: the box, or a line fifteen times as wide as high."""
        shape = self.preprocessing
        if shape.mode == "box":
            return shape.height, shape.width
        return shape.height, max(1, 15 * shape.height // shape.width_multiple) * shape.width_multiple
