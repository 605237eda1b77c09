"""Commands that tests run in a fork: they end as commands of their own do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from letters import draw
from started_processes import can_fork, run_forked, server_environment
from support import command_environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tests fork commands on Linux only")


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["gluon_htr", "--version"], None),
        (["gluon_htr.predict", "word.png", "nowhere.png"], None),  # one is read, one is not: status 1
        (["gluon_htr.predict", "-"], "not an image\r\n"),
        (["gluon_htr.train", "--labels-per-class", "none"], None),  # status 2
    ],
)
def test_a_command_ends_as_it_does_without_a_fork(words: list[str], given: str | None, tmp_path: Path) -> None:
    """What all tests of commands say of users' commands would not be so."""
    draw("abc").save(tmp_path / "word.png")
    arguments = [sys.executable, "-m", *words]
    options = {"input": given} if given else {"stdin": subprocess.DEVNULL}
    whole = subprocess.run(
        arguments, cwd=tmp_path, env=command_environment(), capture_output=True, text=True, **options
    )
    forked = run_forked(arguments, {"input": given, "cwd": tmp_path, "env": command_environment()})
    assert (forked.returncode, forked.stdout, forked.stderr) == (whole.returncode, whole.stdout, whole.stderr)


def test_a_command_has_its_own_environment(tmp_path: Path) -> None:
    """A folder of models that one test names would be that of the next."""
    arguments = [sys.executable, "-m", "gluon_htr.models", "list", "--json"]
    (tmp_path / "broken.zip").write_bytes(b"")
    own = {"cwd": tmp_path, "env": command_environment(GLUON_HTR_MODELS=str(tmp_path))}
    assert "broken" in "".join(run_forked(arguments, own).stderr)
    assert json.loads(run_forked(arguments, {"cwd": tmp_path, "env": command_environment()}).stdout)


def test_a_command_that_takes_too_long_is_ended() -> None:
    """The tests would wait for ever."""
    with pytest.raises(subprocess.TimeoutExpired):
        run_forked([sys.executable, "-m", "http.server", "0"], {"env": command_environment(), "timeout": 0.5})


@pytest.mark.parametrize(
    "options",
    [
        {"env": {"OMP_NUM_THREADS": "7"}},
        {"env": {"PYTHONPATH": "/nowhere"}},
        {"env": None},
        {"preexec_fn": print},
        {"text": False},
    ],
)
def test_what_imports_depend_on_is_not_forked(options: dict[str, object], tmp_path: Path) -> None:
    """The imports were made with other variables, and without the modules of the command's folder."""
    environment = server_environment()  # other tests may have changed this process' own
    usual = {"capture_output": True, "text": True, "env": environment, "cwd": tmp_path}
    if "env" in options:
        options = {"env": environment | options["env"] if options["env"] else {}}  # type: ignore[operator]
    assert can_fork(["python", "-m", "gluon_htr.train"], usual)
    assert not can_fork(["python", "-m", "gluon_htr.train"], usual | options)
    assert not can_fork(["python", "-m", "gluon_htr.train", "--engine", "torch"], usual)
    (tmp_path / "mxnet").mkdir()
    (tmp_path / "mxnet" / "__init__.py").touch()
    assert not can_fork(["python", "-m", "gluon_htr.train"], usual)
