"""Train a recognizer, or a network that finds lines on pages. The result is a run: checkpoints, log, score card."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from . import _command, _options, _progress
from ._extras import need_packages
from ._storage import only_writer
from ._training_progress import TrainingProgress
from .bundles.run_folder import is_run
from .networks.presets import is_layout
from .training.defaults import default_data, default_output, training_precision
from .training.joining import join_team, serve_kvstore
from .training.layout.initial_weights import default_preset_of
from .training.run_files import read_request
from .training.settings import Request
from .training.team import ALONE, Team


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr train",
        description=__doc__,
        epilog="Without --data, train on IAM in data/iam (Aachen split) into runs/words; an existing run continues.",
    )
    add = parser.add_argument
    network = parser.add_mutually_exclusive_group()
    network.add_argument("--preset", help="network and settings by name (default: that of --init, or words)")
    network.add_argument("--config", metavar="FILE", help="network and settings from your own TOML file")
    _options.add_data(parser, "training data (default: IAM in data/iam)", required=False)
    add("--validation", metavar="SPEC", help="data to score on (default: a part of --data is held out)")
    add("--unlabeled", action="append", default=[], metavar="SPEC", help="characters without labels, for chars-gan")
    add("--labels-per-class", type=_options.count, metavar="N", help="train on N characters of each class, at random")
    add("--output", type=Path, metavar="DIR", help="the run's folder (default: runs/PRESET)")
    add("--resume", action="store_true", help="continue the run in --output, if there is one")
    add("--budget", type=_options.seconds, metavar="TIME", help="end after this time: 90m, 2h, 45s")
    add("--engine", choices=("mxnet", "torch"), default="mxnet", help="training engine (default: %(default)s)")
    precisions = ("float32", "bfloat16", "auto")
    add("--precision", choices=precisions, default="float32", help="auto: bfloat16 where it is computed fast")
    add("--device", default="cpu", help="cpu or gpu:0 (default: %(default)s)")
    add("--kvstore", metavar="dist_sync", help="train with the processes that a launcher of MXNet started")
    add("--seed", type=int, default=0, help="seed of all random numbers (default: %(default)s)")
    add("--workers", type=int, default=1, help="processes that augment images (default: %(default)s)")
    _options.add_threads(parser)
    add("--alphabet", type=Path, metavar="FILE", help="alphabet.json (default: the characters of --init and of --data)")
    add("--dry-run", action="store_true", help="print samples, steps and time, from a few measured steps")
    add("--init", metavar="MODEL", help="start from the weights of a bundle, a run or an exported pair")
    add("--teacher", metavar="MODEL", help="learn from the readings of this model, too: distillation")
    add("--unfit", choices=("skip", "refuse"), default="skip", help="action for untrainable samples (default: skip)")
    return parser


def run(
    request: Request,
    output: Path,
    resume: bool = False,
    alphabet: Path | None = None,
    threads: int | None = None,
    team: Team = ALONE,
) -> int:
    """Train to the end, or until Ctrl-C. Without data in the request, train on IAM. Of a team, the first speaks."""
    with _command.silenced(not team.is_leader), only_writer(output) if team.is_leader else contextlib.nullcontext():
        status = _train(request, output, resume, alphabet, threads, team)
        team.leave()
    return status


def _train(request: Request, output: Path, resume: bool, alphabet: Path | None, threads: int | None, team: Team) -> int:
    if not request.data:
        train, validation = default_data(request.preset, _progress.track, _command.say)
        request = msgspec.structs.replace(request, data=[train], validation=request.validation or validation)
        continues = " (continues)" if resume and is_run(output) else ""
        _command.say(f"preset {request.preset}, output {output}{continues}")
    from ._training_report import report
    from .training.layout.session import LayoutSession
    from .training.session import Session, first_reasons

    kind = LayoutSession if is_layout(request.preset) else Session
    session: LayoutSession | Session = kind.open(
        request,
        output,
        resume=resume,
        alphabet=alphabet,
        threads=threads,
        track=_progress.track,
        say=_command.say,
        team=team,
    )
    for reason in first_reasons(session.skipped):
        _command.say(reason)
    _command.say(session.counts)
    with _command.stop_requests() as requests, TrainingProgress() as progress:
        complete = session.train(progress.callbacks(requests))
    if not complete:
        _command.say(f"stopped and saved in {output}: repeat the command with --resume to continue")
        return 128 + requests[0] if requests else _command.INTERRUPTED  # of a team, another process was asked
    return report(session, session.report())


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    need_packages("cv2", "matplotlib", "tomli_w")  # or it would be known only after minutes, when the run is written
    serve_kvstore()
    _options.check_workers(options.workers)
    _options.check_threads(options.threads)
    _options.check_seed(options.seed)
    named = options.config or options.preset
    output = options.output or default_output(named or default_preset_of(options.init))
    resume = options.resume or not (options.data or options.output)
    resumed = output if resume and is_run(output) else None
    preset = named or (read_request(resumed).preset if resumed else default_preset_of(options.init))
    team = join_team(options.engine, options.device, options.kvstore, _command.say)
    request = Request(
        preset=preset,
        data=options.data or [],
        validation=options.validation,
        seed=options.seed,
        engine=options.engine,
        precision=training_precision(options.precision, options.engine, options.device, resumed),
        device=options.device,
        workers=options.workers,
        budget=options.budget,
        init=options.init,
        teacher=options.teacher,
        unlabeled=options.unlabeled,
        labels_per_class=options.labels_per_class,
        unfit=options.unfit,
    )
    if options.dry_run:
        from ._training_plan import dry_run

        return dry_run(request, output, options.alphabet, options.threads)
    return run(request, output, resume, options.alphabet, options.threads, team)


if __name__ == "__main__":
    sys.exit(_command.main(main))
