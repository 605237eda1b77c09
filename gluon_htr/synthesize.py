"""Write generated lines to a folder, as images and labels, to look at or to train on."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from . import _command, _options, _progress
from .datasets.preparation import Preparer
from .datasets.spec import parse_spec
from .datasets.writing.folder import SynthesisPlan
from .datasets.writing.lines import resized, synthesize
from .errors import UsageError


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(prog="gluon-htr synthesize", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "spec",
        nargs="?",
        help="data to draw: 'fonts:hershey?corpus=data/corpora', fonts:FOLDER, recomposed:data/iam, or any other",
    )
    source.add_argument(
        "--characters",
        metavar="SPEC",
        help="compose lines of single characters, as 'emnist:data/emnist?split=train'; short for composed:SPEC",
    )
    parser.add_argument(
        "--corpus", metavar="PATH", help="texts to write, for specs that take a corpus: a text file or a folder"
    )
    parser.add_argument(
        "--output", type=Path, required=True, help="the folder to write; read it as listing:FOLDER/labels.tsv"
    )
    parser.add_argument("--count", type=int, help="number of lines (default: that of the spec)")
    parser.add_argument("--seed", type=int, help="seed of the lines (default: that of the spec)")
    parser.add_argument(
        "--paper", type=float, metavar="SHARE", default=0.0, help="proportion of lines on paper, 0 to 1 (default: none)"
    )
    parser.add_argument(
        "--engine",
        choices=["own", "trdg"],
        default="own",
        help="own (default), or trdg: TextRecognitionDataGenerator, for fonts:FOLDER",
    )
    parser.add_argument("--workers", type=int, help="worker processes (default: one per core)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def with_corpus(text: str, corpus: str | None) -> str:
    """Return a spec with its key `corpus` set. Raises `UsageError` for data that take none."""
    if corpus is None:
        return text
    options = parse_spec(text).options
    if getattr(options, "corpus", corpus) is not None:
        raise UsageError(f"--corpus: '{text}' takes no corpus, or has one already")
    whole, share = re.fullmatch(r"(.*?)(\*[0-9.]+)?", text).groups("")  # type: ignore[union-attr]
    return f"{whole}{'&' if '?' in whole else '?'}corpus={corpus}{share}"


def run(
    text: str,
    output: Path,
    count: int | None,
    seed: int | None,
    paper: float,
    engine: Literal["own", "trdg"],
    workers: int | None,
    as_json: bool,
) -> int:
    """Write the lines that do not exist yet."""
    if count is not None and count < 1:
        raise UsageError(f"--count {count}: give at least 1")
    if not 0 <= paper <= 1:
        raise UsageError(f"--paper {paper:g}: give a number from 0 to 1")
    spec = resized(parse_spec(text), count, seed)
    plan = SynthesisPlan(text, seed if seed is not None else getattr(spec.options, "seed", 0), paper, engine)
    with (
        Preparer(workers) as preparer,
        _progress.Bar(count or getattr(spec.options, "count", None), "line", "draw") as bar,
    ):
        written = synthesize(spec, output, plan, preparer, count, bar.update)
    for problem in written.problems[:10]:
        _command.say(f"left out {problem.id}: {problem.reason}")
    if as_json:
        listed = [{"id": problem.id, "reason": problem.reason} for problem in written.problems]
        print(json.dumps({"output": str(output), "lines": written.lines, "problems": listed}))
    else:
        print(f"{output}: {written.lines} lines, {len(written.problems)} left out")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    _options.check_seed(options.seed)
    _options.check_workers(options.workers)
    return run(
        with_corpus(f"composed:{options.characters}" if options.characters else options.spec, options.corpus),
        options.output,
        options.count,
        options.seed,
        options.paper,
        options.engine,
        options.workers,
        options.json,
    )


if __name__ == "__main__":
    sys.exit(_command.main(main))
