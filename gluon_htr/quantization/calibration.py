"""Images that scales are chosen on: real ones, by spec, prepared as the board will prepare them."""

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
    """(N, H, W) uint8, up to `max_images`, evenly out of all. Raises `DataError` where they can calibrate nothing."""
    return checked(stacked(evenly(load_data(specs, preprocessing, track=track), max_images)), preprocessing)


def evenly(store: Store, max_images: int) -> Store:
    """Up to `max_images` of the samples, evenly out of all."""
    return store.select(np.unique(np.linspace(0, len(store) - 1, max_images).astype(int)).tolist())


def stacked(store: Store) -> np.ndarray:
    """(N, H, W) uint8, all samples. Raises `DataError` where they differ in size."""
    if len(np.unique(store.shapes, axis=0)) > 1:
        sizes = sorted({f"{height} x {width}" for height, width in store.shapes.tolist()})
        raise DataError(
            f"the images are of several sizes ({', '.join(sizes[:3])} …), a DPU takes one: prepare them anew"
        )
    return np.stack([store.image(k) for k in range(len(store))])


def checked(images: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """Return the images, if they can calibrate. images: (N, H, W) uint8. Raises `DataError` otherwise."""
    if len(images) == 0:
        raise DataError("the calibration set is empty: name a spec that has images")
    if images.shape[1:] != (preprocessing.height, preprocessing.width):
        given = " x ".join(map(str, images.shape[1:]))
        size = f"{preprocessing.height} x {preprocessing.width}"
        raise DataError(f"the calibration images are of {given}, the network takes {size} pixels")
    if not (images.reshape(len(images), -1).max(1) > images.reshape(len(images), -1).min(1)).any():
        raise DataError("every calibration image has one value only: give images that show writing")
    return images
