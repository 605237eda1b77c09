"""Lines without labels: cut out of pages, read by a model, and kept as pictures with a list to correct."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from .._storage import write_atomically
from ..errors import ImageError
from ..images.decoding import ImageLike, decode
from ..pages.sources import PageSource
from ..runtime.page_reader import PageReader
from ..runtime.recognition import Recognition
from ..runtime.recognizer import Recognizer

LABELS = "labels.tsv"
HELD_OUT = "held-out.tsv"  # while a model is adapted
LEAST = 40  # lines: of fewer, too few are held out to tell anything
LEFT_OUT = 0.1  # proportion of the lines, the least confident, that a network does not learn from


@dataclass(frozen=True)
class Cut:
    """A line's picture (H, W) uint8, and the name of the page or of the picture that it is from."""

    pixels: np.ndarray
    origin: str


@dataclass(frozen=True)
class ReadLine:
    """A picture in a folder, where it is from, and what is read in it."""

    file: Path
    origin: str
    recognition: Recognition


def cut_pages(images: Iterable[ImageLike], reader: PageReader) -> Iterator[Cut | ImageError]:
    """Cut all lines out of pages; yield the errors of those that cannot be decoded, too."""
    for image in images:
        try:
            with PageSource(image) as pages:
                for page in pages:
                    if page.pixels is None:
                        yield page.error or ImageError(f"{pages.name} cannot be decoded")
                        continue
                    origin = f"{Path(pages.name).stem}-{page.number}"
                    yield from (Cut(pixels, origin) for pixels in reader.cut_lines(page.pixels))
        except ImageError as error:
            yield error


def whole_lines(images: Iterable[ImageLike]) -> Iterator[Cut | ImageError]:
    """Take each image as a line."""
    for image in images:
        try:
            yield Cut(decode(image), Path(str(image)).parent.name)
        except ImageError as error:
            yield error


def write_lines(lines: Iterable[Cut], folder: Path) -> list[tuple[Path, str]]:
    """Write the pictures of lines into a folder; return each with its origin."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, line in enumerate(lines, 1):
        file = folder / f"line{number:04d}.png"
        Image.fromarray(line.pixels).save(file)
        written.append((file, line.origin))
    return written


def read_lines(files: Sequence[tuple[Path, str]], recognizer: Recognizer) -> list[ReadLine]:
    """Read the pictures of lines."""
    origins = dict(files)
    read = recognizer.stream([file for file, _ in files], warns=False)
    return [ReadLine(Path(str(file)), origins[Path(str(file))], recognition) for file, recognition in read]


def confident(lines: Sequence[ReadLine]) -> list[ReadLine]:
    """Return the lines that a network can learn from: not empty, and not among the least confident, as long as `LEAST`
    remain.
    """
    legible = [line for line in lines if line.recognition.text.strip()]
    ranked = sorted(legible, key=lambda line: line.recognition.mean_character_confidence or 0.0)
    count = min(round(LEFT_OUT * len(ranked)), max(0, len(ranked) - LEAST))
    worst = {line.file for line in ranked[:count]}
    return [line for line in legible if line.file not in worst]


def write_labels(lines: Sequence[ReadLine], path: Path) -> None:
    """Write what is read as a list that `listing:` takes, with paths relative to it."""
    table = io.StringIO()
    writer = csv.writer(table, delimiter="\t", lineterminator="\n")
    writer.writerow(("path", "text", "group"))
    for line in lines:
        writer.writerow((line.file.relative_to(path.parent).as_posix(), line.recognition.text, line.origin))
    write_atomically(path, table.getvalue().encode())
