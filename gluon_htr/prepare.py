"""Turns data into a cache of preprocessed images and texts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from . import _door
from .datasets.cache import Origin, difference, load_cache, origin, save_cache
from .datasets.preparation import Preparer
from .datasets.sample import Problem
from .datasets.specs import open_spec, parse_spec
from .datasets.store import Store
from .errors import CacheError
from .networks.presets import load_preset


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="gluon_htr.prepare", description=__doc__)
    parser.add_argument("spec", help="data as KIND:PATH[?key=value&…], e.g. 'iam-words:data/iam?split=train'")
    parser.add_argument("--output", type=Path, required=True, help="the cache to write, e.g. words.pkl")
    parser.add_argument("--preset", default="words", help="prepare for this preset's network (default: %(default)s)")
    parser.add_argument("--workers", type=int, help="processes (default: one a core)")
    parser.add_argument("--force", action="store_true", help="write the cache anew even if it is up to date")
    parser.add_argument("--json", action="store_true", help="the result as JSON on stdout")
    return parser


def run(spec: str, output: Path, preset: str, workers: int | None, force: bool, as_json: bool) -> int:
    """Writes the cache unless it is there and fresh."""
    parsed, rule = parse_spec(spec), load_preset(preset).preprocessing
    if output.exists() and not force:
        store, why = _existing(output, origin(spec, parsed.path, rule))
        if store is not None and not why:
            _door.say(f"{output} is up to date")
            return _report(len(store), store.problems, output, as_json)
        _door.say(f"{output} is made anew: {why}")
    with Preparer(workers) as preparer:
        made_from = preparer.later(origin, spec, parsed.path, rule)
        reader = open_spec(parsed)
        with _door.track("prepare", len(reader)) as advance:
            samples, problems = save_cache(output, preparer.stores(reader, rule, advance), made_from)
    return _report(samples, problems, output, as_json)


def _existing(output: Path, expected: Origin) -> tuple[Store | None, str]:
    """The cache that is there, and why it does not serve; an empty reason when it does."""
    try:
        store, found = load_cache(output)
    except CacheError as error:
        return None, str(error)
    return store, difference(found, expected)


def _report(samples: int, problems: list[Problem], output: Path, as_json: bool) -> int:
    for problem in problems[:10]:
        _door.say(f"left out {problem.id}: {problem.reason}")
    if len(problems) > 10:
        _door.say(f"… and {len(problems) - 10} more; --json lists all")
    if as_json:
        listed = [{"id": problem.id, "reason": problem.reason} for problem in problems]
        print(json.dumps({"output": str(output), "samples": samples, "problems": listed}))
    else:
        print(f"{output}: {samples} samples, {len(problems)} left out")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses and runs."""
    given = parser().parse_args(arguments)
    return run(given.spec, given.output, given.preset, given.workers, given.force, given.json)


if __name__ == "__main__":
    sys.exit(_door.main(main))
