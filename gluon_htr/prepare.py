"""Prepare data: pack preprocessed images and texts into NAME.rec or NAME.pkl, or make an alphabet of the texts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from . import _command, _options, _progress
from ._storage import write_atomically
from .datasets.labels import count_characters, is_text, labels
from .datasets.packing import pack
from .datasets.sample import Problem
from .errors import UsageError
from .images.encoding import Encoding
from .networks.presets import load_reading_preset
from .text.alphabet import Alphabet
from .text.normalization import NormalizationForm
from .training.defaults import default_data

MIN_OCCURRENCES = 20  # of a character, before a network can be expected to know it
MAX_NAMED = 20


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr prepare",
        description=__doc__,
        epilog="Without a spec, pack what train packs: IAM in data/iam (Aachen split), into runs/packed.",
    )
    parser.add_argument(
        "spec", nargs="?", help="data as KIND:PATH[?key=value&…], e.g. 'iam-words:data/iam?split=train'"
    )
    add = parser.add_argument
    add("--output", type=Path, help="the packed data: NAME.rec, a folder of records, or NAME.pkl, a cache")
    characters = "write the characters of all texts there; accepts text:FILE as data"
    add("--alphabet", type=Path, metavar="FILE", help=characters)
    add("--normalization", choices=get_args(NormalizationForm), help="Unicode form of the texts (default: NFC)")
    add("--preset", default="words", help="prepare for this preset's network (default: %(default)s)")
    add(
        "--encoding",
        metavar="FORMAT",
        help="encoding of images in records: pgm (lossless, read fastest), png (lossless, smaller), webp:QUALITY or "
        f"jpeg:QUALITY (default: that of existing records, else {Encoding()})",
    )
    add("--workers", type=int, help="worker processes (default: one per core)")
    add("--force", action="store_true", help="write the output even if it is up to date")
    _options.add_json(parser)
    return parser


def run(
    spec: str,
    output: Path | None = None,
    alphabet: Path | None = None,
    normalization: NormalizationForm | None = None,
    preset: str = "words",
    encoding: str | None = None,
    workers: int | None = None,
    force: bool = False,
    as_json: bool = False,
) -> int:
    """Write the alphabet, the packed data, or both."""
    if normalization and not alphabet:
        raise UsageError("--normalization needs --alphabet FILE")
    if output and is_text(spec):
        raise UsageError(f"{spec} has no images: leave --output out")
    if not output and not alphabet:
        raise UsageError("nothing to do: give --output NAME.rec or NAME.pkl, or --alphabet FILE")
    _options.check_workers(workers)
    if alphabet:
        counts, problems = write_alphabet(spec, alphabet, normalization or "NFC")
        if not output:
            content = _json(problems, alphabet=str(alphabet), characters=len(counts), counts=counts)
            print(content if as_json else _describe_alphabet(alphabet, counts))
            return 0
        _command.say(_describe_alphabet(alphabet, counts))
    assert output is not None
    preprocessing = load_reading_preset(preset).preprocessing
    packed = pack(
        spec,
        output,
        preprocessing,
        encoding=encoding,
        workers=workers,
        force=force,
        track=_progress.track,
        say=_command.say,
    )
    _command.say_left_out(packed.problems, "--json")
    if as_json:
        print(_json(packed.problems, output=str(output), samples=packed.samples))
    else:
        print(f"{output}: {packed.samples} samples, {len(packed.problems)} left out")
    return 0


def write_alphabet(spec: str, output: Path, form: NormalizationForm) -> tuple[dict[str, int], list[Problem]]:
    """Write the alphabet of all texts. Return how often each character occurs, in its order, and the problems.

    Raises `UsageError` if there is no text.
    """
    texts, problems = labels(spec)
    counts = count_characters(texts, form)
    _command.say_left_out(problems, "--json")
    if not counts:
        raise UsageError(f"{spec} has no text to make an alphabet from")
    alphabet = Alphabet.from_texts(counts, form)
    write_atomically(output, alphabet.to_json())
    return {character: counts[character] for character in alphabet.characters}, problems


def _describe_alphabet(output: Path, counts: dict[str, int]) -> str:
    rare = [character for character, count in counts.items() if count < MIN_OCCURRENCES]
    few = f", {len(rare)} of them seen less than {MIN_OCCURRENCES} times: {' '.join(rare[:MAX_NAMED])}" if rare else ""
    return f"{output}: {len(counts)} characters{few}{' …' if len(rare) > MAX_NAMED else ''}"


def _json(problems: list[Problem], **content: object) -> str:
    listed = [{"id": problem.id, "reason": problem.reason} for problem in problems]
    return json.dumps({**content, "problems": listed})


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    if options.spec is None:
        _options.refuse_others(parser(), options, {"preset"}, "name the data: KIND:PATH")
        default_data(options.preset, _progress.track, print)
        return 0
    return run(
        options.spec,
        options.output,
        options.alphabet,
        options.normalization,
        options.preset,
        options.encoding,
        options.workers,
        options.force,
        options.json,
    )


if __name__ == "__main__":
    sys.exit(_command.main(main))
