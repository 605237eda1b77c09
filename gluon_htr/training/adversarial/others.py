"""Pictures that are no characters: noise, parts of characters, and two characters beside each other."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ...images.preprocessing import Preprocessing, fit

COARSEST = 8  # pixels of a grain of noise, at most


def make_others(
    characters: np.ndarray, count: int, preprocessing: Preprocessing, random: np.random.Generator
) -> np.ndarray:
    """Make pictures (count, H, W) uint8 out of characters (N, H, W) uint8; both are preprocessed."""
    kinds = (noise, half, pair)
    made = [kinds[random.integers(len(kinds))](characters, random) for _ in range(count)]
    return np.stack([fit(picture, preprocessing) for picture in made]) if made else characters[:0]


def noise(characters: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw noise of the size of a character, of fine or coarse grain, dense or sparse."""
    height, width = characters.shape[1:]
    grain = int(random.integers(1, COARSEST + 1))
    rows, columns = (max(2, side // grain) for side in (height, width))
    values = np.clip(random.normal(random.uniform(100, 250), random.uniform(20, 120), (rows, columns)), 0, 255)
    return np.asarray(Image.fromarray(values.astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR))


def half(characters: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Cut a character in the middle of its height or width, and return a part."""
    chosen = characters[random.integers(len(characters))]
    rows, columns = (side // 2 for side in chosen.shape)
    parts = (chosen[:rows], chosen[rows:], chosen[:, :columns], chosen[:, columns:])
    return parts[random.integers(len(parts))]


def pair(characters: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Put two characters beside each other."""
    left, right = random.integers(len(characters), size=2)
    return np.hstack([characters[left], characters[right]])
