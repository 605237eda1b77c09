"""Recognition of images: batches by width, decoding, confidences and positions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ..bundles.schema import Calibration
from ..decoding.decoder import Decoded, Decoder, JointDecoder, SearchingDecoder, decode_batches
from ..decoding.greedy import GREEDY, GreedyDecoder, blank_probability
from ..errors import ImageError, ModelError, UsageError
from ..images.decoding import ImageLike, decode, memory_of
from ..images.framing import frame_line
from ..images.polarity import dark_on_light
from ..images.preprocessing import Placement, Preprocessing, fit, place
from ..text.alphabet import Alphabet
from .backends import LogitsFunction
from .confidences import calibrated, curves_of, line_reading
from .line_checks import Certainty, Checked, prepare, warnings
from .origin import Origin, reduced
from .picture import Picture
from .recognition import Character, Recognition, TextAlternative, WordConfidence, mean

WINDOW = 8  # batches that are sorted together, to find images of the same width
WINDOW_BYTES = 64 << 20  # of images, or of logits: a window ends sooner if they are large


@dataclass(frozen=True)
class Fitted:
    """A preprocessed image, and its source region: `width` columns from `left` on, in pixels. checked: what warnings
    need, if any are wanted.
    """

    picture: Picture
    pixels: np.ndarray
    placement: Placement
    left: int
    width: int
    checked: Checked | None = None


class Recognizer:
    """A trained network that reads images. Threads may share it: it holds no state.

    Args:
        network: Function from images (N, H, W) uint8 to logits (N, T, C).
        alphabet: Characters of the classes.
        preprocessing: Preprocessing of images.
        name: Name of the model, for messages.
        temperature: Logits are divided by it before they become confidences (Guo et al. 2017); it never changes a text.
        decoder: Decoder of logits; greedy by default.
        origin: How another process can load it again.
        probabilities: Curves from the confidences of the decoder to probabilities of words and lines.

    Processes may share it as well: pickled, it is the file that it was loaded from, which must be there.

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
        origin: Origin | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.network, self.alphabet, self.preprocessing, self.name = network, alphabet, preprocessing, name
        self.temperature, self.decoder, self._origin = temperature, decoder, origin
        self.calibration = calibration

    def __reduce__(self) -> tuple[Any, ...]:
        state = {key: getattr(self, key) for key in ("temperature", "decoder", "calibration")}
        return reduced(self._origin, self.name, state)

    def copy(self) -> Recognizer:
        """Return another recognizer with the same network and settings."""
        fixed = self.network, self.alphabet, self.preprocessing, self.name
        return type(self)(*fixed, self.temperature, self.decoder, self._origin, self.calibration)

    __copy__ = copy

    @property
    def gives_probabilities(self) -> bool:
        """True if its confidences are probabilities that a text or word is right."""
        return curves_of(self.calibration, not isinstance(self.decoder, GreedyDecoder)) is not None

    @property
    def finds_alternatives(self) -> bool:
        """True if its decoder finds several texts of a line."""
        return isinstance(self.decoder, SearchingDecoder)

    def with_n_best(self, n_best: int) -> Recognizer:
        """Return the same recognizer that gives up to `n_best` texts of a line. Raises `UsageError` if it finds one."""
        if not isinstance(self.decoder, SearchingDecoder):
            raise UsageError(f"{self.name} decodes greedily, to one text: several need beam search")
        other = self.copy()
        other.decoder = self.decoder.with_n_best(n_best)
        return other

    def uncalibrated(self) -> Recognizer:
        """Return the same recognizer with the confidences of its network: those of golden texts."""
        other = self.copy()
        other.calibration = None
        return other

    def read(self, image: ImageLike, whole: bool = False, frame: int | None = None, warns: bool = True) -> Recognition:
        """Read one image.

        Args:
            image: A path, the bytes of a file, an open file, an array or a Pillow image of one line or word.
            whole: Take the picture as it is: do not crop the paper around a line, straighten it or warn.
            frame: The picture to read in a file with several, counted from 1.
            warns: Fill in `warnings`, for which an uncertain text is read again turned or in parts.

        Returns:
            The recognized text with its characters.

        Raises:
            ImageError: The image cannot be decoded.
            ModelError: Network and alphabet do not match, or the weights are corrupt.
        """
        fitted = self._fit(Picture(image, frame), whole, warns and not whole)
        recognition = self._warned(fitted, self._decode([fitted], [self._logits([fitted.pixels])])[0])
        object.__setattr__(recognition, "_picture", fitted.picture)
        return recognition

    def stream(
        self,
        images: Iterable[ImageLike],
        batch_size: int = 16,
        failed: Callable[[ImageLike, ImageError], object] | None = None,
        frame: int | None = None,
        warns: bool = True,
    ) -> Iterator[tuple[ImageLike, Recognition]]:
        """Read any number of images, also endless streams, in bounded memory.

        An exception, also one of `images` itself, is raised once the images before it have been read and given.

        Args:
            images: Paths, bytes, open files, arrays or Pillow images.
            batch_size: Images per batch.
            failed: Called with each image that cannot be read and its error; the image is then skipped. Without it, the
                error is raised.
            frame: The picture to read in files with several, counted from 1.
            warns: As for `read`.

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
            fitted: list[Fitted] = []
            error = window.error
            for image in window.images:
                try:
                    fitted.append(self._fit(Picture(image, frame), warns=warns))
                except ImageError as fault:
                    if failed is None:
                        error = fault
                        break
                    failed(image, fault)
            yield from self._read_window(fitted, batch_size)
            if error is not None:
                raise error

    def _read_window(self, fitted: list[Fitted], batch_size: int) -> Iterator[tuple[ImageLike, Recognition]]:
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
            logits.append(self._logits([fitted[k].pixels for k in batch]))
            if (
                not order
                or not isinstance(self.decoder, JointDecoder)
                or sum(part.nbytes for part in logits) >= WINDOW_BYTES
            ):
                results.update(zip(waiting, self._decode([fitted[k] for k in waiting], logits)))
                waiting, logits = [], []
        return ((one.picture.source, self._warned(one, results[k])) for k, one in enumerate(fitted))

    def _warned(self, fitted: Fitted, recognition: Recognition) -> Recognition:
        """Add the warnings of a picture to what was read in it."""
        if fitted.checked is not None:
            read = Certainty(recognition.mean_character_confidence, len(recognition.text))
            found = warnings(fitted.checked, read, self.preprocessing, self._certainties)
            object.__setattr__(recognition, "warnings", found)  # it was built here and nobody else has seen it
        return recognition

    def _certainties(self, pixels: list[np.ndarray]) -> list[Certainty]:
        """Read preprocessed images (H, W) of one width, and return how surely."""
        decoded = GREEDY.decode(self._logits(pixels), self.alphabet, self.temperature)
        return [Certainty(mean([span.confidence for span in line.spans]), len(line.spans)) for line in decoded]

    def _fit(self, picture: Picture, whole: bool = False, warns: bool = False) -> Fitted:
        gray = dark_on_light(decode(picture.source, picture.frame))
        line, left = (gray, 0) if whole else frame_line(gray)
        height, width = line.shape
        where = place(height, width, self.preprocessing)
        pixels = fit(line, self.preprocessing)
        return Fitted(picture, pixels, where, left, width, prepare(line, pixels) if warns else None)

    def _logits(self, pixels: list[np.ndarray]) -> np.ndarray:
        logits = self.network(np.stack(pixels))
        if not logits.size or not self._fits(logits.shape, len(pixels)):
            raise ModelError(
                f"{self.name} produced logits of shape {logits.shape} for {len(pixels)} images and an alphabet of "
                f"{len(self.alphabet)} characters: network and alphabet do not match"
            )
        if not isfinite(logits.max()):
            raise ModelError(f"{self.name} produced NaN or Inf logits: its weights are corrupt")
        return logits

    def _fits(self, shape: tuple[int, ...], images: int) -> bool:
        """Test whether logits of a shape are those of a number of images."""
        return len(shape) == 3 and shape[::2] == (images, self.alphabet.classes)

    def _decode(self, fitted: list[Fitted], batches: list[np.ndarray]) -> list[Recognition]:
        decoded = decode_batches(self.decoder, batches, self.alphabet, self.temperature)
        lines = [line for logits in batches for line in logits]
        return [self._placed(line, logits, f) for line, logits, f in zip(decoded, lines, fitted)]

    def _placed(self, decoded: Decoded, logits: np.ndarray, fitted: Fitted) -> Recognition:
        """Build a recognition of a decoded line of logits (T, C), with its characters' positions in the image."""
        where, step = fitted.placement, fitted.pixels.shape[1] / len(logits)
        back = fitted.width / where.width

        def place_of(edge: int) -> float:
            return fitted.left + min(max((edge * step - where.left) * back, 0.0), float(fitted.width))

        path = decoded.spans
        ordered = self.alphabet.ordered([span.index for span in path])
        characters = tuple(
            Character(text, path[k].confidence, place_of(path[k].start), place_of(path[k].end)) for k, text in ordered
        )
        count = len(decoded.alternatives)
        considered = [(self.alphabet.decode(o.labels), o.probability) for o in decoded.considered] if count else []
        alternatives = tuple(TextAlternative(*other) for other in considered[:count])
        blank = blank_probability(logits, self.temperature)
        read = calibrated(line_reading(decoded, self.alphabet), self.calibration)
        words = tuple(WordConfidence(word.text, word.confidence) for word in read.words)
        if alternatives:
            words = _with_alternatives(words, considered, count)
        recognition = Recognition(read.text, read.confidence, characters, alternatives, blank, words)
        if isinstance(fitted.picture.source, (str, Path)):  # pixels of a stream are not kept
            object.__setattr__(recognition, "_picture", fitted.picture)
        return recognition


def _with_alternatives(
    words: Sequence[WordConfidence], texts: Sequence[tuple[str, float]], count: int
) -> tuple[WordConfidence, ...]:
    """Add the readings of words by the texts of their line."""
    from ..text.alternatives import word_alternatives  # greedy decoding starts without rapidfuzz

    readings = [tuple(TextAlternative(*each) for each in own) for own in word_alternatives(texts, count)]
    return tuple(replace(word, alternatives=own) for word, own in zip(words, readings))


@dataclass
class _Window:
    """Images that are read together, and the exception with which their source then ended."""

    images: list[ImageLike]
    error: BaseException | None = None


def _windows(images: Iterable[ImageLike], max_images: int) -> Iterator[_Window]:
    """Yield runs of at most `max_images` images, or of `WINDOW_BYTES` and one more."""
    source = iter(images)
    while True:
        window, size = _Window([]), 0
        while len(window.images) < max_images and size < WINDOW_BYTES:
            try:
                image = next(source)
            except StopIteration:
                if window.images:
                    yield window
                return
            except Exception as error:
                window.error = error
                break
            window.images.append(image)
            size += memory_of(image)
        yield window
        if window.error is not None:
            return
