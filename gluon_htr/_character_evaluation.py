"""Evaluation of a model of single characters, as the command `evaluate` prints it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from . import __version__, _command, _progress
from ._storage import only_writer, write_atomically
from .comparison.readings import read_characters, write_report
from .datasets.loading import load_data
from .errors import UsageError
from .runtime.classifier import Classifier
from .text.classification import ClassificationCard, classify

SHOWN = 10  # confusions


def evaluate_characters(
    classifier: Classifier,
    data: Sequence[str],
    report: Path | None,
    as_json: bool,
    how: dict[str, Any],
    target: float | None = None,
) -> int:
    """Classify all of `data` and print the score card. how: model, engine and precision, for the card.

    Raises `UsageError` if the data have texts of more than one character, or for a target precision, which is for
    words.
    """
    if target is not None:
        raise UsageError("--target-precision is for models of lines and words: leave it out")
    form = classifier.alphabet.normalization
    store = load_data(data, classifier.preprocessing, track=_progress.track, form=form)
    _command.say_left_out(store.problems, "--report DIR")
    began = time.perf_counter()
    texts = read_characters(classifier, store)
    speed = len(store) / (time.perf_counter() - began)
    card = classify(store.texts, texts, store.groups)
    content = how | {"data": list(data), "version": __version__, "left_out": len(store.problems)}
    content |= {"images_per_second": round(speed, 1), **msgspec.to_builtins(card)}
    if report:
        rows = (f"{c.character}\t{c.samples}\t{c.recall:.4f}\t{c.precision:.4f}\n" for c in card.classes)
        with only_writer(report):
            write_report(report, content, store, texts)
            write_atomically(report / "classes.tsv", "".join(["class\tsamples\trecall\tprecision\n", *rows]).encode())
            _draw(report, store.texts, texts)
    print(msgspec.json.encode(content).decode() if as_json else _words(card, speed, len(store.problems)))
    return 0


def _draw(report: Path, truths: Sequence[str], texts: Sequence[str]) -> None:
    from .comparison.confusion_matrix import draw

    write_atomically(report / "confusions.png", draw(truths, texts))


def _words(card: ClassificationCard, speed: float, left_out: int) -> str:
    hardest = sorted(card.classes, key=lambda one: one.recall)[:SHOWN]
    rows = [
        ("accuracy", str(card.accuracy)),
        ("without case", str(card.case_insensitive_accuracy)),
        ("classes of ByMerge", str(card.merged_accuracy)),
        ("n", f"{card.samples} samples, {len(card.classes)} classes, {card.groups} groups"),
        *([("left out", str(left_out))] if left_out else []),
        ("images/s", f"{speed:.1f}"),
        ("most confused", ", ".join(f"{c.truth}→{c.read} {c.count}" for c in card.confusions[:SHOWN])),
        ("hardest classes", ", ".join(f"{one.character} {one.recall:.0%}" for one in hardest)),
    ]
    return "\n".join(f"{name:22}{text}" for name, text in rows)
