"""Command line `gluon-htr COMMAND …`, the same as `python -m gluon_htr.COMMAND …`. Without a command, it lists them."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, _command
from .errors import UsageError


def commands() -> dict[str, str]:
    """Return the commands: name → first line of the docstring. The files are read as text; none is imported."""
    files = sorted(Path(__file__).parent.glob("[a-z]*.py"))
    described = {path.stem: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) for path in files}
    return {name: text.split("\n")[0] for name, text in described.items() if text and name != "errors"}


def overview() -> str:
    """Describe the command line, with one line per command."""
    listed = commands()
    width = max(map(len, listed), default=0)
    rows = [f"  {name:{width}}  {text}" for name, text in listed.items()]
    return "\n".join(["usage: gluon-htr COMMAND [--help] …", "", "commands:", *rows])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Only that command is imported, so that `predict` never loads the packages of the training
    extra.
    """
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or [""]
    if name == "--version":
        print(f"gluon-htr {__version__}")
        return 0
    if name in {"--help", "-h"}:
        print(overview())
        return 0
    if name not in commands():
        if name:
            print(f"error: no command '{name}'", file=sys.stderr)
        print(overview(), file=sys.stderr)
        return UsageError.status
    module = importlib.import_module(f"{__package__}.{name}")
    sys.argv[0] = f"gluon-htr {name}"
    return _command.main(module.main, rest)


if __name__ == "__main__":
    sys.exit(main())
