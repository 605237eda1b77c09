"""Adapt a model to a hand without labels: it learns from pages that nobody has transcribed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from . import _command, _options, _progress
from ._extras import need_packages
from ._inputs import inputs, samples
from ._storage import atomic_folder, only_writer
from ._training_progress import TrainingProgress
from .adaptation.language import language_model
from .adaptation.lines import LABELS, LEAST, Cut, cut_pages, whole_lines, write_lines
from .bundles.writer import check_target
from .errors import ImageError, UsageError
from .runtime.loading import find_model
from .runtime.loading_pages import load_reader

if TYPE_CHECKING:  # what trains needs packages of an extra, and `--help` does not
    from .adaptation.adapting import Adaptation, Settings
    from .training.session import Session


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr adapt",
        description=__doc__,
        epilog="example: gluon-htr adapt letters/*.jpg --output mine.zip. The exit status is 1 if nothing is gained.",
    )
    add = parser.add_argument
    add("images", nargs="*", metavar="IMAGE", help=f"pages of one hand, with {LEAST} lines or more in all")
    add("--lines", action="store_true", help="the images are single lines")
    add("--data", action="append", default=[], metavar="SPEC", help="lines of a data set; labels are not used")
    _options.add_model(parser)
    network = parser.add_mutually_exclusive_group()
    network.add_argument("--preset", help="network and settings by name (default: that of the model)")
    network.add_argument("--config", metavar="FILE", help="network and settings from your own TOML file")
    add("--layout", metavar="MODEL", help="model that finds lines (default: pages)")
    add("--output", type=Path, required=True, metavar="BUNDLE", help="a .zip; beside it, a folder with the lines")
    add("--budget", type=_options.seconds, default=600.0, metavar="TIME", help="time of training (default: 10m)")
    add("--engine", choices=("mxnet", "torch"), default="mxnet", help="training engine (default: %(default)s)")
    add("--language", metavar="CODE", help="en, fr …, or auto to choose by what is read (default: auto)")
    add("--language-model", type=Path, metavar="FILE", help="a language model of gluon-htr language, or an ARPA file")
    add("--seed", type=int, default=0, help="seed of all random numbers (default: %(default)s)")
    _options.add_threads(parser)
    return parser


def _usable(found: Iterable[Cut | ImageError]) -> Iterator[Cut]:
    for each in found:
        if isinstance(each, ImageError):
            _command.say(f"error: {each}")
        else:
            yield each


def _train(session: Session) -> bool:
    with _command.stop_requests() as requests, TrainingProgress() as progress:
        return session.train(progress.callbacks(requests))


def report(done: Adaptation, settings: Settings, folder: Path) -> int:
    """Print what was gained, and what to do next; return 1 if the model is not kept."""
    course = " → ".join(f"{each:.1f}" for each in done.perplexities)
    _command.say(f"perplexity of what is read in {done.held_out} held-out lines, without a language model: {course}")
    labels = folder / LABELS
    correct = f"correct the readings in {labels}, then: gluon-htr train --init"
    if not done.bundle:
        print(f"nothing is kept: it cannot be told that it reads better than {settings.model}")
        _command.say(f"more pages may help, or {correct} {settings.model} --data listing:{labels}")
        return 1
    print(f"{done.bundle}: adapted to {done.learned} lines, better beyond chance (paired bootstrap)")
    _command.say(f"read with it: gluon-htr read PAGE --model {done.bundle}")
    _command.say(f"better still, {correct} {done.bundle} --data listing:{labels}")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    need_packages("cv2", "matplotlib", "onnx", "tomli_w")
    from .adaptation.adapting import Settings, adapt

    _options.check_threads(options.threads)
    _options.check_seed(options.seed)
    if not (options.images or options.data):
        raise UsageError("give pages, or --data")
    if options.output.suffix != ".zip":
        raise UsageError(f"{options.output} is no name of a bundle: give one that ends with .zip")
    check_target(options.output)
    folder = options.output.with_suffix("")
    if folder.exists():
        raise UsageError(f"{folder} exists already: the lines are kept there; give another --output")
    reader = load_reader(options.model, options.layout, options.threads)
    images = inputs(options.images)
    settings = Settings(
        str(options.model or find_model(None)),
        options.output,
        options.budget,
        options.config or options.preset,
        engine=options.engine,
        seed=options.seed,
        threads=options.threads,
    )
    with only_writer(options.output.parent, options.output.name), atomic_folder(folder) as unfinished:
        found = whole_lines(images) if options.lines else cut_pages(images, reader)
        files = write_lines(_usable(chain(found, whole_lines(samples(options.data)))), unfinished)
        chosen = language_model(
            options.language, options.language_model, reader.recognizer, [file for file, _ in files]
        )
        _command.say(f"{len(files)} lines; their language: {chosen.language or 'not stated'}")
        done = adapt(files, chosen, settings, _command.say, _progress.track, _train)
        if done is None:
            raise KeyboardInterrupt  # nothing is left, so that the same command can be repeated
    return report(done, settings, folder)


if __name__ == "__main__":
    sys.exit(_command.main(main))
