"""Trains a recognizer and leaves a run: checkpoints, log, curves, score card."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from . import _command
from ._storage import write_atomically
from .bundles.run_folder import is_run
from .datasets.store import Store
from .errors import UsageError
from .text.metrics import ScoreCard
from .training.assembly import (
    check_data,
    load_training_data,
    make_batches,
    make_engine,
    resumed_run,
    start_run,
    usable,
)
from .training.engines import fastest_precision
from .training.journal import read_journal
from .training.loop import Training, Watcher
from .training.runs import Run, load_run, unmark_run
from .training.settings import Request
from .training.transfer import default_preset

HOPELESS = 0.8  # CER of a trained model; what it cannot read at all is mostly not what the label says


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="gluon_htr.train", description=__doc__)
    network = parser.add_mutually_exclusive_group()
    network.add_argument("--preset", help="network and settings by name (default: that of --init, or words)")
    network.add_argument("--config", metavar="FILE", help="network and settings from a TOML file of your own")
    parser.add_argument("--data", action="append", required=True, metavar="SPEC", help="training data; may be repeated")
    parser.add_argument(
        "--validation",
        metavar="SPEC",
        help="data to score on (default: a part of --data is held out, generated lines aside)",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="the run's folder")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --output, if it has begun")
    parser.add_argument("--budget", type=seconds, metavar="TIME", help="end after this time: 90m, 2h, 45s")
    parser.add_argument("--engine", choices=("mxnet", "torch"), default="mxnet", help="default: %(default)s")
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16", "auto"),
        default="float32",
        help="auto: bfloat16 where --engine and --device compute it fast (default: %(default)s)",
    )
    parser.add_argument("--device", default="cpu", help="cpu or gpu:0 (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is random (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="processes that augment images (default: %(default)s)")
    parser.add_argument("--threads", type=int, help="threads of the engine (default: its own choice)")
    parser.add_argument("--alphabet", type=Path, metavar="FILE", help="default: the characters of --init and of --data")
    parser.add_argument("--init", metavar="MODEL", help="start from the weights of a bundle, a run or an exported pair")
    parser.add_argument("--unfit", choices=("skip", "refuse"), default="skip", help="samples that cannot be trained on")
    return parser


def seconds(text: str) -> float:
    """`90m`, `1.5h`, `30s` or plain seconds."""
    match = re.fullmatch(r"([0-9.]+)([smh]?)", text)
    try:
        value = float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0.0
    except ValueError:
        value = 0.0
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write 90m, 2h or 45s")
    return value


def run(request: Request, output: Path, resume: bool, alphabet: Path | None, threads: int | None) -> int:
    """Trains to the end, or until Ctrl-C."""
    going_on = resume and is_run(output)
    begun = resumed_run(output, request) if going_on else None
    data = load_training_data(request, _command.track, _command.say)
    if begun:
        check_data(begun, data)
    started = begun or start_run(output, request, data, alphabet, _command.say)
    try:
        return _train(started, *data, threads)
    except BaseException:
        if not going_on and not started.last.exists():
            unmark_run(output)  # there is nothing to go on with: the corrected command may have the same --output
        raise


def _train(started: Run, train: Store, validation: Store, threads: int | None) -> int:
    train, skipped = usable(started, train)
    engine = make_engine(started, threads)
    validation = validation.normalized(started.alphabet.normalization)
    for problem in skipped[:5]:
        _command.say(f"left out {problem.id}: {problem.reason}")
    _command.say(
        f"{len(train)} samples to train on, {len(skipped)} left out (skipped.tsv), {len(validation)} to validate"
    )
    with make_batches(started, train) as batches, _stoppable() as stop:
        training = Training(started, engine, batches, validation)
        if started.last.exists():
            training.resume()
            _command.say(f"goes on at step {training.progress.step}, epoch {training.progress.next.epoch + 1}")
        total = training.steps * len(train) // batches.per_epoch
        with _command.Bar(total, "sample", "train", done=training.progress.samples) as bar:
            complete = training.finish(_watcher(bar, stop))
        if not complete:
            _command.say(f"stopped and saved: the same command with --resume goes on, in {started.path}")
            return _command.INTERRUPTED
        return _report(started, training)


def _report(started: Run, training: Training) -> int:
    card, texts = training.final_scores()
    write_atomically(started.path / "scores.json", msgspec.json.format(msgspec.json.encode(card)) + b"\n")
    try:
        from .training.pictures import draw_curves, draw_samples
    except ImportError:
        _command.say("no pictures: matplotlib is not installed")
    else:
        draw_curves(started.path / "curves.png", read_journal(started.path))
        draw_samples(started.path / "samples.png", training.validation, texts)
    print(f"{started.path}: CER {card.cer}, Levenshtein accuracy {card.levenshtein_accuracy}, n = {card.samples}")
    if started.request.init and not training.gained:
        _command.say(_kept(started.request.init, card))
        return 1
    return 0


def _kept(init: str, card: ScoreCard) -> str:
    """Why a training gave back what it started from."""
    text = f"nothing was better than {init} by more than chance on {card.samples} samples: its weights are kept"
    if card.cer.value > HOPELESS:
        return f"{text}. At a CER of {card.cer.value:.0%}, labels may belong to other images: look at some of them"
    return f"{text}, more lines may help"


def _watcher(bar: _command.Bar, stop: list[int]) -> Watcher:
    def step(samples: int, loss: float, share: float) -> None:
        bar.note(f"loss {loss:.3f}, {share:.0%}")
        bar.update(samples)

    return Watcher(step, _command.say, lambda: bool(stop))


@contextmanager
def _stoppable() -> Iterator[list[int]]:
    """Collects Ctrl-C and SIGTERM, so that a step is never cut in two; a second Ctrl-C stops at once."""
    received: list[int] = []

    def receive(number: int, frame: object) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)
        _command.say("stopping after this step; the run is being saved")

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _preset(given: argparse.Namespace) -> str:
    """The preset where none is named: that of the run which goes on, or of the model that it starts from."""
    if given.resume and is_run(given.output):
        return load_run(given.output).request.preset
    return default_preset(given.init)


def _precision(given: argparse.Namespace) -> Literal["float32", "bfloat16"]:
    """What `auto` is: that of the run which goes on, or the fastest here."""
    if given.precision != "auto":
        return given.precision  # type: ignore[no-any-return]
    if given.resume and is_run(given.output):
        return load_run(given.output).request.precision
    return fastest_precision(given.engine, given.device)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses and runs."""
    given = parser().parse_args(arguments)
    if given.workers < 0 or (given.threads or 1) < 1:
        raise UsageError("--workers is at least 0, --threads at least 1")
    request = Request(
        preset=given.config or given.preset or _preset(given),
        data=given.data,
        validation=given.validation,
        seed=given.seed,
        engine=given.engine,
        precision=_precision(given),
        device=given.device,
        workers=given.workers,
        budget=given.budget,
        init=given.init,
        unfit=given.unfit,
    )
    return run(request, given.output, given.resume, given.alphabet, given.threads)


if __name__ == "__main__":
    sys.exit(_command.main(main))
