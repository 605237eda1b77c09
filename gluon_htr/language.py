"""Build a language model of texts, prune it to a size, report its perplexity, and tune it for a network."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import msgspec

from . import _command, _options
from ._language_tuning import text_lines, try_settings
from ._storage import check_folder
from .errors import UsageError
from .ngrams.arpa import write_arpa
from .ngrams.building import build, perplexity
from .ngrams.catalog import open_model
from .ngrams.files import LanguageModel, tuned, write_model
from .ngrams.model import Unit
from .runtime.loading import load_text_model

HELD_OUT = 50  # one block in so many measures the perplexity
BLOCK = 20  # lines, fewer of a short text
ARPA = ".arpa"
ORDER, SIZE = 6, 3_000_000
UNIT: Unit = "characters"


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr language",
        description=__doc__,
        epilog="example: gluon-htr language novels/ --size 3MB --output en.lm --tune 'iam-online:data/iam-online?"
        "split=validation-v'",
    )
    add = parser.add_argument
    texts = "text files, folders or .zip archives of them, specs whose transcriptions are taken, or one model"
    add("texts", nargs="+", metavar="TEXT", help=texts)
    add("--output", type=Path, required=True, metavar="FILE", help=f"the model; as ARPA if it ends with {ARPA}")
    add("--order", type=int, metavar="N", help=f"symbols of the longest n-grams (default: {ORDER})")
    add("--unit", choices=get_args(Unit), help=f"what n-grams consist of (default: {UNIT})")
    add("--size", type=size, metavar="SIZE", help="bytes of the file, as 3MB (default: 3MB)")
    add("--language", default="", metavar="CODE", help="code of the language, as en")
    add("--sources", metavar="TEXT", help="what the file says about its texts and their terms (default: their names)")
    add("--exclude", action="append", default=[], metavar="SPEC", help="leave out what is also in these texts")
    tuning = "validation data on which weight and beam are chosen, never test data; may be repeated"
    add("--tune", action="append", default=[], metavar="SPEC", help=tuning)
    _options.add_model(parser)
    _options.add_threads(parser)
    _options.add_json(parser)
    return parser


def size(text: str) -> int:
    """Convert `3MB`, `500kB` or a number of bytes."""
    match = re.fullmatch(r"([0-9.]+) ?([kM]?)B?", text)
    try:
        value = int(float(match[1]) * {"": 1, "k": 1e3, "M": 1e6}[match[2]]) if match else 0
    except (ValueError, OverflowError):
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size: write 3MB or 500kB")
    return value


def run(options: argparse.Namespace) -> int:
    """Build or convert a model, and write it."""
    check_folder(options.output.parent)
    recognizer = load_text_model(options.model, threads=options.threads)
    content: dict[str, Any] = {}
    if len(options.texts) == 1 and Path(options.texts[0]).suffix in (ARPA, ".lm"):
        model, lines = _converted(options), list[str]()
    else:
        lines = text_lines(options.texts, options.exclude, recognizer.alphabet)
        block = min(BLOCK, max(1, len(lines) // (2 * HELD_OUT)))
        held_out = [k // block % HELD_OUT == HELD_OUT - 1 for k in range(len(lines))]
        kept = [line for line, out in zip(lines, held_out) if not out]
        order = ORDER if options.order is None else options.order
        ngrams = build(kept, order, options.unit or UNIT, options.size or SIZE)
        model = LanguageModel(ngrams, options.language, _sources(options))
        if any(held_out):
            content["perplexity"] = perplexity(model.ngrams, [line for line, out in zip(lines, held_out) if out])
    if options.tune:
        trials = try_settings(model, options.tune, recognizer, lines)
        model = tuned(model, trials[-1].tuning or model.tuning)
        content |= {"tuning": trials[-1], "greedy": trials[0]}
    (write_arpa(model.ngrams, options.output) if options.output.suffix == ARPA else write_model(model, options.output))
    content |= {"ngrams": model.ngrams.trie.levels, "bytes": options.output.stat().st_size, "unit": model.ngrams.unit}
    print(msgspec.json.encode(content).decode() if options.json else _words(content))
    return 0


def _converted(options: argparse.Namespace) -> LanguageModel:
    """Open the model that is converted, with the language and the sources that are given.

    Raises `UsageError` for options of a model that is built of texts.
    """
    built = {"--order": options.order, "--unit": options.unit, "--size": options.size, "--exclude": options.exclude}
    if unused := [name for name, value in built.items() if value]:
        raise UsageError(f"{options.texts[0]} is a model already: {', '.join(unused)} can be set for texts only")
    model = open_model(Path(options.texts[0]))
    return replace(model, language=options.language or model.language, sources=options.sources or model.sources)


def _sources(options: argparse.Namespace) -> str:
    without = f"; without {', '.join(options.exclude)}" if options.exclude else ""
    return options.sources or ", ".join(options.texts) + without


def _words(content: dict[str, Any]) -> str:
    rows = [f"{'n-grams':12}{' + '.join(map(str, content['ngrams']))} of {content['unit']}, {content['bytes']} bytes"]
    if "perplexity" in content:
        rows.append(f"{'perplexity':12}{content['perplexity']:.3f} on held-out text")
    if "tuning" in content:
        best, greedy = content["tuning"], content["greedy"]
        rows.append(f"{'tuned':12}weight {best.tuning.weight}, bonus {best.tuning.bonus}, beam {best.tuning.width}")
        rows.append(f"{'CER':12}{best.cer:.4f}, greedy {greedy.cer:.4f}")
        rows.append(f"{'WER':12}{best.wer:.4f}, greedy {greedy.wer:.4f}")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    _options.check_threads(options.threads)
    if options.order is not None and not 1 <= options.order <= 12:
        raise UsageError(f"--order {options.order}: give 1 to 12")
    return run(options)


if __name__ == "__main__":
    sys.exit(_command.main(main))
