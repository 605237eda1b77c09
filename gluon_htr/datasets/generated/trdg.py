"""Texts drawn by TextRecognitionDataGenerator (package `trdg`), which many trainings for scene text have used.

Its last release, 1.8.0, calls two names that Pillow 10 removed. They are restored, here alone, before the import. It
draws noise, quasicrystals or white behind the text, skew, blur and waves, all seeded.
"""

from __future__ import annotations

import contextlib
import io
import random
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageFont

from ...errors import ImageError, MissingToolError, UsageError
from ...images.decoding import decode
from ...synthesis.fonts.layout import DEFAULT_RENDERING
from ...synthesis.fonts.shaping import needs_shaping
from ..sample import Sample
from .drawings import OutlineText, Seed


@dataclass(frozen=True)
class TrdgText:
    """A text in a font file that trdg draws when called. Can be pickled."""

    text: str
    path: str
    seed: Seed

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8 gray. Raises `ImageError`, or `MissingToolError` without trdg."""
        generator = load_trdg()
        chosen = _seeded(self.seed)
        try:
            images = generator(
                [self.text],
                count=1,
                fonts=[self.path],
                size=int(chosen.integers(40, 97)),
                skewing_angle=2,
                random_skew=True,
                blur=1,
                random_blur=True,
                background_type=int(chosen.integers(3)),
                distorsion_type=int(chosen.integers(3)),
                distorsion_orientation=2,
                character_spacing=int(chosen.integers(4)),
                space_width=float(chosen.uniform(0.7, 1.6)),
                text_color="#{0:02x}{0:02x}{0:02x}".format(int(chosen.integers(90))),
            )
            return decode(next(images)[0])
        except (ValueError, OSError, IndexError, AttributeError, TypeError, ZeroDivisionError) as error:
            raise ImageError(f"{self.text!r} in {self.path}: trdg stopped: {error}") from None


def by_trdg(sample: Sample) -> Sample:
    """Return the sample with the same text in the same font, drawn by trdg.

    Raises `UsageError` if the sample is not of `fonts:FOLDER`, or needs what trdg cannot do: it draws each letter
    alone, one behind the other from left to right.
    """
    if not isinstance(sample.image, OutlineText):
        raise UsageError("--engine trdg draws texts in fonts that are files: give fonts:FOLDER")
    drawn = sample.image
    if needs_shaping(drawn.text):
        raise UsageError(f"--engine trdg would draw {drawn.text!r} in the wrong order or shape: leave --engine out")
    if drawn.rendering != DEFAULT_RENDERING:
        raise UsageError(
            "--engine trdg has its own skew, spacing, margin and blur, and no small capitals: leave them or it out"
        )
    return replace(sample, image=TrdgText(drawn.text, drawn.face.path, drawn.seed))


@cache
def load_trdg() -> Any:
    """Import trdg's `GeneratorFromStrings`. Raises `MissingToolError`."""
    with contextlib.redirect_stdout(io.StringIO()):  # it prints missing packages of other tasks
        try:
            _restore_pillow()
            from trdg.generators import GeneratorFromStrings
        except ImportError as error:
            raise MissingToolError(
                f"--engine trdg needs the package trdg ({error}): pip install trdg, in an environment of its own, "
                "or leave --engine out"
            ) from None
    return GeneratorFromStrings


def _restore_pillow() -> None:
    if not hasattr(Image, "ANTIALIAS"):
        Image.ANTIALIAS = Image.Resampling.LANCZOS  # type: ignore[attr-defined]
    if not hasattr(ImageFont.FreeTypeFont, "getsize"):
        ImageFont.FreeTypeFont.getsize = lambda font, text: font.getbbox(text)[2:]  # type: ignore[attr-defined]


def _seeded(seed: Seed) -> np.random.Generator:
    """Return a new generator, after seeding the three that trdg draws from."""
    import cv2

    chosen = np.random.default_rng(seed)
    random.seed(int(chosen.integers(1 << 31)))
    np.random.seed(int(chosen.integers(1 << 31)))
    cv2.setRNGSeed(int(chosen.integers(1 << 31)))
    return chosen
