"""Characters in idx files: MNIST, and EMNIST with its variants, mappings and transposed images.

    emnist:data/emnist?split=train&variant=byclass
    mnist:data/mnist?split=train

EMNIST's images are transposed, as those of NIST's tool were, and its labels are numbers of classes; the mapping file
has the code points of each class (G. Cohen, S. Afshar, J. Tapson and A. van Schaik, "EMNIST: an extension of MNIST to
handwritten letters", 2017). Neither names writers that could be kept together: each sample is its own group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np

from ..._text_files import read_text, split_lines
from ...errors import DataError
from ..generated.strip_digits import MnistSplit, read_mnist
from ..idx import read_idx
from ..sample import Problem, Sample
from .selection import at_most

Most = Annotated[int, msgspec.Meta(ge=0)]
PLACES = ("", "gzip")  # folders below the root: gzip.zip has its files in `gzip`


class EmnistOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of EMNIST."""

    #: The official parts. Data to choose settings on should be held out of `train`.
    split: Literal["train", "test"] = "train"
    #: `byclass` has 62 classes; `bymerge` and `balanced` 47: 15 letters have the same class as capitals; `letters` 26,
    #: read as capitals; `digits` 10.
    variant: Literal["byclass", "bymerge", "balanced", "letters", "digits", "mnist"] = "byclass"
    #: Largest number of samples of a class, drawn with a fixed seed; 0 takes all.
    most: Most = 0


class MnistOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of MNIST."""

    #: As of strips: the last 2,000 test images are for validation (`strip_digits.py`).
    split: MnistSplit = "train"
    #: Largest number of samples of a class, drawn with a fixed seed; 0 takes all.
    most: Most = 0


@dataclass(frozen=True, eq=False)
class Glyph:
    """An image of an idx file, as a sample has it. Can be pickled. pixels: (H, W) uint8, 255 is ink."""

    pixels: np.ndarray

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8, 0 = black ink."""
        return np.uint8(255) - self.pixels


class GlyphReader:
    """Reader of images (N, H, W) uint8, 255 is ink, and their texts; all in memory.

    name: begins the ids of samples. problems: samples that were left out.
    """

    def __init__(
        self, images: np.ndarray, texts: Sequence[str], name: str, most: int = 0, problems: Sequence[Problem] = ()
    ) -> None:
        self.problems = list(problems)
        self._images, self._texts, self._name = images, texts, name
        self._chosen = [k for k in at_most(texts, most) if texts[k]]

    def __len__(self) -> int:
        return len(self._chosen)

    def __iter__(self) -> Iterator[Sample]:
        for k in self._chosen:
            identity = f"{self._name}-{k:06}"
            yield Sample(identity, self._texts[k], identity, Glyph(self._images[k]))


def open_mnist(root: Path, options: MnistOptions) -> GlyphReader:
    """Open MNIST. Raises `DataError` if a file is missing or broken."""
    images, labels = read_mnist(root, options.split)
    return GlyphReader(images, list(map(str, labels.tolist())), f"mnist-{options.split}", options.most)


def open_emnist(root: Path, options: EmnistOptions) -> GlyphReader:
    """Open a part of EMNIST. Raises `DataError` if a file is missing or broken, or if they do not belong together."""
    name = f"emnist-{options.variant}-{options.split}"
    images, labels = (_values(root, f"{name}-{kind}", size) for kind, size in (("images", 3), ("labels", 1)))
    if len(images) != len(labels):
        raise DataError(f"{root} has {len(images)} images of {name} and {len(labels)} labels: fetch them again")
    mapping = _mapping(root, options.variant)
    texts = [mapping.get(label, "") for label in labels.tolist()]
    problems = [
        Problem(f"{name}-{k:06}", f"has the class {labels[k]}, which the mapping lacks")
        for k, text in enumerate(texts)
        if not text
    ]
    if len(problems) == len(texts):
        raise DataError(f"{root}: the mapping of {options.variant} has none of the classes of {name}")
    return GlyphReader(images.transpose(0, 2, 1), texts, name, options.most, problems)


def _values(root: Path, name: str, dimensions: int) -> np.ndarray:
    return read_idx(_file(root, [f"{name}-idx{dimensions}-ubyte{ending}" for ending in ("", ".gz")]), dimensions)


def _file(root: Path, names: Sequence[str]) -> Path:
    """Find a file by the first of its names that exists. Raises `DataError` if there is none."""
    files = [root / place / name for place in PLACES for name in names]
    if found := next((file for file in files if file.is_file()), None):
        return found
    raise DataError(f"{root} has no {names[0]}: run gluon-htr download --dataset emnist first")


def _mapping(root: Path, variant: str) -> dict[int, str]:
    """Read the character of each class: the first code point of a line, `10 65` or `1 65 97`."""
    file = _file(root, [f"emnist-{variant}-mapping.txt"])
    try:
        rows = [list(map(int, line.split())) for line in split_lines(read_text(file)) if line.strip()]
        return {row[0]: chr(row[1]) for row in rows}
    except (OSError, ValueError, IndexError, OverflowError) as error:
        raise DataError(f"{file} is not a mapping of classes to code points: {error}") from None
