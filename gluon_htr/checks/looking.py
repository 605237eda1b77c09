"""Every sample of data, looked at once: its image is decoded, measured and forgotten."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ..datasets.kinds import KINDS
from ..datasets.loading import Track, untracked
from ..datasets.preparation import CHUNK, Preparer, chunks, decoded
from ..datasets.sample import Problem, Reader, Sample
from ..datasets.spec import open_spec, parse_spec
from ..errors import ImageError
from ..images.decoding import Encoded
from ..text.normalization import normalize
from .appearance import Appearance, measure

THUMBNAIL = (480, 48)  # pixels: widest and highest
FEW = 2 * CHUNK  # samples that one process looks at before others would have started


@dataclass(frozen=True)
class Look:
    """A sample without its image. appearance: None if the image is broken, which `fault` explains."""

    id: str
    text: str
    group: str
    place: str  # path of the image, or the id where it has none of its own
    raw: str  # text before normalization
    appearance: Appearance | None
    fault: str = ""
    thumbnail: bytes = b""
    number: int = 0  # its position in all the data
    prepared: bool = False  # its image is scaled and padded for a network already


@dataclass(frozen=True)
class Looked:
    """Everything seen in some data. problems: samples that the readers left out."""

    specs: tuple[str, ...]
    looks: list[Look] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    pictures: tuple[Path, ...] = ()  # files without texts, in place of specs

    def samples(self) -> Iterator[Sample]:
        """Yield the samples again, in the same order."""
        readers = [ImageFiles(self.pictures)] if self.pictures else map(_once, self.specs)
        return (sample for reader in readers for sample in reader)

    @property
    def total(self) -> int:
        """Number of samples, those that were left out among them."""
        return len(self.looks) + len(self.problems)


@dataclass(frozen=True)
class ImageFiles:
    """A reader of pictures without texts. Implements `Reader`."""

    paths: Sequence[Path]
    problems: list[Problem] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Sample]:
        return (Sample(str(path), "", str(path), Encoded(str(path))) for path in self.paths)


def _once(text: str) -> Reader:
    """Open a spec, so that every sample is yielded at most once."""
    spec = parse_spec(text)
    return open_spec(replace(spec, share=min(spec.share, 1.0)))


def look_at_specs(specs: Sequence[str], workers: int, thumbnails: bool, track: Track = untracked) -> Looked:
    """Look at all samples of these specs. Raises the errors of their readers."""
    return look_at([(spec, _once(spec)) for spec in specs], workers, thumbnails, track)


def look_at_pictures(paths: Sequence[Path], workers: int, thumbnails: bool, track: Track = untracked) -> Looked:
    """Look at pictures without texts."""
    found = look_at([("pictures", ImageFiles(paths))], workers, thumbnails, track)
    return replace(found, specs=tuple(map(str, paths)), pictures=tuple(paths))


def look_at(readers: Sequence[tuple[str, Reader]], workers: int, thumbnails: bool, track: Track = untracked) -> Looked:
    """Look at all samples of readers, with their names. thumbnails: keep a small picture of each."""
    found = Looked(tuple(name for name, _ in readers))
    few = sum(len(reader) for _, reader in readers) < FEW
    with Preparer(0 if few else workers) as preparer:
        for name, reader in readers:
            kind = KINDS.get(name.partition(":")[0])
            prepared = kind is not None and kind.prepared is not None
            with track(name, len(reader)) as advance:
                for looks in _in_order(preparer, chunks(reader), max(1, workers), thumbnails):
                    first = len(found.looks)
                    found.looks.extend(
                        replace(look, number=first + k, prepared=prepared) for k, look in enumerate(looks)
                    )
                    advance(len(looks))
            found.problems.extend(reader.problems)
    return found


def _in_order(
    preparer: Preparer, samples: Iterator[list[Sample]], workers: int, thumbnails: bool
) -> Iterator[list[Look]]:
    """Yield what was seen of each chunk, with a few chunks in progress."""
    waiting: list[Callable[[], list[Look]]] = []
    for chunk in samples:
        waiting.append(preparer.later(partial(_look, thumbnails=thumbnails), chunk))
        if len(waiting) > 2 * workers:
            yield waiting.pop(0)()
    for result in waiting:
        yield result()


def _look(samples: list[Sample], thumbnails: bool) -> list[Look]:
    return [_look_once(sample, thumbnails) for sample in samples]


def _look_once(sample: Sample, thumbnails: bool) -> Look:
    named = isinstance(sample.image, Encoded) and isinstance(sample.image.source, str)
    place = sample.image.source if named else sample.id  # type: ignore[attr-defined]
    about = (sample.id, normalize(sample.text), sample.group, place, sample.text)
    try:
        image = decoded(sample)
    except ImageError as error:
        return Look(*about, None, str(error))
    return Look(*about, measure(image), thumbnail=_thumbnail(image) if thumbnails else b"")


def _thumbnail(image: np.ndarray) -> bytes:
    """Return a small picture as the bytes of a JPEG."""
    picture = Image.fromarray(image)
    picture.thumbnail(THUMBNAIL)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=70)
    return buffer.getvalue()
