"""Train variants of a network side by side, from one file of experiments, and compare them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from . import _command, _options, _progress
from ._storage import only_writer, write_atomically
from .errors import MissingToolError, StorageError
from .experiments.comparison import Row, compare_runs
from .experiments.devices import Slot, make_slots
from .experiments.following import Progress
from .experiments.picture import draw_curves
from .experiments.plan import PlanFile, PlannedRun, make_plan
from .experiments.running import Runner, log_of
from .experiments.schema import load_experiments
from .experiments.table import as_tsv, live_rows, result_rows, summary
from .experiments.trackers import TRACKERS, Send, load_tracker
from .training.journal import read_journal


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr sweep",
        description=__doc__,
        epilog="example: gluon-htr sweep examples/word_networks.toml --devices 'cpu*2'. Repeat the command to continue "
        "a sweep that was stopped or killed.",
    )
    add = parser.add_argument
    add("experiments", type=Path, metavar="EXPERIMENTS.toml", help="what all runs share, variants, and lists of values")
    add("--output", type=Path, metavar="DIR", help="folder of all runs (default: runs/NAME of the file)")
    devices = "cpu, cpu*2 (two at a time), gpu:0,gpu:1, gpu (all free ones); default: cpu, with torch a free GPU"
    add("--devices", metavar="LIST", help=devices)
    fraction = "use this share of the training data, to try things quickly"
    add("--subsample-fraction", type=float, default=1.0, metavar="SHARE", help=fraction)
    add("--retry-failed", action="store_true", help="train the runs again that failed before")
    add("--tracker", choices=tuple(TRACKERS), help="send settings and logs of finished runs there, too")
    _options.add_json(parser, "the comparison")
    return parser


def run(
    runs: Sequence[PlannedRun],
    output: Path,
    slots: Sequence[Slot],
    retry_failed: bool = False,
    tracker: str | None = None,
    as_json: bool = False,
) -> int:
    """Train what is left of the runs, and compare those that are done."""
    send = load_tracker(tracker) if tracker else None
    with only_writer(output):
        plan = PlanFile(output, runs)
        runner = Runner(runs, plan, retry_failed)
        progress = list(runner.progress.values())
        for one in progress:
            if one.state != "waiting":
                _command.say(summary(one))
        with _command.stop_requests() as requests, _progress.Table() as table:
            complete = runner.train(
                slots,
                stopping=lambda: bool(requests),
                changed=lambda one: table.note(summary(one)),
                tick=lambda: table.show(live_rows(progress, table.width), [summary(one) for one in _running(progress)]),
            )
        if not complete:
            _command.say(f"stopped and saved in {output}: repeat the command to continue")
            return 128 + requests[0] if requests else _command.INTERRUPTED
        done = [one for one in runs if runner.progress[one.name].state == "done"]
        rows = compare_runs(done, track=_progress.track, say=_command.say)
        _write(output, rows, done, progress)
        untracked = _send(send, tracker, output.name, done, plan) if send and tracker else 0
    if as_json:
        print((output / "results.json").read_text("utf-8").strip())
    elif rows:
        print("\n".join(result_rows(rows)))
    return _status(runs, runner) or min(untracked, 1)


def _send(send: Send, tracker: str, group: str, done: Sequence[PlannedRun], plan: PlanFile) -> int:
    """Send the runs to a tracker that it does not have; return the number of those that it did not take."""
    failures = 0
    for one in done:
        entry = plan.entries[one.name]
        if tracker in entry.tracked:
            continue
        try:
            send(group, one.name, entry.settings, read_journal(one.folder))
        except StorageError as error:
            _command.say(f"error: {error}")
            failures += 1
            continue
        entry.tracked.append(tracker)
        plan.save()
    return failures


def _running(progress: Sequence[Progress]) -> list[Progress]:
    return [one for one in progress if one.state == "running"]


def _write(output: Path, rows: Sequence[Row], done: Sequence[PlannedRun], progress: Sequence[Progress]) -> None:
    """Write results.tsv, results.json and curves.png."""
    write_atomically(output / "results.tsv", as_tsv(rows).encode())
    missing = {one.name: {"state": one.state, "message": one.message} for one in progress if one.state != "done"}
    content = {"validation": done[0].settings.validation if done else None, "runs": rows, "not_compared": missing}
    write_atomically(output / "results.json", msgspec.json.format(msgspec.json.encode(content)) + b"\n")
    try:
        if done:
            picture = draw_curves({one.name: read_journal(one.folder) for one in done})
            write_atomically(output / "curves.png", picture)
    except MissingToolError as error:
        _command.say(str(error))


def _status(runs: Sequence[PlannedRun], runner: Runner) -> int:
    states = [(one, runner.progress[one.name]) for one in runs]
    bad = [(one, progress) for one, progress in states if progress.state != "done"]
    for one, progress in bad:
        log = f" (see {log_of(one)})" if log_of(one).is_file() else ""
        _command.say(f"{summary(progress)}{log}")
    if any(progress.state == "failed" for _, progress in bad):
        _command.say("--retry-failed trains failed runs again")
    return 1 if bad else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    experiments = load_experiments(options.experiments)
    output = options.output or Path("runs") / options.experiments.stem
    slots = make_slots(options.devices or _usual(experiments.base.get("engine")))
    runs = make_plan(experiments, output, slots[0].device, options.subsample_fraction)
    return run(runs, output, slots, options.retry_failed, options.tracker, options.json)


def _usual(engine: object) -> str:
    return "auto" if engine == "torch" else "cpu"  # MXNet trains on the CPU


if __name__ == "__main__":
    sys.exit(_command.main(main))
