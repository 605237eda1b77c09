"""Scoring of whole pages for the command `evaluate`: found lines, text of pages, pictures of misses."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec

from . import __version__, _command, _progress, load_reader
from ._storage import only_writer, write_atomically
from .datasets.layout.reader import LayoutReader
from .decoding.decoder import Decoder
from .decoding.greedy import GREEDY
from .errors import ImageError
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
) -> int:
    """Read all pages of `data` and print the scores."""
    reader = load_reader(model, layout, threads, decoder=decoder)
    with only_writer(report) if report else nullcontext():
        scores = [score for spec in data for score in _scored(spec, reader, report)]
        content = _content(scores, reader, data)
        if report:
            write_atomically(report / "scores.json", msgspec.json.format(msgspec.json.encode(content)) + b"\n")
            write_atomically(report / "pages.tsv", _table(scores))
    print(msgspec.json.encode(content).decode() if as_json else _words(scores))
    return 0


def _scored(spec: str, reader: PageReader, report: Path | None) -> list[PageScore]:
    samples = LayoutReader(spec)
    scores = []
    with _progress.track(spec, len(samples)) as advance:
        for sample in samples:
            try:
                score = score_page(reader, sample)
                if report:
                    picture = draw_misses(sample.image(), sample.places, places(score.page))
                    write_atomically(report / f"{sample.id}.png", picture)
            except ImageError as error:
                _command.say(f"error: {error}")
                continue
            scores.append(score)
            advance(1)
    _command.say_left_out(samples.problems, "--report DIR")
    return scores


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
    head = f"{'':14}{'pages':>6}{'lines':>7}{'found':>7}{'F1':>8}{'base F1':>9}{'CER':>8}{'any order':>11}"
    rows = [*_by_collection(scores).items(), ("all", scores)]
    return "\n".join([head, *(_row(name, _figures(part)) for name, part in rows)])


def _row(name: str, figures: dict[str, Any]) -> str:
    counts = f"{figures['pages']:>6}{figures['lines']:>7}{figures['found']:>7}"
    return (
        f"{name[:13]:14}{counts}{figures['f1']:>8.3f}{figures['baseline_f1']:>9.3f}"
        f"{figures['cer']:>8.1%}{figures['order_free_cer']:>11.1%}"
    )


def _table(scores: list[PageScore]) -> bytes:
    rows = [f"{score.collection}\t{score.sample.id}\t{_row('', _figures([score])).strip()}" for score in scores]
    return "".join(f"{row}\n" for row in rows).encode()
