"""`gluon-htr` and `python -m gluon_htr`: the commands, and what starting them costs."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from support import PROJECT

import gluon_htr
from gluon_htr.__main__ import main


def commands() -> list[str]:
    """Names of the commands: files directly in the package."""
    others = ("errors", "ocrmypdf")  # a plug-in that OCRmyPDF loads
    return sorted(path.stem for path in (PROJECT / "gluon_htr").glob("[a-z]*.py") if path.stem not in others)


@pytest.mark.parametrize("arguments", [["--help"], [], ["nonsense"]])
def test_the_commands_are_listed_with_what_they_do(command, arguments):
    """A user would have to guess which commands there are."""
    result = command("", *arguments)
    listed = result.stdout if arguments == ["--help"] else result.stderr
    for name in commands():
        text = ast.get_docstring(ast.parse((PROJECT / "gluon_htr" / f"{name}.py").read_text())).split("\n")[0]
        assert any(line.split(maxsplit=1) == [name, text] for line in listed.splitlines()), name
    assert result.returncode == (0 if arguments == ["--help"] else 2)
    assert ("no command 'nonsense'" in result.stderr) == (arguments == ["nonsense"])


def test_every_command_can_be_called_either_way(command, capsys, monkeypatch):
    """`gluon-htr download` and `python -m gluon_htr.download` would behave differently."""
    monkeypatch.setenv("COLUMNS", "80")
    for name in commands():
        with pytest.raises(SystemExit) as end:
            main([name, "--help"])
        direct = command(name, "--help")
        assert (end.value.code, capsys.readouterr().out) == (0, direct.stdout), direct.stderr


def test_the_version_is_the_packages(command):
    """A report of an error would name the wrong version."""
    assert command("", "--version").stdout == f"gluon-htr {gluon_htr.__version__}\n"


def test_a_command_takes_its_arguments_and_its_status_through(command):
    """An error in a script that calls `gluon-htr` would go unnoticed."""
    result = command("", "download", "--dataset", "nonsense")
    assert result.returncode == 2
    assert "unknown data set 'nonsense'" in result.stderr


def test_listing_the_commands_imports_no_training_packages(command):
    """`gluon-htr --help` would take seconds, and fail where mxnet is not installed."""
    heavy = ["mxnet", "torch", "cv2", "matplotlib", "onnxruntime", "numpy", "pandas"]
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({heavy})); from gluon_htr.__main__ import main; main(['--help'])"
    )

    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, capture_output=True, timeout=20)
