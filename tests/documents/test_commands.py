"""Commands of the documents do what the documents say: readers copy them."""

from __future__ import annotations

import argparse
import glob
import importlib
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType

import pytest
from support import PROJECT
from workspace import furnish

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from gluon_htr import _command

sys.path.insert(0, str(PROJECT / "scripts"))

from documented_commands import Command, Snippet, commands, documents, snippets

BUDGET = "1s"
#: Statuses other than 0 that a reader may see, too: data may have faults, a training of a second may improve nothing.
NEGATIVE = {"doctor": {1}, "train": {1}}
#: Programs of others that documents call.
PROGRAMS = {"pip", "python", "python3.11", ".", "cd", "curl", "docker", "serverless"}
PROGRAMS |= {"torchrun", "tensorboard", "tritonserver", "ocrmypdf", "pre-commit"}

RUN = [name for name in documents() if any(not step.reason for step in (*commands(name), *snippets(name)))]
MARKED = [command for document in documents() for command in commands(document) if command.reason]
SNIPPETS = [snippet for document in documents() for snippet in snippets(document) if snippet.reason]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder with what the documents name, to be copied."""
    return furnish(tmp_path_factory.mktemp("furnished"), request.getfixturevalue("run"))


@pytest.fixture
def workspace(furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, as the working directory."""
    copied = tmp_path / "workspace"
    subprocess.run(["cp", "-r", furnished, copied], check=True)
    monkeypatch.chdir(copied)
    monkeypatch.setenv("DATA", str(copied / "data"))
    monkeypatch.setattr("gluon_htr.datasets.preparation.cores", lambda: 0)  # no processes for so few samples
    return copied


@pytest.mark.parametrize("document", RUN)
def test_a_document_can_be_followed(document: str, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reader would copy a command that ends with an error, or shows something else than the document."""
    for step in sorted([*commands(document), *snippets(document)], key=lambda step: step.line):
        if step.reason:
            continue
        if isinstance(step, Snippet):
            if "import pyarrow" in step.text:
                pytest.importorskip("pyarrow")
            exec(compiled(step), {"__name__": "__main__"})
            continue
        status = run(step)
        shown = capsys.readouterr()
        allowed = {0} | NEGATIVE.get(step.name, set())
        if "--model" in step.words and "no text found" in shown.err:  # by what trained for seconds
            allowed.add(1)
        assert status in allowed, f"{document}:{step.line}: {step}\n{status}: {shown.err}"
        if step.output is not None:
            assert shown.out == step.output, f"{document}:{step.line}: {step}"


@pytest.mark.parametrize("command", MARKED, ids=lambda command: f"{command.document}:{command.line}:{command.name}")
def test_a_command_that_is_not_run_is_one_that_could_be(command: Command) -> None:
    """An option that is gone would stay in a document because its command takes hours or a board."""
    if command.own:
        parse(*command.own)
    elif command.name == "pip":
        extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        named = {extra for word in command.words for part in re.findall(r"\[(.+)\]", word) for extra in part.split(",")}
        assert named <= set(extras)
    elif command.words[0].startswith(("scripts/", "examples/")):
        script = PROJECT / command.words[0]
        assert script.stat().st_mode & 0o100, f"{script} cannot be run"
        if script.suffix != ".py":
            subprocess.run(["bash", "-n", script], check=True)
    else:
        assert command.name in PROGRAMS or "=" in command.name, f"{command}: is this a program?"


@pytest.mark.parametrize("reason", sorted({command.reason or "" for command in MARKED}))
def test_a_reason_names_tests_that_exist(reason: str) -> None:
    """A command would be called tested elsewhere, by a test that was moved."""
    for path in re.findall(r"(?:tests|scripts|\.ci|docs)/[\w./-]*\w", reason):
        assert (PROJECT / path).exists(), path
    assert len(reason) > 10


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: f"{snippet.document}:{snippet.line}")
def test_python_that_is_not_run_is_python(snippet: Snippet) -> None:
    """An example would not even be read by Python."""
    compiled(snippet)


def compiled(snippet: Snippet) -> CodeType:
    """Compile a block of Python; errors then name the document and its line."""
    return compile("\n" * (snippet.line - 1) + snippet.text, snippet.document, "exec")


def run(command: Command) -> int:
    """Run a command as a shell does, in this process; return its exit status."""
    if command.own is None:
        assert command.words[0] == "python", f"{command}: neither run here nor marked as not run"
        return script(Path(command.words[1]))
    name, words = command.own
    arguments = [found for word in words for found in (sorted(glob.glob(word, recursive=True)) or [word])]
    module = importlib.import_module(f"gluon_htr.{name}")
    if name == "train":  # a run that was furnished would be continued
        shutil.rmtree(module.parser().parse_args(arguments).output or "runs/words", ignore_errors=True)
    return _command.main(module.main, budgeted(name, arguments))


def script(path: Path) -> int:
    """Run a program as `python PATH` does, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(path.parent))
        runpy.run_path(str(path), run_name="__main__")
    return 0


def budgeted(name: str, arguments: Sequence[str]) -> list[str]:
    """Add a small budget to a training, or replace that of the document."""
    kept = list(arguments)
    if name != "train":
        return kept
    if "--budget" in kept:
        place = kept.index("--budget")
        del kept[place : place + 2]
    return [*kept, "--budget", BUDGET, "--threads", "1", "--workers", "0"]


def parse(name: str, arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments of a command with its own parser."""
    try:
        return importlib.import_module(f"gluon_htr.{name}").parser().parse_args(arguments)
    except SystemExit as error:
        raise AssertionError(f"gluon-htr {name} {shlex.join(arguments)} is refused") from error
