"""Turns data into a cache (NAME.pkl) or packed records (NAME.rec) of preprocessed images and texts; makes alphabets."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import get_args

from . import _command
from ._storage import write_atomically
from .datasets.freshness import current_origin
from .datasets.labels import count_characters, is_text, labels
from .datasets.origin import Origin, difference
from .datasets.packed.cache import is_cache, load_cache, save_cache
from .datasets.packed.records import is_records, load_intact, records_encoding, save_records
from .datasets.preparation import Preparer
from .datasets.sample import Problem
from .datasets.spec import Spec, open_spec, parse_spec
from .datasets.store import Store
from .errors import CacheError, UsageError
from .images.encoding import Encoding, parse_encoding
from .images.preprocessing import Preprocessing
from .networks.presets import load_preset
from .text.alphabet import Alphabet
from .text.normalization import Form

LEARNED = 20  # times a character occurs, at least, before a network can be expected to know it
MOST_NAMED = 20
Load = Callable[[Path], tuple[Store, Origin]]


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="gluon_htr.prepare", description=__doc__)
    parser.add_argument("spec", help="data as KIND:PATH[?key=value&…], e.g. 'iam-words:data/iam?split=train'")
    parser.add_argument("--output", type=Path, help="what to write: words.pkl, words.rec")
    parser.add_argument(
        "--alphabet", type=Path, metavar="FILE", help="write the characters of all texts; also takes text:FILE as data"
    )
    parser.add_argument("--normalization", choices=get_args(Form), help="of the alphabet's texts (default: NFC)")
    parser.add_argument("--preset", default="words", help="prepare for this preset's network (default: %(default)s)")
    parser.add_argument(
        "--encoding",
        metavar="FORMAT",
        help="of images in records: pgm (lossless, read fastest), png (lossless, smaller), webp:QUALITY or "
        f"jpeg:QUALITY (default: as they are there already, else {Encoding()})",
    )
    parser.add_argument("--workers", type=int, help="processes (default: one a core)")
    parser.add_argument("--force", action="store_true", help="write it anew even if it is up to date")
    parser.add_argument("--json", action="store_true", help="the result as JSON on stdout")
    return parser


def write_alphabet(spec: str, output: Path, form: Form) -> tuple[dict[str, int], list[Problem]]:
    """Writes the alphabet of all texts; returns how often each of its characters occurs, in its order.

    Also returns which labels do not count. Raises `UsageError` where there is no text.
    """
    texts, problems = labels(spec)
    counts = count_characters(texts, form)
    _command.say_left_out(problems, "--json")
    if not counts:
        raise UsageError(f"{spec} has no text to make an alphabet from")
    alphabet = Alphabet.from_texts(counts, form)
    write_atomically(output, alphabet.to_json())
    return {character: counts[character] for character in alphabet.characters}, problems


def _alphabet_words(output: Path, counts: dict[str, int]) -> str:
    rare = [character for character, count in counts.items() if count < LEARNED]
    few = f", {len(rare)} of them seen less than {LEARNED} times: {' '.join(rare[:MOST_NAMED])}" if rare else ""
    return f"{output}: {len(counts)} characters{few}{' …' if len(rare) > MOST_NAMED else ''}"


def run(
    spec: str, output: Path, preset: str, encoding: str | None, workers: int | None, force: bool, as_json: bool
) -> int:
    """Writes the cache or the records unless they are there, intact and fresh; of records only what is not."""
    parsed, rule = parse_spec(spec), load_preset(preset).preprocessing
    packed = _encoding(encoding, output) if output.suffix == ".rec" else None
    if not packed and encoding:
        raise UsageError(f"--encoding is for records: give an --output that ends in .rec, not {output.name}")
    load: Load = partial(load_intact, encoding=packed) if packed else load_cache
    there = is_records(output) if packed else is_cache(output)
    if there and not force:
        store, why = _existing(load, output, current_origin(parsed, rule))
        if store is not None and not why:
            _command.say(f"{output} is up to date")
            return _report(len(store), store.problems, output, as_json)
        _command.say(f"{output} is made anew: {why}")
    write = partial(_pack, encoding=packed, force=force) if packed else _pickle
    samples, problems = write(parsed, output, rule, workers)
    return _report(samples, problems, output, as_json)


def _encoding(asked: str | None, output: Path) -> Encoding:
    """The one that is asked for, else that of what is there already."""
    asked = asked or records_encoding(output)
    return parse_encoding(asked) if asked else Encoding()


def _pickle(spec: Spec, output: Path, rule: Preprocessing, workers: int | None) -> tuple[int, list[Problem]]:
    with Preparer(workers) as preparer:
        made_from = preparer.later(current_origin, spec, rule)
        reader = open_spec(spec)
        with _command.track("prepare", len(reader)) as advance:
            return save_cache(output, preparer.stores(reader, rule, advance), made_from)


def _pack(
    spec: Spec, output: Path, rule: Preprocessing, workers: int | None, *, encoding: Encoding, force: bool
) -> tuple[int, list[Problem]]:
    with Preparer(workers) as preparer:
        made_from = current_origin(spec, rule)
        reader = open_spec(spec)
        with _command.track("prepare", len(reader)) as advance:
            return save_records(output, reader, preparer, made_from, encoding, advance, anew=force)


def _existing(load: Load, output: Path, expected: Origin) -> tuple[Store | None, str]:
    """What is there, and why it does not serve; an empty reason when it does."""
    try:
        store, found = load(output)
    except CacheError as error:
        return None, str(error)
    return store, difference(found, expected)


def _report(samples: int, problems: list[Problem], output: Path, as_json: bool) -> int:
    _command.say_left_out(problems, "--json")
    if as_json:
        print(_json(problems, output=str(output), samples=samples))
    else:
        print(f"{output}: {samples} samples, {len(problems)} left out")
    return 0


def _json(problems: list[Problem], **content: object) -> str:
    return json.dumps({**content, "problems": [asdict(problem) for problem in problems]})


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses and runs."""
    given = parser().parse_args(arguments)
    if given.normalization and not given.alphabet:
        raise UsageError("--normalization is of an alphabet: give --alphabet FILE, too")
    if given.output and is_text(given.spec):
        raise UsageError(f"{given.spec} has no images: leave --output out")
    if given.alphabet:
        counts, problems = write_alphabet(given.spec, given.alphabet, given.normalization or "NFC")
        if not given.output:
            content = _json(problems, alphabet=str(given.alphabet), characters=len(counts), counts=counts)
            print(content if given.json else _alphabet_words(given.alphabet, counts))
            return 0
        _command.say(_alphabet_words(given.alphabet, counts))
    if not given.output:
        raise UsageError("what is to be made? Give --output NAME.pkl or NAME.rec, or --alphabet FILE")
    return run(given.spec, given.output, given.preset, given.encoding, given.workers, given.force, given.json)


if __name__ == "__main__":
    sys.exit(_command.main(main))
