"""Settings of the augmentation, apart from the code that applies them, which needs OpenCV."""

from __future__ import annotations

from typing import Annotated

import msgspec

Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
Amount = Annotated[float, msgspec.Meta(ge=0)]


class PaperSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Probability of each paper effect."""

    texture: Probability = 0.7
    rules: Probability = 0.25
    stains: Probability = 0.15
    bleed: Probability = 0.2
    neighbors: Probability = 0.35
    shadow: Probability = 0.5
    fade: Probability = 0.5
    blur: Probability = 0.5
    jpeg: Probability = 0.4
    inversion: Probability = 0.0


class Augmentation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[training.augmentation]`: each amount is drawn uniformly from minus to plus the value unless stated
    otherwise.
    """

    #: Proportion of images that are changed at all.
    share: Probability = 0.9
    #: Degrees.
    rotation: Amount = 2.0
    #: Horizontal shift per row: tangent of the slant.
    shear: Amount = 0.3
    #: Asymmetry of the slant: the shear is drawn from -shear (to the right) to shear * (1 - lean).
    lean: Probability = 0.0
    #: Factor on both sides, drawn from 1 - scale to 1 + scale / 2, since the image already fills the canvas.
    scale: Amount = 0.15
    #: Factor on the width alone, likewise.
    stretch: Amount = 0.15
    #: A further factor on both sides, drawn from 1 to 1 + zoom.
    zoom: Amount = 0.0
    #: Pixels to the side and up or down, as a share of the height.
    shift: Amount = 0.06
    #: Pixels: a line that would lose its ends when stretched or slanted gets wider by multiples of this number, which
    #: must be a multiple of a time step. 0 keeps the size, as boxes need it.
    widen: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: Height of elastic waves, as a share of the image's height.
    elastic: Amount = 0.035
    #: Proportion of lines that get a ruled line under their letters (`ruling.py`), on any paper.
    ruled: Probability = 0.0
    #: Proportion of images whose strokes become thicker or thinner.
    thickness: Probability = 0.3
    #: Change of contrast and brightness, as a share of the full range.
    contrast: Amount = 0.25
    #: Proportion of images that are blurred slightly.
    blur: Probability = 0.15
    #: Standard deviation of noise in gray levels, drawn from 0.
    noise: Amount = 8.0
    #: Proportion of images that are put on paper (`paper.py`), instead of contrast, blur and noise.
    paper: Probability = 0.0
    #: Effects on those.
    sheet: PaperSettings = PaperSettings()
