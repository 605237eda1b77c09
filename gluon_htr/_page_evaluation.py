"""Scoring of whole pages for the command `evaluate`: found lines, text of pages, pictures of misses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec

from . import __version__, _command, _progress, load_reader
from ._storage import only_writer, write_atomically
from .comparison.readings import write_left_out
from .datasets.layout.reader import LayoutReader
from .datasets.sample import Problem
from .datasets.spec import repeat_counts
from .decoding.decoder import Decoder
from .decoding.greedy import GREEDY
from .errors import DataError, ImageError
from .pages.drawing import draw_misses
from .pages.scoring import Matches
from .runtime.page_reader import PageReader
from .runtime.page_scores import PageScore, TextEdits, places, score_page


def evaluate_pages(
    model: str | None,
    layout: str | None,
    data: list[str],
    threads: int | None,
    report: Path | None,
    as_json: bool,
    decoder: Decoder = GREEDY,
    precision: str = "float32",
) -> int:
    """Read all pages of `data` and print the scores. precision: of the model that reads."""
    reader = load_reader(model, layout, threads, precision=precision, decoder=decoder)
    with only_writer(report) if report else nullcontext():
        scores, problems = list[PageScore](), list[Problem]()
        pictures = _Pictures(report) if report else None
        for spec in data:
            scores += _scored(spec, reader, pictures, problems)
        _command.say_left_out(problems, "--report DIR")
        if not scores:
            raise DataError(f"no page of {' '.join(data)} could be read")
        content = _content(scores, reader, data) | {"precision": precision, "left_out": len(problems)}
        if report and pictures:
            write_atomically(report / "scores.json", msgspec.json.format(msgspec.json.encode(content)) + b"\n")
            write_atomically(report / "pages.tsv", _table(scores, pictures.names))
            write_left_out(report, problems)
    left_out = f"\n{'left out':14}{len(problems):>6}" if problems else ""
    print(msgspec.json.encode(content).decode() if as_json else _words(scores) + left_out)
    return 0


class _Pictures:
    """Pictures of misses in a folder. names: their names, in the order of the pages."""

    def __init__(self, folder: Path) -> None:
        self.names: list[str] = []
        self._folder = folder

    def write(self, score: PageScore) -> None:
        """Write the picture of a page, whose name other data may have too. Raises `ImageError`, `StorageError`."""
        name, count = f"{score.sample.id}.png", 1
        while name in self.names:
            count += 1
            name = f"{score.sample.id}-{count}.png"
        write_atomically(
            self._folder / name, draw_misses(score.sample.image(), score.sample.places, places(score.page))
        )
        self.names.append(name)


def _scored(spec: str, reader: PageReader, pictures: _Pictures | None, problems: list[Problem]) -> Iterator[PageScore]:
    """Yield the scores of all pages; those that cannot be read are added to `problems`."""
    samples = LayoutReader(spec)
    with _progress.track(spec, len(samples)) as advance:
        for sample, count in zip(samples, repeat_counts(len(samples), samples.share, seed=0)):
            advance(1)
            if not count:
                continue
            try:
                score = score_page(reader, sample)
                if pictures:
                    pictures.write(score)
            except ImageError as error:
                problems.append(Problem(sample.id, str(error)))
                continue
            yield score
    problems += samples.problems


def _figures(scores: list[PageScore]) -> dict[str, Any]:
    matches = sum((score.matches for score in scores), Matches())
    edits = sum((score.edits for score in scores), TextEdits())
    return {
        "pages": len(scores),
        "lines": matches.truth,
        "found": matches.found,
        "precision": round(matches.precision, 4),
        "recall": round(matches.recall, 4),
        "f1": round(matches.f1, 4),
        "baseline_f1": round(matches.baseline_f1, 4),
        "characters": edits.characters,
        "cer": round(edits.cer, 4),
        "wer": round(edits.wer, 4),
        "order_free_cer": round(edits.order_free_cer, 4),
    }


def _by_collection(scores: list[PageScore]) -> dict[str, list[PageScore]]:
    found: dict[str, list[PageScore]] = {}
    for score in scores:
        found.setdefault(score.collection, []).append(score)
    return found


def _content(scores: list[PageScore], reader: PageReader, data: list[str]) -> dict[str, Any]:
    models = {"layout": reader.detector.name, "model": reader.recognizer.name}
    parts = {name: _figures(part) for name, part in _by_collection(scores).items()}
    return {**models, "data": data, "version": __version__, **_figures(scores), "collections": parts}


def _words(scores: list[PageScore]) -> str:
    head = f"{'':14}{'pages':>6}{'lines':>7}{'found':>7}{'F1':>8}{'base F1':>9}{'chars':>8}{'CER':>8}{'any order':>11}"
    rows = [*_by_collection(scores).items(), ("all", scores)]
    return "\n".join([head, *(_row(name, _figures(part)) for name, part in rows)])


def _row(name: str, figures: dict[str, Any]) -> str:
    counts = f"{figures['pages']:>6}{figures['lines']:>7}{figures['found']:>7}"
    return (
        f"{name[:13]:14}{counts}{figures['f1']:>8.3f}{figures['baseline_f1']:>9.3f}"
        f"{figures['characters']:>8}{figures['cer']:>8.1%}{figures['order_free_cer']:>11.1%}"
    )


def _table(scores: list[PageScore], pictures: list[str]) -> bytes:
    """Format a row of figures for each page, with the name of its picture."""
    rows = [
        {"collection": score.collection, "page": score.sample.id, "picture": picture} | _figures([score])
        for score, picture in zip(scores, pictures)
    ]
    lines = [list(rows[0]), *(row.values() for row in rows)]
    return "".join("\t".join(map(str, line)) + "\n" for line in lines).encode()
