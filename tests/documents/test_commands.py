"""Commands of the documents do what the documents say: readers copy them."""

from __future__ import annotations

import argparse
import functools
import glob
import importlib
import os
import re
import runpy
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType

import pytest
from support import PROJECT, command_environment
from workspace import furnish

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from gluon_htr import _command

sys.path.insert(0, str(PROJECT / "scripts"))

from documented_commands import Command, Snippet, commands, documents, idle_marks, snippets

from gluon_htr.__main__ import COMMANDS

BUDGET = "1s"
#: Statuses other than 0 that a reader may see, too: data may have faults, a training of a second may improve nothing.
NEGATIVE = {"doctor": {1}, "train": {1}}
#: Programs of others that documents call.
PROGRAMS = {"git", "pip", "python", "python3.11", ".", "cd", "curl", "docker", "serverless"}
PROGRAMS |= {"torchrun", "tensorboard", "tritonserver", "ocrmypdf", "pre-commit"}
#: Options of such programs that the prose names, and of our plug-in for OCRmyPDF.
OTHERS = {"--build-arg", "--nnodes", "--rdzv-endpoint", "--htr-model", "--htr-layout"}

RUN = [name for name in documents() if any(not step.reason for step in (*commands(name), *snippets(name)))]
MARKED = [command for document in documents() for command in commands(document) if command.reason]
SNIPPETS = [snippet for document in documents() for snippet in snippets(document) if snippet.reason]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder with what the documents name, to be copied."""
    return furnish(tmp_path_factory.mktemp("furnished"), request.getfixturevalue("run"))


@pytest.fixture
def workspace(furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of that folder, as the working directory; removed at the end, since there are many."""
    copied = tmp_path / "workspace"
    shutil.copytree(furnished, copied, symlinks=True, copy_function=link_or_copy)
    monkeypatch.chdir(copied)
    monkeypatch.setenv("DATA", str(copied / "data"))
    monkeypatch.setenv("XDG_DATA_HOME", str(copied / "home"))  # where a model is installed
    monkeypatch.setattr("gluon_htr.datasets.preparation.cores", lambda: 0)  # no processes for so few samples
    yield copied
    shutil.rmtree(copied)


def link_or_copy(source: str, target: str) -> None:
    """Copy a file, but link bundles, which are large and never changed in place."""
    if source.endswith(".zip"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


@pytest.fixture
def server() -> Iterator[Server]:
    """What `gluon-htr serve` in a document starts."""
    started = Server()
    yield started
    started.stop()


@pytest.mark.parametrize("document", RUN)
def test_a_document_can_be_followed(
    document: str, workspace: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reader would copy a command that ends with an error, or shows something else than the document."""
    for step in sorted([*commands(document), *snippets(document)], key=lambda step: step.line):
        if step.reason:
            continue
        if isinstance(step, Snippet):
            if "import pyarrow" in step.text:
                pytest.importorskip("pyarrow")
            exec(compiled(step), {"__name__": "__main__"})
            continue
        status = run(step, server)
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


def test_every_comment_is_about_a_command_that_is_there() -> None:
    """A misspelled name in a comment would excuse nothing, and stay when its command is gone."""
    assert [mark for document in documents() for mark in idle_marks(document)] == []


@pytest.mark.parametrize("document", documents())
def test_no_command_hides_in_another_kind_of_block(document: str) -> None:
    """A command in a block without a language would neither be run nor be listed."""
    for language, text in re.findall(r"^```(\w*)\n(.*?)^```$", (PROJECT / document).read_text("utf-8"), re.M | re.S):
        if language not in ("sh", "console"):
            assert not re.search(r"^(\$ )?(gluon-htr|python -m gluon_htr|scripts/\w+|pip install) ", text, re.M), text


@pytest.mark.parametrize("document", documents())
def test_options_that_the_prose_names_exist(document: str) -> None:
    """A sentence would recommend an option that is gone, or that the command does not have."""
    prose = re.sub(r"^```.*?^```$", "", (PROJECT / document).read_text("utf-8"), flags=re.M | re.S)
    for span in re.findall(r"`((?:gluon-htr |--)?[a-z][^`\n]*|--[^`\n]+)`", prose):
        words = span.removeprefix("gluon-htr ").split()
        known = options(words[0]) if words[0] in COMMANDS else set().union(*map(options, COMMANDS), OTHERS)
        named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", span))
        assert words[0].startswith(("scripts/", "benchmarks/")) or named <= known, span


@functools.cache
def options(name: str) -> frozenset[str]:
    """Return the options of a command and of its subcommands."""
    parsers, found = [importlib.import_module(f"gluon_htr.{name}").parser()], set()
    for parser in parsers:
        for action in parser._actions:
            found |= set(action.option_strings)
            if isinstance(action, argparse._SubParsersAction):
                parsers += action.choices.values()
    return frozenset(found)


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


class Server:
    """The server that a document starts: it runs until the document starts another one, or ends."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def start(self, arguments: Sequence[str]) -> None:
        """Start `gluon-htr serve` on a free port, and wait until it answers."""
        self.stop()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        words = [sys.executable, "-m", "gluon_htr.serve", *arguments, "--port", str(port)]
        self._process = subprocess.Popen(words, env=command_environment(), stderr=subprocess.DEVNULL)
        for _ in range(600):
            assert self._process.poll() is None, f"{shlex.join(arguments)}: the server ended"
            try:
                with urllib.request.urlopen(f"http://{self.address}/readyz", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def ask(self, text: str) -> int:
        """Send the request of a line with curl; return its exit status, which is 0 only if the server could answer."""
        there = text.replace("127.0.0.1:8000", self.address)
        strict = re.sub(r"^curl ", "curl --fail --silent --show-error --max-time 120 ", there)
        return subprocess.run(["bash", "-c", strict], stdout=subprocess.DEVNULL).returncode

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process:
            self._process.terminate()
            self._process.wait(60)


def run(command: Command, server: Server) -> int:
    """Run a command as a shell does, in this process if it is ours; return its exit status."""
    if command.name == "curl":
        return server.ask(command.text) if shutil.which("curl") else 0
    if command.own and command.name == "serve":
        server.start(command.own[1])
        return 0
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
