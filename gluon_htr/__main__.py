"""Command line `gluon-htr COMMAND …`, the same as `python -m gluon_htr.COMMAND …`. Without a command, it lists them."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from . import __version__, _command
from .errors import UsageError

#: In the order of use.
COMMANDS = (
    "read",
    "transcribe",
    "predict",
    "evaluate",
    "compare",
    "models",
    "serve",
    "download",
    "prepare",
    "doctor",
    "train",
    "adapt",
    "sweep",
    "export",
    "synthesize",
    "presets",
    "language",
    "quantize",
    "dpu",
)


def overview() -> str:
    """Describe the command line: a line per command, the first of its docstring. None is imported for this."""
    width = max(map(len, COMMANDS))
    rows = [f"  {name:{width}}  {_description(name)}" for name in COMMANDS]
    return "\n".join(["usage: gluon-htr COMMAND [--help] …", "", "commands:", *rows])


def _description(name: str) -> str:
    source = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").split("\n")[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Only that command is imported, so that `predict` never loads the packages of the training
    extra.
    """
    return _command.main(_run, arguments)  # importing takes seconds in which a user may press Ctrl-C


def _run(arguments: Sequence[str] | None) -> int:
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or [""]
    if name == "--version":
        print(f"gluon-htr {__version__}")
        return 0
    if name in {"--help", "-h"}:
        print(overview())
        return 0
    if name not in COMMANDS:
        if similar := get_close_matches(name, COMMANDS, 1):
            print(f"error: no command '{name}': did you mean {similar[0]}?", file=sys.stderr)
            return UsageError.status
        if name:
            print(f"error: no command '{name}'", file=sys.stderr)
        print(overview(), file=sys.stderr)
        return UsageError.status
    module = importlib.import_module(f"{__package__}.{name}")
    sys.argv[0] = f"gluon-htr {name}"
    return int(module.main(rest))


if __name__ == "__main__":
    sys.exit(main())
