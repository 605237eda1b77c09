"""What somebody reads is nobody else's business: no connection, and no file but the ones that were asked for."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from letters import LETTERS, draw
from support import PROJECT, command_environment

#: A filter of system calls (seccomp(2), x86-64) that ends the process at `socket`: Python, C++ and threads alike.
NO_SOCKETS = """
import ctypes, struct
code = b"".join(struct.pack("HBBI", *step) for step in (
    (0x20, 0, 0, 0),            # load the number of the system call
    (0x15, 0, 1, 41),           # is it socket?
    (0x06, 0, 0, 0x80000000),   # then end the process
    (0x06, 0, 0, 0x7FFF0000)))  # else go on
program = ctypes.create_string_buffer(code)
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Filter(4, ctypes.addressof(program))), 0, 0) == 0
"""
READ = """
import sys, time, gluon_htr
print(gluon_htr.load(sys.argv[1], threads=1).read("word.png").text)
"""


def has_filters() -> bool:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    return ctypes.CDLL(None).prctl(21, 0, 0, 0, 0) == 0  # PR_GET_SECCOMP


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    for name in ("home", "tmp", "work"):
        (folder / name).mkdir()
    draw("bead").save(folder / "work" / "word.png")
    environment = command_environment(HOME=str(folder / "home"), TMPDIR=str(folder / "tmp"), PYTHONPATH=str(PROJECT))
    for name in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        environment.pop(name, None)
    command = [sys.executable, "-B", "-c", code, str(LETTERS)]
    return subprocess.run(command, cwd=folder / "work", env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(not has_filters(), reason="filters of system calls are those of Linux on x86-64")
def test_reading_opens_no_socket_and_writes_no_file(tmp_path: Path) -> None:
    """ONNX Runtime sends an identity of the device, the path of Python and more, as soon as it is imported."""
    done = run(NO_SOCKETS + READ + "time.sleep(2)", tmp_path)
    assert (done.returncode, done.stdout) == (0, "bead\n"), done.stderr
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written == [tmp_path / "work" / "word.png"]


@pytest.mark.skipif(not has_filters(), reason="filters of system calls are those of Linux on x86-64")
def test_the_filter_would_notice(tmp_path: Path) -> None:
    """The test before this one could not fail."""
    assert run(NO_SOCKETS + "import socket; socket.socket()", tmp_path).returncode < 0


@pytest.mark.parametrize(
    "path",
    ["deploy/Dockerfile", "deploy/Dockerfile.lambda", "deploy/serverless.yml"],
)
def test_deployments_set_the_variable_as_well(path: str) -> None:
    """Another program in the same image would import ONNX Runtime on its own."""
    assert "ORT_DISABLE_TELEMETRY" in (PROJECT / path).read_text()


def test_programs_that_are_copied_elsewhere_set_the_variable_before_the_import() -> None:
    """A board in a laboratory would report to Microsoft."""
    for name, first in (("dpu_runner.py", "import onnxruntime"), ("quark_quantize.py", "import quark")):
        text = (PROJECT / "gluon_htr" / "quantization" / "dpu" / "targets" / name).read_text()
        assert text.index('os.environ["ORT_DISABLE_TELEMETRY"] = "1"') < text.index(first), name


def test_the_package_sets_the_variable_whatever_was_set() -> None:
    """A program that imports the package before ONNX Runtime would have it off only by chance."""
    code = "import os, gluon_htr, sys; sys.exit(os.environ['ORT_DISABLE_TELEMETRY'] != '1')"
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "0"}
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=environment).returncode == 0
