"""Output of `predict`: readings as text, JSON or a table, printed, in one file, or in a file for each image."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from ._inputs import Input, SampleImage
from ._storage import atomic_file, write_atomically
from .errors import ImageError
from .pages.files import output_files
from .runtime.classifier import Classification
from .runtime.recognition import Recognition

Kind = Literal["text", "json", "tsv"]
SUFFIXES: dict[Kind, str] = {"text": ".txt", "json": ".json", "tsv": ".tsv"}
COLUMNS = ("path", "text", "confidence", "note")

#: Takes what was read in an image, or why it was not.
Sink = Callable[[object, "Recognition | ImageError"], None]


@contextmanager
def sink(kind: Kind, images: Sequence[Input], output: Path | None) -> Iterator[Sink]:
    """Open the output of a command for its images.

    output: a file; a folder for a file of each image, see `is_folder`; or None to print.

    Raises:
        UsageError: Two images would be written to one file.
        StorageError: A file cannot be written.
    """
    if output is not None and is_folder(output):
        different = list(dict.fromkeys(images))
        targets = dict(zip(different, output_files(different, output, SUFFIXES[kind])))

        def write(image: object, found: Recognition | ImageError) -> None:
            if not isinstance(found, ImageError):
                rows = _header(kind) + _row(kind, image, found, alone=True)
                write_atomically(targets[image], rows.encode())  # type: ignore[index]

        yield write
        return
    alone = len(images) == 1
    if output is None:
        print(_header(kind), end="")
        yield lambda image, found: print(_row(kind, image, found, alone), end="", flush=True)
        return
    with atomic_file(output) as file:
        file.write(_header(kind).encode())

        def append(image: object, found: Recognition | ImageError) -> None:
            file.write(_row(kind, image, found, alone).encode())

        yield append


def is_folder(output: Path) -> bool:
    """Test whether an output is a folder: one that exists, or what does not exist and has no suffix."""
    return output.is_dir() or not (output.suffix or output.exists())


def _header(kind: Kind) -> str:
    return _table_row(COLUMNS) if kind == "tsv" else ""


def _row(kind: Kind, image: object, found: Recognition | ImageError, alone: bool) -> str:
    """Return a line of the output, and its end; an image that was not read has none as text."""
    if kind == "json":
        return json.dumps({"path": str(image)} | _labeled(image) | _json(found), ensure_ascii=False) + "\n"
    if kind == "tsv":
        if isinstance(found, ImageError):
            return _table_row((str(image), "", "", str(found)))
        return _table_row((str(image), found.text, f"{found.confidence:.4f}", ", ".join(found.warnings)))
    if isinstance(found, ImageError):
        return ""
    others = "".join(f"  {other.probability:.4f}\t{other.text}\n" for other in found.alternatives)
    return (found.text if alone else f"{image}\t{found.text}") + "\n" + others


def _table_row(cells: Sequence[str]) -> str:
    """Return a row of tab-separated cells, quoted as spreadsheets do, so that `listing:` reads them."""
    line = io.StringIO()
    csv.writer(line, delimiter="\t", lineterminator="\n").writerow(cells)
    return line.getvalue()


def _labeled(image: object) -> dict[str, str]:
    return {"label": image.label} if isinstance(image, SampleImage) else {}


def _json(found: Recognition | ImageError) -> dict[str, Any]:
    if isinstance(found, ImageError):
        return {"error": str(found)}
    content = asdict(found)
    if isinstance(found, Classification):
        unknown = found.real_probability is None
        for key in ["words", "blank_probability", "warnings", *["real_probability"] * unknown]:
            del content[key]
    else:
        content["mean_character_confidence"] = found.mean_character_confidence
    if not found.alternatives:
        for part in (content, *content.get("words", ())):
            del part["alternatives"]
    return content
