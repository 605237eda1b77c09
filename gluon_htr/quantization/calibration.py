"""Calibration images: real ones, by spec, preprocessed as on the board."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..datasets.loading import Track, load_data
from ..datasets.store import Store
from ..errors import DataError
from ..images.preprocessing import Preprocessing

IMAGES = 256  # of the 100 to 1000 that Vitis AI advises; more change no scale here


def read_images(
    specs: Sequence[str], preprocessing: Preprocessing, track: Track, max_images: int = IMAGES
) -> np.ndarray:
    """Load up to `max_images` images, evenly out of all: (N, H, W) uint8. Raises `DataError` if they cannot
    calibrate.
    """
    return checked(stacked(evenly(load_data(specs, preprocessing, track=track), max_images)), preprocessing)


def evenly(store: Store, max_images: int) -> Store:
    """Select up to `max_images` samples, evenly out of all."""
    return store.select(np.unique(np.linspace(0, len(store) - 1, max_images).astype(int)).tolist())


def stacked(store: Store) -> np.ndarray:
    """Stack all samples to (N, H, W) uint8. Raises `DataError` if they differ in size."""
    if len(np.unique(store.shapes, axis=0)) > 1:
        sizes = sorted({f"{height} x {width}" for height, width in store.shapes.tolist()})
        raise DataError(
            f"images differ in size ({', '.join(sizes[:3])} …); a DPU needs one fixed size: prepare them again"
            " with one --width"
        )
    return np.stack([store.image(k) for k in range(len(store))])


def checked(images: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """Return the images (N, H, W) uint8 if they can calibrate. Raises `DataError` otherwise."""
    if len(images) == 0:
        raise DataError("the calibration set is empty: give a spec with images")
    if images.shape[1:] != (preprocessing.height, preprocessing.width):
        given = " x ".join(map(str, images.shape[1:]))
        size = f"{preprocessing.height} x {preprocessing.width}"
        raise DataError(f"the calibration images are {given}, but the network takes {size} pixels")
    if not (images.reshape(len(images), -1).max(1) > images.reshape(len(images), -1).min(1)).any():
        raise DataError("every calibration image has one value only: give images that show writing")
    return images
