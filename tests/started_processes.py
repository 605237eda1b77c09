"""Commands in processes of their own that need not import anew what every command imports, which takes seconds.

One process imports the packages once. Each command runs in a fork of it: with its own arguments, folder, environment,
standard streams, exit status and end of the interpreter. What is not so is left to `subprocess`: `can_fork`.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

FORKED = {"input", "timeout", "cwd", "env", "text", "capture_output"}  # options of `subprocess.run` known here
HARMLESS = ("GLUON_HTR_", "TMPDIR", "XDG_DATA_HOME", "SOURCE_DATE_EPOCH", "PYTEST_CURRENT_TEST")  # not read by imports
OWN = ("torch", "quark", "gluoncv", "ocrmypdf", "targets", "__main__")  # modules that import what most commands do not


def can_fork(arguments: list[str], options: dict[str, Any]) -> bool:
    """Whether a fork does what `subprocess.run` does: known options, and no variable that a library reads at import.

    torch has never been imported beside mxnet where users train with it.
    """
    coverage = any(name.startswith("COV") for name in os.environ)  # measured by a hook at the start of an interpreter
    known = options.keys() <= FORKED and options.get("text") is True and options.get("capture_output") is True
    if coverage or not known or "torch" in arguments or sys.platform != "linux":
        return False
    folder = Path(options.get("cwd") or ".")  # the first place where `python -m` looks for modules
    if any(folder.glob("*.py")) or any(folder.glob("*/__init__.py")):
        return False
    given, server = options["env"], _server()
    before, after = server.environment, server.environment | server.added
    names = [name for name in given.keys() | after.keys() if not name.startswith(HARMLESS)]
    same = (given.get(name) in (before.get(name), after.get(name)) for name in names)
    return all(same)


def run_forked(arguments: list[str], options: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run `python -m …` in a fork, as `subprocess.run` does. arguments: the interpreter, -m, module, words."""
    outputs: dict[str, bytes] = {}
    with contextlib.ExitStack() as opened, socket.socket(socket.AF_UNIX) as connection:
        connection.connect(_server().address)
        given = options.get("input")
        source, feed = os.pipe() if given is not None else (os.open(os.devnull, os.O_RDONLY), None)
        pipes = {name: os.pipe() for name in ("stdout", "stderr")}
        theirs = [source, *(write for _, write in pipes.values())]
        request = {"words": arguments[2:], "cwd": str(options.get("cwd") or os.getcwd()), "env": options["env"]}
        message = json.dumps(request).encode("utf-8", "surrogateescape")
        connection.sendmsg([b"\n"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", theirs))])
        connection.sendall(message + b"\n")
        for descriptor in theirs:
            os.close(descriptor)

        def read(name: str) -> None:
            with open(pipes[name][0], "rb") as stream:
                outputs[name] = stream.read()

        def write() -> None:
            with contextlib.suppress(BrokenPipeError), open(feed, "wb") as stream:
                stream.write(given.encode())

        threads = [threading.Thread(target=read, args=[name]) for name in pipes]
        threads += [threading.Thread(target=write)] if feed is not None else []
        for thread in threads:
            thread.start()
        opened.callback(lambda: [thread.join() for thread in threads])
        answer = opened.enter_context(connection.makefile("r"))
        process = int(answer.readline())
        connection.settimeout(options.get("timeout"))
        try:
            status = int(answer.readline())
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(arguments, options["timeout"]) from None
    stdout, stderr = (outputs[name].decode().replace("\r\n", "\n").replace("\r", "\n") for name in pipes)
    return subprocess.CompletedProcess(arguments, status, stdout, stderr)


class _Server:
    """The process that forks. environment: that of its start. added: variables that imported packages set."""

    def __init__(self) -> None:
        from support import command_environment

        self.environment = command_environment()
        self._folder = tempfile.TemporaryDirectory()
        self.address = str(Path(self._folder.name) / "socket")
        command = [sys.executable, __file__, self.address]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, env=self.environment, **pipes)  # type: ignore[call-overload]
        self.added = json.loads(self._process.stdout.readline())
        atexit.register(self.close)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()


@functools.cache
def _server() -> _Server:
    return _Server()


def server_environment() -> dict[str, str]:
    """Return the variables of the process that is forked."""
    return dict(_server().environment)


def _serve(address: str) -> list[str]:
    """Fork for every connection until the tests end. Returns only in a command's process, with its words."""
    before = dict(os.environ)
    package = importlib.import_module("gluon_htr")
    modules = [module.name for module in pkgutil.walk_packages(package.__path__, "gluon_htr.", onerror=str)]
    for name in (*modules, "tensorboard.summary", "matplotlib.backends.backend_agg"):
        if not any(part in name for part in OWN):
            with contextlib.suppress(Exception):  # of an extra that is not installed: the command says so itself
                importlib.import_module(name)
    added = {name: value for name, value in os.environ.items() if before.get(name) != value}
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(16)
        print(json.dumps(added), flush=True)
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                break
            connection.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    return _command(connection, added)


def _command(connection: socket.socket, added: dict[str, str]) -> list[str]:
    """Fork once more: one process waits for the status, the other becomes the command."""
    descriptors = array.array("i")
    _, ancillary, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(3 * descriptors.itemsize))
    descriptors.frombytes(ancillary[0][2])
    with connection.makefile("rb") as stream:
        request = json.loads(stream.readline().decode("utf-8", "surrogateescape"))
    process = os.fork()
    if process:
        for descriptor in descriptors:
            os.close(descriptor)
        connection.sendall(b"%d\n" % process)
        _, status = os.waitpid(process, 0)
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    connection.close()
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(added | request["env"])
    return list(request["words"])


if __name__ == "__main__":
    module, *words = _serve(sys.argv[1])
    sys.path[0] = os.getcwd()
    sys.argv[1:] = words
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    tempfile.tempdir = None
    sys.modules.pop(module, None)  # as the command is __main__
    runpy.run_module(module, run_name="__main__", alter_sys=True)
