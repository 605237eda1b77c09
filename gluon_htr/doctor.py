"""Check data before training, or a run after it: what is wrong, where, and the command that fixes it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from . import _command, _options, _progress
from ._processes import cores
from ._storage import check_folder
from .bundles.run_folder import is_run
from .checks.correction import LABELS, correct
from .checks.diagnosis import Diagnosis, Wishes, diagnose, diagnose_pictures
from .checks.looking import Looked, look_at_pictures, look_at_specs
from .checks.runs import diagnose_run
from .checks.suspects import check_list, find_suspects, read_corrections, write_suspects
from .checks.target import target_of_model, target_of_preset
from .checks.wording import in_words
from .datasets.kinds import KINDS
from .errors import UsageError
from .pages.files import expand
from .runtime.loading import load_text_model
from .text.alphabet import Alphabet


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr doctor",
        description=__doc__,
        epilog="example: gluon-htr doctor listing:mine --preset lines. The exit status is 1 if training is harmed.",
    )
    add = parser.add_argument
    add(
        "what", nargs="+", metavar="SPEC|IMAGE|RUN", help="data as `train --data` takes them, images, or a run's folder"
    )
    add(
        "--validation", action="append", metavar="SPEC", help="data to score on: they must share no writer and no image"
    )
    network = parser.add_mutually_exclusive_group()
    network.add_argument("--preset", help="check for this preset's images (default: lines or words, by what there is)")
    network.add_argument("--model", help="check for the alphabet and the images of a bundle or a run")
    add("--alphabet", type=Path, metavar="FILE", help="check for the characters of an alphabet.json")
    add("--report", type=Path, metavar="DIR", help="write an HTML page, a contact sheet and histograms there")
    add("--fix", type=Path, metavar="DIR", help="write a corrected copy there, which listing:DIR names")
    suspects = "with --model: write the labels that the model finds least likely there, as a list to correct (.tsv)"
    add("--corrections", type=Path, metavar="FILE", help="with --fix: a list of --suspects whose texts were corrected")
    add("--suspects", type=Path, metavar="FILE", help=suspects)
    add("--share", type=float, default=0.08, help="of the samples, that --suspects lists (default: %(default)s)")
    add("--workers", type=int, metavar="N", help="processes that decode images (default: one per core)")
    _options.add_threads(parser)
    _options.add_json(parser, "the findings")
    return parser


def run(options: argparse.Namespace) -> int:
    """Check the data, the pictures or the run, print what was found, and write what was asked for."""
    if options.corrections and not options.fix:
        raise UsageError("--corrections needs --fix DIR, where the corrected copy is written")
    folders = [Path(name) for name in options.what if is_run(Path(name))]
    if folders:
        if len(options.what) > 1 or options.fix or options.report or options.suspects:
            raise UsageError("name a run alone: --fix, --report and --suspects are for data")
        return _tell(diagnose_run(folders[0]), options.json)
    specs = [name for name in options.what if name.partition(":")[0] in KINDS and not Path(name).exists()]
    if specs and len(specs) < len(options.what):
        raise UsageError(f"{' '.join(options.what)} mixes data and images: check them apart")
    if options.suspects:
        if options.fix or options.report or options.validation:
            raise UsageError("--suspects writes a list alone: leave out --fix, --report and --validation")
        return _rank(specs, options)
    check_folder(options.report)
    check_folder(options.fix)
    seen, found = _diagnosis(specs, options)
    if options.report:
        from .checks.report import write_report

        write_report(options.report, seen, found)
    status = _tell(found, options.json)
    if options.fix:
        texts = read_corrections(options.corrections) if options.corrections else {}
        done = correct(seen, found.findings, options.fix, texts, _progress.track)
        _command.say(f"{options.fix}: {done.written} samples, {done.changed} corrected, {done.left_out} left out")
        if not seen.pictures:
            _command.say(f"train on them with --data listing:{options.fix / LABELS}")
    return status


def _diagnosis(specs: list[str], options: argparse.Namespace) -> tuple[Looked, Diagnosis]:
    workers = cores() if options.workers is None else options.workers
    how = (workers, options.report is not None, _progress.track)
    if not specs:
        if options.validation or options.preset or options.model or options.alphabet:
            raise UsageError("images have no texts: --validation, --preset, --model and --alphabet are for data")
        seen = look_at_pictures(expand(options.what), *how)
        return seen, diagnose_pictures(seen)
    model = target_of_model(options.model) if options.model else None
    target = model or (target_of_preset(options.preset) if options.preset else None)
    alphabet = (str(options.alphabet), Alphabet.load(options.alphabet)) if options.alphabet else None
    seen = look_at_specs(specs, *how)
    held = look_at_specs(options.validation, workers, False, _progress.track) if options.validation else None
    return seen, diagnose(seen, Wishes(target, alphabet), held)


def _rank(specs: list[str], options: argparse.Namespace) -> int:
    if not specs or not options.model:
        raise UsageError("--suspects needs data and --model: a bundle or a run that reads such lines")
    check_list(options.suspects, options.share)  # before all data are read
    model = load_text_model(options.model, threads=options.threads)
    found = find_suspects(model, specs, _progress.track)
    count = write_suspects(options.suspects, found, specs, options.share)
    if options.json:
        print(msgspec.json.encode(found[:count]).decode())
    else:
        print(f"{options.suspects}: the {count} of {len(found)} labels that {options.model} finds least likely")
    return 0


def _tell(found: Diagnosis, as_json: bool) -> int:
    print(msgspec.json.encode(found).decode() if as_json else in_words(found))
    return int(found.harms)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    _options.check_workers(options.workers)
    _options.check_threads(options.threads)
    return run(options)


if __name__ == "__main__":
    sys.exit(_command.main(main))
