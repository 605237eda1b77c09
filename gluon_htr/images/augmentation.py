"""Random but repeatable changes to a preprocessed image, for training only.

First a ruled line is drawn, then geometry (rotation, shear, scale, shift, elastic waves) is applied as one remapping,
then stroke thickness, contrast, blur and noise. Everything is drawn from the generator that is passed in: the same
generator state gives the same image in every process. Needs OpenCV, which readers of a trained model never need.

The family of changes follows Puigcerver 2017 (affine and gray-scale morphology) and Wigington et al. 2017 (elastic
grids).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .augmentation_settings import Augmentation
from .paper import on_paper
from .ruling import write_on_rule

cv2.setNumThreads(1)  # parallelism comes from worker processes


def augment(image: np.ndarray, settings: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Return a changed copy of `image`: (H, W) uint8 in, the same shape out, or a wider one with `settings.widen`."""
    if random.random() >= settings.share:
        return image.copy()
    paper = int(image[0, 0])
    if settings.ruled and random.random() < settings.ruled:
        image = write_on_rule(image, random)
    changed = _move(image, paper, settings, random)
    changed = _thicken(changed, settings, random)
    if settings.paper and random.random() < settings.paper:
        return on_paper(changed, settings.sheet, random)
    return _shade(changed, settings, random)


def _move(image: np.ndarray, paper: int, settings: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Apply all geometry as one backward map; pixels from beyond the image are `paper`."""
    height, width = image.shape
    affine = _Affine.draw(height, width, settings, random)
    wider = affine.wider(height, width, settings.widen) if settings.widen else width
    x, y = affine.sources(height, width, wider)
    if settings.elastic > 0:
        x += _waves(height, wider, settings.elastic * height, random)
        y += _waves(height, wider, settings.elastic * height, random)
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(paper,))


@dataclass(frozen=True)
class _Affine:
    """An affine map. angle: radians. shear: tangent. wide, high: factors. right, down: pixels."""

    angle: float
    shear: float
    wide: float
    high: float
    right: float
    down: float

    @classmethod
    def draw(cls, height: int, width: int, settings: Augmentation, random: np.random.Generator) -> _Affine:
        angle = np.deg2rad(random.uniform(-1, 1) * settings.rotation) * min(1.0, 4 * height / width)  # long: rises less
        shear = random.uniform(-1, 1 - settings.lean) * settings.shear
        scale = random.uniform(1 - settings.scale, 1 + settings.scale / 2)
        stretch = random.uniform(1 - settings.stretch, 1 + settings.stretch / 2)
        right, down = random.uniform(-1, 1, 2) * settings.shift * height
        if settings.zoom:  # drawn last, so that trainings without it stay as they were
            scale *= random.uniform(1, 1 + settings.zoom)
        return cls(angle, shear, scale * stretch, scale, right, down)

    def wider(self, height: int, width: int, multiple: int) -> int:
        """Return the width in pixels that holds the whole line: `width` plus a multiple of `multiple`."""
        needed = self.wide * width + abs(self.shear) * height
        return width + max(0, -int((width - needed) // multiple)) * multiple

    def sources(self, height: int, width: int, wider: int) -> tuple[np.ndarray, np.ndarray]:
        """Compute the source coordinates x and y, (height, wider) each, of every target pixel, in an image of `width`.
        The center stays in the center.
        """
        # forward = rotation · shear · scales; its inverse is written out, since numpy's starts threads for four numbers
        sine, cosine = np.sin(self.angle), np.cos(self.angle)
        across = np.array(
            [(cosine + self.shear * sine) / self.wide, (sine - self.shear * cosine) / self.wide], np.float32
        )
        along = np.array([-sine / self.high, cosine / self.high], np.float32)
        columns = np.arange(wider, dtype=np.float32)[None, :] - np.float32(wider / 2 + self.right)
        rows = np.arange(height, dtype=np.float32)[:, None] - np.float32(height / 2 + self.down)
        x = across[0] * columns + across[1] * rows + np.float32(width / 2)
        y = along[0] * columns + along[1] * rows + np.float32(height / 2)
        return x, y


def _waves(height: int, width: int, amplitude: float, random: np.random.Generator) -> np.ndarray:
    """Draw a smooth displacement in pixels (H, W): random values on a grid of half the height, interpolated by
    cubics.
    """
    grid = random.uniform(-amplitude, amplitude, (4, max(4, 2 * width // height + 2))).astype(np.float32)
    return cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)


def _thicken(image: np.ndarray, settings: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Blend with the darkest or lightest of the neighbors: strokes grow or shrink by part of a pixel."""
    if random.random() >= settings.thickness:
        return image
    kernel = np.ones((3, 3), np.uint8) if random.random() < 0.5 else np.ones((2, 2), np.uint8)
    thick = random.random() < 0.5
    other = cv2.erode(image, kernel) if thick else cv2.dilate(image, kernel)
    weight = random.uniform(0.2, 1.0 if thick else 0.6)  # thin strokes would vanish
    return cv2.addWeighted(image, 1 - weight, other, weight, 0)


def _shade(image: np.ndarray, settings: Augmentation, random: np.random.Generator) -> np.ndarray:
    if random.random() < settings.blur:
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.4, 1.0))
    factor = 1 - settings.contrast * random.uniform(-0.5, 1)
    offset = settings.contrast * random.uniform(-0.3, 0.3) * 255
    gray = image.astype(np.float32)
    gray = 255 - (255 - gray) * np.float32(factor) + np.float32(min(0.0, offset))
    deviation = random.uniform(0, settings.noise)
    if deviation > 1:
        gray += random.standard_normal(gray.shape, dtype=np.float32) * np.float32(deviation)
    return np.clip(gray, 0, 255).astype(np.uint8)
