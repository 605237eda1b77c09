"""Score a model on data: CER, WER, exact rate and others, or accuracy; with --task layout, on whole pages."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from . import __version__, _command, _options, _progress, load
from ._character_evaluation import evaluate_characters
from ._page_evaluation import evaluate_pages
from ._storage import check_folder, only_writer, write_atomically
from .comparison import confidence_report
from .comparison.readings import write_report
from .datasets.iam.place import iam_test
from .datasets.loading import load_data
from .datasets.store import Store
from .decoding.decoder import Decoder
from .decoding.greedy import GREEDY
from .errors import UsageError
from .runtime.classifier import Classifier
from .runtime.decoders import describe
from .runtime.stores import read_store, read_with_confidences
from .text.metrics import ScoreCard, score, worst


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr evaluate",
        description=__doc__,
        epilog="Without --data, score on the test part of IAM in data/iam (Aachen split), of words or of lines.",
    )
    add = parser.add_argument
    tasks = "text of lines, or lines and text of whole pages (default: %(default)s)"
    add("--task", choices=("text", "layout"), default="text", help=tasks)
    _options.add_model(parser)
    add("--layout", metavar="MODEL", help="with --task layout: the model that finds lines (default: the built-in one)")
    _options.add_data(parser, "data to score on (default: IAM in data/iam)", required=False)
    _options.add_reading(parser)
    _options.add_decoder(parser, "greedy")
    tables = "write scores.json, texts.tsv and other tables there, with reliability.png or confusions.png"
    add("--report", type=Path, metavar="DIR", help=tables)
    precision = "with --report: list the words to check in check.tsv, so that this proportion of the others is right"
    add("--target-precision", type=float, metavar="P", help=precision)
    _options.add_json(parser, "the score card")
    return parser


def run(
    model: str | None,
    data: list[str],
    engine: str,
    threads: int | None,
    report: Path | None,
    as_json: bool,
    precision: str = "float32",
    decoder: Decoder = GREEDY,
    target: float | None = None,
) -> int:
    """Read all of `data` and print the score card. target: the precision that was asked for."""
    recognizer = load(model, engine, threads, precision=precision, decoder=decoder)
    data = data or [iam_test(recognizer.preprocessing)]
    if isinstance(recognizer, Classifier):
        how = {"model": model or recognizer.name, "engine": engine, "precision": precision}
        return evaluate_characters(recognizer, data, report, as_json, how, target)
    alphabet, preprocessing = recognizer.alphabet, recognizer.preprocessing
    store = load_data(data, preprocessing, track=_progress.track, form=alphabet.normalization, like_inference=True)
    _command.say_left_out(store.problems, "--report DIR")
    began = time.perf_counter()
    if report:
        curves = (recognizer.temperature, recognizer.calibration)
        lines = read_with_confidences(recognizer.network, store, alphabet, decoder, *curves)
        texts = [line.text for line in lines]
    else:
        texts = read_store(recognizer.network, store, alphabet, decoder)
    speed = len(store) / (time.perf_counter() - began)
    card = score(store.texts, texts, store.groups)
    content = _content(card, model or recognizer.name, data, engine, precision, speed, len(store.problems))
    content["decoder"] = describe(decoder)
    told = []
    if report:
        found = confidence_report.measure(store.texts, lines, target)
        content["reliability"] = found
        told = confidence_report.in_words(found)
        with only_writer(report):
            confidence_report.write(report, store, lines, found)
            _write_report(report, content, store, texts)
    print(msgspec.json.encode(content).decode() if as_json else _words(card, speed, len(store.problems), told))
    return 0


def _content(
    card: ScoreCard, model: str, data: list[str], engine: str, precision: str, speed: float, left_out: int
) -> dict[str, Any]:
    where = {"model": model, "data": data, "engine": engine, "precision": precision, "version": __version__}
    return {**where, "left_out": left_out, "images_per_second": round(speed, 1), **msgspec.to_builtins(card)}


def _words(card: ScoreCard, speed: float, left_out: int, told: Sequence[str]) -> str:
    rows = {"CER": card.cer, "WER": card.wer, "exact rate": card.exact_rate}
    rows["Levenshtein accuracy"] = card.levenshtein_accuracy
    confused = ", ".join(f"{c.truth or '∅'}→{c.read or '∅'} {c.count}" for c in card.confusions[:10])
    return "\n".join(
        [
            *(f"{name:22}{figure}" for name, figure in rows.items()),
            f"{'n':22}{card.samples} samples, {card.characters} characters, {card.groups} groups",
            *([f"{'left out':22}{left_out}"] if left_out else []),
            f"{'images/s':22}{speed:.1f}",
            f"{'most confused':22}{confused}",
            *told,
        ]
    )


def _write_report(folder: Path, content: dict[str, Any], store: Store, texts: Sequence[str]) -> None:
    """Write the files that every report has. The caller is the only writer of the folder."""
    write_report(folder, content, store, texts)
    rows = (f"{store.ids[k]}\t{store.texts[k]}\t{texts[k]}\n" for k in worst(store.texts, texts, max_count=100))
    write_atomically(folder / "worst.tsv", "".join(rows).encode())


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    _options.check_threads(options.threads)
    target = options.target_precision
    if options.task == "layout" and not options.data:
        raise UsageError("--task layout needs --data")
    if target is not None and not (0 < target < 1 and options.report and options.task == "text"):
        raise UsageError("--target-precision takes a proportion such as 0.98, and needs --report and --task text")
    check_folder(options.report)
    decoder = _options.decoder(options)
    if options.task == "layout":
        if options.engine != _options.ENGINES[0]:
            raise UsageError(f"--task layout reads with onnx alone: leave out --engine {options.engine}")
        where = (options.model, options.layout, options.data, options.threads, options.report, options.json)
        return evaluate_pages(*where, decoder, options.precision)
    reading = (options.engine, options.threads, options.report, options.json, options.precision, decoder)
    return run(options.model, options.data or [], *reading, target)


if __name__ == "__main__":
    sys.exit(_command.main(main))
