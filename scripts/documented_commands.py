"""The commands of the documents: tests run them, and the site lists those that no test can run.

    python scripts/documented_commands.py      # lists the latter

A command is a line of a fenced block `sh`, or one after `$ ` in a block `console`, below which its output stands. A
comment before a block says which commands are not run, and why; without names it stands for all of them:

    <!-- not run download: needs a login -->
    <!-- parsed only: trains for hours -->
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]

BLOCK = re.compile(r"((?:^<!-- .*? -->\n)*)^```(sh|console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"<!-- (?:not run|parsed only) ?([\w/.-]+(?:, [\w/.-]+)*)?: (.+?) -->")
OWN = re.compile(r"(?:.*/)?gluon-htr$")


@dataclass(frozen=True)
class Command:
    """A command of a document.

    words: as a shell splits them. text: the line as it is. reason: why it is not run, or None. output: what the
    document shows below it.
    """

    document: str
    line: int
    words: tuple[str, ...]
    text: str
    reason: str | None = None
    output: str | None = None

    def __str__(self) -> str:
        return shlex.join(self.words)

    @property
    def own(self) -> tuple[str, list[str]] | None:
        """Name and arguments of a command of gluon_htr, None of another program."""
        words = list(self.words)
        if OWN.match(words[0]) and len(words) > 1:
            return words[1], words[2:]
        module = next((word for word in words if word.startswith("gluon_htr.")), None)
        if module and words[words.index(module) - 1] == "-m":
            return module.removeprefix("gluon_htr."), words[words.index(module) + 1 :]
        return None

    @property
    def name(self) -> str:
        """The name by which a mark calls it: that of our command, or of the program."""
        return self.own[0] if self.own else self.words[0].rpartition("/")[2]


@dataclass(frozen=True)
class Snippet:
    """A block of Python."""

    document: str
    line: int
    text: str
    reason: str | None


def documents() -> list[str]:
    """List the documents whose commands are run."""
    pages = sorted((PROJECT / "docs").rglob("*.md"))
    return [
        "README.md",
        "CONTRIBUTING.md",
        "data/README.md",
        "examples/notebooks/README.md",
        *(page.relative_to(PROJECT).as_posix() for page in pages),
    ]


def commands(document: str) -> list[Command]:
    """List the commands of a document."""
    found = []
    for marks, language, text, line in _blocks(document):
        if language != "python":
            found += _commands(document, line, text, language == "console", marks)
    return found


def snippets(document: str) -> list[Snippet]:
    """List the blocks of Python of a document."""
    return [
        Snippet(document, line, text, marks.get("python", marks.get("")))
        for marks, language, text, line in _blocks(document)
        if language == "python"
    ]


def idle_marks(document: str) -> list[str]:
    """List the names in comments of a document that no command of their block has."""
    idle = []
    for marks, language, text, line in _blocks(document):
        found = _commands(document, line, text, language == "console", {}) if language != "python" else ()
        idle += sorted(set(marks) - {command.name for command in found} - {"", "python"})
    return idle


def _blocks(document: str) -> Iterator[tuple[dict[str, str], str, str, int]]:
    """Give the reasons by the names of commands (`` for all), the language, the text and its first line."""
    whole = (PROJECT / document).read_text("utf-8")
    for block in BLOCK.finditer(whole):
        marks = {name: reason for names, reason in MARK.findall(block[1]) for name in names.split(", ")}
        yield marks, block[2], block[3], whole.count("\n", 0, block.start(3)) + 1


def _commands(document: str, line: int, text: str, console: bool, marks: dict[str, str]) -> Iterator[Command]:
    for number, command, output in _lines(text, console):
        words = shlex.split(command, comments=True)
        while words:
            end = words.index("&&") if "&&" in words else len(words)
            found = Command(document, line + number, tuple(words[:end]), command, output=output)
            yield replace(found, reason=marks.get(found.name, marks.get("")))
            words = words[end + 1 :]


def _lines(text: str, console: bool) -> Iterator[tuple[int, str, str | None]]:
    """Give the number, the command and the output of each line that is a command; `\\` continues a line."""
    if console:
        for part in re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
            yield text.count("\n", 0, part.start()), part[1], part[2]
        return
    for part in re.finditer(r"^(?:.*\\\n)*.*\n", text, re.MULTILINE):
        if part[0].strip():
            yield text.count("\n", 0, part.start()), part[0].replace("\\\n", " "), None


def table() -> str:
    """Return the commands that are not run as Markdown, by their reasons."""
    reasons: dict[str, list[Command]] = {}
    for command in (command for document in documents() for command in commands(document)):
        if command.reason:
            reasons.setdefault(command.reason, []).append(command)
    rows = []
    for reason, found in sorted(reasons.items()):
        rows += [f"\n**{reason[0].upper()}{reason[1:]}**\n"]
        rows += dict.fromkeys(f"- `{command}` ({command.document})" for command in found)
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
