"""Recognition of images: batches by width, decoding, confidences and positions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np
from PIL import Image

from ..decoding.decoder import Decoded, Decoder, JointDecoder, decode_batches
from ..decoding.greedy import GREEDY
from ..errors import ImageError, ModelError, UsageError
from ..images.decoding import ImageLike, decode
from ..images.framing import ink_bounds
from ..images.polarity import dark_on_light
from ..images.preprocessing import Placement, Preprocessing, fit, place
from ..text.alphabet import Alphabet
from .backends import LogitsFunction

WINDOW = 8  # batches that are sorted together, to find images of the same width
WINDOW_BYTES = 64 << 20  # of images, or of logits: a window ends sooner if they are large


@dataclass(frozen=True)
class Character:
    """A recognized character. left, right: pixels of the input image. confidence: in 0..1."""

    text: str
    confidence: float
    left: float
    right: float


@dataclass(frozen=True)
class TextAlternative:
    """A possible text of a line, and its probability among all that the decoder considered."""

    text: str
    probability: float


@dataclass(frozen=True)
class Recognition:
    """A recognized text.

    Attributes:
        text: The text in logical order, in NFC or the normalization of the model.
        confidence: Product of the confidences of its characters, in 0..1; 1 for an empty text.
        characters: Characters with their confidences and positions in the image.
        alternatives: The most probable texts, this one first, if the decoder was asked for them.

    Example:
        >>> import gluon_htr
        >>> result = gluon_htr.load("digits").read("examples/number.png")
        >>> result.text, len(result.characters)
        ('958321704081994', 15)
    """

    text: str
    confidence: float
    characters: tuple[Character, ...]
    alternatives: tuple[TextAlternative, ...] = ()


@dataclass(frozen=True)
class _Fitted:
    """A preprocessed image, and its source region: `width` columns from `left` on, in pixels."""

    source: ImageLike
    pixels: np.ndarray
    placement: Placement
    left: int
    width: int


class Recognizer:
    """A trained network that reads images. Threads may share it: it holds no state.

    Args:
        network: Function from images (N, H, W) uint8 to logits (N, T, C).
        alphabet: Characters of the classes.
        preprocessing: Preprocessing of images.
        name: Name of the model, for messages.
        temperature: Logits are divided by it before they become confidences (Guo et al. 2017); it never changes a text.
        decoder: Decoder of logits; greedy by default.

    Example:
        >>> import gluon_htr
        >>> recognizer = gluon_htr.load("digits")
        >>> recognizer.read("examples/number.png").text
        '958321704081994'
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
        self._joint = isinstance(decoder, JointDecoder)

    def read(self, image: ImageLike, whole: bool = False) -> Recognition:
        """Read one image.

        Args:
            image: A path, the bytes of a file, an array or a Pillow image of one line or word.
            whole: Do not crop the paper around a line.

        Returns:
            The recognized text with its characters.

        Raises:
            ImageError: The image cannot be decoded.
            ModelError: Network and alphabet do not match, or the weights are corrupt.
        """
        fitted = self._fit(image, whole)
        return self._decode([fitted], [self._logits([fitted])])[0]

    def stream(
        self,
        images: Iterable[ImageLike],
        batch_size: int = 16,
        failed: Callable[[ImageLike, ImageError], object] | None = None,
    ) -> Iterator[tuple[ImageLike, Recognition]]:
        """Read any number of images, also endless streams, in bounded memory.

        Args:
            images: Paths, bytes, arrays or Pillow images.
            batch_size: Images per batch.
            failed: Called with each image that cannot be read and its error; the image is then skipped. Without it, the
                error is raised.

        Yields:
            Pairs (image, recognition) in order.

        Raises:
            ImageError: An image cannot be decoded, and `failed` is not given.
            UsageError: The batch size is less than 1.

        Example:
            >>> import gluon_htr
            >>> for path, result in gluon_htr.load("digits").stream(["examples/number.png"]):
            ...     print(path, result.text)
            examples/number.png 958321704081994
        """
        if batch_size < 1:
            raise UsageError(f"batches of {batch_size} images: give 1 or more")
        for window in _windows(images, WINDOW * batch_size):
            fitted = [f for image in window if (f := self._try_fit(image, failed)) is not None]
            yield from self._read_window(fitted, batch_size)

    def _read_window(self, fitted: list[_Fitted], batch_size: int) -> Iterator[tuple[ImageLike, Recognition]]:
        """Read a window of images. Only images of one width share a batch, so that no text depends on its neighbors."""
        results: dict[int, Recognition] = {}
        order = sorted(range(len(fitted)), key=lambda k: fitted[k].pixels.shape[1])
        waiting: list[int] = []  # for the decoder
        logits: list[np.ndarray] = []
        while order:
            width = fitted[order[0]].pixels.shape[1]
            batch = [k for k in order[:batch_size] if fitted[k].pixels.shape[1] == width]
            order = order[len(batch) :]
            waiting += batch
            logits.append(self._logits([fitted[k] for k in batch]))
            if not order or not self._joint or sum(part.nbytes for part in logits) >= WINDOW_BYTES:
                results.update(zip(waiting, self._decode([fitted[k] for k in waiting], logits)))
                waiting, logits = [], []
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

    def _logits(self, fitted: list[_Fitted]) -> np.ndarray:
        logits = self.network(np.stack([f.pixels for f in fitted]))
        if logits.ndim != 3 or not logits.size or logits.shape[::2] != (len(fitted), self.alphabet.classes):
            raise ModelError(
                f"{self.name} produced logits of shape {logits.shape} for {len(fitted)} images and an alphabet of "
                f"{len(self.alphabet)} characters: network and alphabet do not match"
            )
        if not isfinite(logits.max()):
            raise ModelError(f"{self.name} produced NaN or Inf logits: its weights are corrupt")
        return logits

    def _decode(self, fitted: list[_Fitted], batches: list[np.ndarray]) -> list[Recognition]:
        decoded = decode_batches(self.decoder, batches, self.alphabet, self.temperature)
        steps = [logits.shape[1] for logits in batches for _ in logits]
        return [self._placed(line, count, f) for line, count, f in zip(decoded, steps, fitted)]

    def _placed(self, decoded: Decoded, steps: int, fitted: _Fitted) -> Recognition:
        """Build a recognition of a decoded line, with its characters' positions in the image."""
        where, step = fitted.placement, fitted.pixels.shape[1] / steps
        back = fitted.width / where.width

        def place_of(edge: int) -> float:
            return fitted.left + min(max((edge * step - where.left) * back, 0.0), float(fitted.width))

        path = decoded.spans
        ordered = self.alphabet.ordered([span.index for span in path])
        characters = tuple(
            Character(text, path[k].confidence, place_of(path[k].start), place_of(path[k].end)) for k, text in ordered
        )
        alternatives = tuple(
            TextAlternative(self.alphabet.decode(other.labels), other.probability) for other in decoded.alternatives
        )
        return Recognition("".join(c.text for c in characters), decoded.confidence, characters, alternatives)


def _windows(images: Iterable[ImageLike], max_images: int) -> Iterator[list[ImageLike]]:
    """Yield runs of at most `max_images` images, or of `WINDOW_BYTES` and one more."""
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
