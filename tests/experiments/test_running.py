"""Running of trainings on slots, with small scripts in place of trainings."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import TINY

from gluon_htr._storage import only_writer
from gluon_htr.experiments import running
from gluon_htr.experiments.devices import Slot, make_slots
from gluon_htr.experiments.plan import PlanFile, PlannedRun, make_plan
from gluon_htr.experiments.running import Runner
from gluon_htr.experiments.schema import Experiments

FINISH = "open('run.toml', 'w').close(); open('scores.json', 'w').close()"
SAVE = """
import signal, time
def save(number, frame):
    open('saved', 'w').close()
    raise SystemExit(143)
signal.signal(signal.SIGTERM, save)
open('started', 'w').close()
time.sleep(60)
"""


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Runner]:
    """Prepares runs, each of which executes a script in its folder."""

    def make(scripts: dict[str, str], retry_failed: bool = False) -> Runner:
        def launch(run: PlannedRun, slot: Slot) -> subprocess.Popen[bytes]:
            run.folder.mkdir(parents=True, exist_ok=True)
            running.log_of(run).parent.mkdir(exist_ok=True)
            with open(running.log_of(run), "ab") as log:
                return subprocess.Popen([sys.executable, "-c", scripts[run.name]], stderr=log, cwd=run.folder)

        monkeypatch.setattr(running, "_launch", launch)
        monkeypatch.setattr(running, "POLL", 0.02)
        base = {"preset": str(TINY), "data": "mnist:x", "validation": "mnist:x"}
        runs = make_plan(Experiments(base, {name: {} for name in scripts}, {}), tmp_path, "cpu")
        return Runner(runs, PlanFile(tmp_path, runs), retry_failed)

    return make


def _train(runner: Runner, slots: int = 1, stopping: Callable[[], bool] = lambda: False) -> tuple[bool, list[str]]:
    told: list[str] = []
    slot = [Slot(f"cpu {k}", "cpu", 1) for k in range(slots)]
    return runner.train(slot, stopping, lambda one: told.append(f"{one.name} {one.state}"), lambda: None), told


def test_two_slots_train_two_runs_at_a_time(train: Callable[..., Runner]) -> None:
    """The second device would be idle, or a third training would take the memory of the others."""
    wait = f"import time; time.sleep(0.3); {FINISH}"
    complete, told = _train(train({"a": wait, "b": wait, "c": wait}), slots=2)
    assert complete
    assert told[:2] == ["a running", "b running"]
    assert told[2] in ("a done", "b done")
    assert sorted(told[3:]) == sorted({"a done", "b done", "c running", "c done"} - {told[2]})


def test_a_failed_run_is_recorded_and_tried_again_only_if_asked(train: Callable[..., Runner]) -> None:
    """A defect of one variant would end the others, or cost its time at each repetition."""
    scripts = {"bad": "import sys; sys.exit('error: no letters at all')", "good": FINISH}
    runner = train(scripts)
    assert _train(runner) == (True, ["bad running", "bad failed", "good running", "good done"])
    assert runner.progress["bad"].message == "no letters at all"
    assert train(scripts).progress["bad"].message == "no letters at all"  # of the next command
    assert _train(train(scripts)) == (True, [])
    assert _train(train({**scripts, "bad": FINISH}, retry_failed=True)) == (True, ["bad running", "bad done"])
    assert train(scripts).progress["bad"].state == "done"


def test_a_training_that_the_kernel_kills_is_told_as_such(train: Callable[..., Runner]) -> None:
    """Users would search their settings for what is a lack of memory."""
    runner = train({"a": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"})
    _train(runner)
    assert runner.progress["a"].message.startswith("ended by SIGKILL; perhaps memory ran out")


def test_a_stop_lets_every_training_save(train: Callable[..., Runner], tmp_path: Path) -> None:
    """Ctrl-C would cost what was trained since the last checkpoint, and would be recorded as a failure."""
    started = [tmp_path / name / "started" for name in ("a", "b")]
    runner = train({"a": SAVE, "b": SAVE, "c": FINISH})
    complete, told = _train(runner, 2, stopping=lambda: all(path.exists() for path in started))
    assert not complete
    assert told[2:] == ["a stopped", "b stopped"]
    assert all((path.parent / "saved").exists() for path in started)
    assert train({"a": FINISH, "b": FINISH, "c": FINISH}).progress["a"].state == "waiting"


def test_a_run_that_another_process_trains_is_waited_for(
    train: Callable[..., Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a kill the old training may still be saving; a second one in its folder would fail."""
    monkeypatch.setattr("gluon_htr._storage.PATIENCE", 0.1)
    (tmp_path / "a").mkdir()
    holder = "import sys, time\nfrom pathlib import Path\nfrom gluon_htr._storage import only_writer\n"
    holder += "with only_writer(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(1)"
    command = [sys.executable, "-c", holder, str(tmp_path / "a")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        process.stdout.readline()
        began = time.monotonic()
        complete, told = _train(train({"a": FINISH}))
        assert (complete, told) == (True, ["a running", "a done"])
        assert time.monotonic() - began > 0.8
    with only_writer(tmp_path / "a"):
        pass


def test_slots_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two trainings with all cores each are slower than one after the other."""
    monkeypatch.setattr("gluon_htr.experiments.devices.cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [(slot.name, slot.threads) for slot in make_slots("cpu*2")] == [("cpu 1", 4), ("cpu 2", 4)]
    monkeypatch.setenv("OMP_NUM_THREADS", "3")  # the user's choice
    assert [slot.threads for slot in make_slots("cpu")] == [3]
