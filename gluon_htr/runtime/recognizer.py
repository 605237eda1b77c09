"""Images in, texts out: batches by width, decoding, confidences and positions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np
from PIL import Image

from ..decoding.decoder import Decoded, Decoder
from ..decoding.greedy import GREEDY
from ..errors import ImageError, ModelError
from ..images.decoding import ImageLike, decode
from ..images.framing import ink_bounds
from ..images.polarity import dark_on_light
from ..images.preprocessing import Placement, Preprocessing, fit, place
from ..text.alphabet import Alphabet
from .backends import LogitsFunction

WINDOW = 8  # batches that are looked at together, to find images of the same width
WINDOW_BYTES = 64 << 20  # of given images: a window ends sooner where they are large


@dataclass(frozen=True)
class Character:
    """One character read; `left` and `right` are pixels of the given image, `confidence` is in 0..1."""

    text: str
    confidence: float
    left: float
    right: float


@dataclass(frozen=True)
class Recognition:
    """A text as read; `confidence`, in 0..1, is the product of those of its characters, and 1 where nothing is read."""

    text: str
    confidence: float
    characters: tuple[Character, ...]


@dataclass(frozen=True)
class _Fitted:
    """An image ready for the network, and how it got there: its columns from `left` on, `width` of them, in pixels."""

    source: ImageLike
    pixels: np.ndarray
    placement: Placement
    left: int
    width: int


class Recognizer:
    """Reads images with a trained network. Safe to share between threads: it holds no state.

    temperature: what logits are divided by before they become confidences (Guo et al. 2017); no text depends on it.
    """

    def __init__(
        self,
        network: LogitsFunction,
        alphabet: Alphabet,
        preprocessing: Preprocessing,
        name: str,
        temperature: float = 1.0,
        decoder: Decoder = GREEDY,
    ) -> None:
        self.network, self.alphabet, self.preprocessing, self.name = network, alphabet, preprocessing, name
        self.temperature, self.decoder = temperature, decoder

    def read(self, image: ImageLike, whole: bool = False) -> Recognition:
        """Read one image: a path, bytes, an array or a Pillow image. Raises `ImageError` where it is none.

        whole: no paper around a line is cut away, however much there is.
        """
        fitted = self._fit(image, whole)
        return self._recognize([fitted])[0]

    def stream(
        self,
        images: Iterable[ImageLike],
        batch_size: int = 16,
        failed: Callable[[ImageLike, ImageError], object] | None = None,
    ) -> Iterator[tuple[ImageLike, Recognition]]:
        """Read any number of images, endless streams too, in bounded memory; yields (image, recognition) in order.

        failed: told of an image that cannot be read, which is then left out; without it the `ImageError` is raised.
        """
        for window in _windows(images, WINDOW * batch_size):
            fitted = [f for image in window if (f := self._try_fit(image, failed)) is not None]
            yield from self._read_window(fitted, batch_size)

    def _read_window(self, fitted: list[_Fitted], batch_size: int) -> Iterator[tuple[ImageLike, Recognition]]:
        """Only images of one width share a batch, so that no text depends on its neighbors."""
        results: dict[int, Recognition] = {}
        order = sorted(range(len(fitted)), key=lambda k: fitted[k].pixels.shape[1])
        while order:
            width = fitted[order[0]].pixels.shape[1]
            batch = [k for k in order[:batch_size] if fitted[k].pixels.shape[1] == width]
            order = order[len(batch) :]
            results.update(zip(batch, self._recognize([fitted[k] for k in batch])))
        return ((fitted[k].source, results[k]) for k in range(len(fitted)))

    def _fit(self, image: ImageLike, whole: bool = False) -> _Fitted:
        gray = dark_on_light(decode(image))
        rows, columns = (slice(0, side) for side in gray.shape) if whole else ink_bounds(gray)
        line = gray[rows, columns]
        height, width = line.shape
        where = place(height, width, self.preprocessing)
        return _Fitted(image, fit(line, self.preprocessing), where, columns.start, width)

    def _try_fit(self, image: ImageLike, failed: Callable[[ImageLike, ImageError], object] | None) -> _Fitted | None:
        try:
            return self._fit(image)
        except ImageError as error:
            if failed is None:
                raise
            failed(image, error)
            return None

    def _recognize(self, fitted: list[_Fitted]) -> list[Recognition]:
        logits = self.network(np.stack([f.pixels for f in fitted]))
        if logits.ndim != 3 or not logits.size or logits.shape[::2] != (len(fitted), self.alphabet.classes):
            raise ModelError(
                f"{self.name} gives logits of {logits.shape} for {len(fitted)} images and an alphabet of "
                f"{len(self.alphabet)}: network and alphabet do not belong together"
            )
        if not isfinite(logits.max()):
            raise ModelError(f"{self.name} computes what is no number: its weights are damaged")
        decoded = self.decoder.decode(logits, self.alphabet, self.temperature)
        return [self._placed(line, logits.shape[1], f) for line, f in zip(decoded, fitted)]

    def _placed(self, decoded: Decoded, steps: int, fitted: _Fitted) -> Recognition:
        """Return a decoded line with its characters' places in the given image."""
        where, step = fitted.placement, fitted.pixels.shape[1] / steps
        back = fitted.width / where.width

        def place_of(edge: int) -> float:
            return fitted.left + min(max((edge * step - where.left) * back, 0.0), float(fitted.width))

        path = decoded.spans
        ordered = self.alphabet.ordered([span.index for span in path])
        characters = tuple(
            Character(text, path[k].confidence, place_of(path[k].start), place_of(path[k].end)) for k, text in ordered
        )
        return Recognition("".join(c.text for c in characters), decoded.confidence, characters)


def _windows(images: Iterable[ImageLike], max_images: int) -> Iterator[list[ImageLike]]:
    """Run of at most `max_images` images, or of `WINDOW_BYTES` and one more."""
    window: list[ImageLike] = []
    size = 0
    for image in images:
        window.append(image)
        size += _bytes(image)
        if len(window) == max_images or size >= WINDOW_BYTES:
            yield window
            window, size = [], 0
    if window:
        yield window


def _bytes(image: ImageLike) -> int:
    if isinstance(image, np.ndarray):
        return image.nbytes
    if isinstance(image, Image.Image):
        return image.width * image.height * len(image.getbands())
    return len(image) if isinstance(image, bytes) else 0
