"""Transcriptions of the IAM Handwriting Database (Marti and Bunke 2002), from its XML or its ascii tables.

The XML (`handwritten-part/line/word`) is preferred: its lines have natural spacing. Two things that it lacks are taken
from the tables if they exist: the segmentation status of single words, and forms without an XML file.

The boxes of the words say where a line is on its form.

Only start tags matter here, so expat reads them: a tree of each form would cost as much as decoding its images.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.parsers import expat

from ..._text_files import decode_text, numbered_lines
from ..._xml import parse_xml
from ...errors import AnnotationError
from ..sample import Problem
from .files import IamFiles
from .spacing import natural

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the form


@dataclass(frozen=True)
class Word:
    """A word; `segmented` is False if its box may be wrong. boxes: of its connected components, as far as known."""

    id: str
    text: str
    segmented: bool
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line: its text with natural spacing, and its words."""

    id: str
    text: str
    segmented: bool
    words: tuple[Word, ...]

    @property
    def boxes(self) -> list[Box]:
        """Boxes of the connected components of all words."""
        return [box for word in self.words for box in word.boxes]

    @property
    def tokens(self) -> str:
        """The words and punctuation marks separated by single spaces, as in the ascii tables."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True)
class Form:
    """A filled-in form."""

    id: str
    writer: str
    lines: tuple[Line, ...]


@dataclass
class Tables:
    """The ascii tables: words.txt, lines.txt and forms.txt."""

    words: dict[str, Word] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    writers: dict[str, str] = field(default_factory=dict)


def around(boxes: Iterable[Box]) -> Box:
    """Return the box around others, of which there is at least one."""
    left, top, right, bottom = zip(*boxes)
    return min(left), min(top), max(right), max(bottom)


def read_forms(root: Path, problems: list[Problem]) -> list[Form]:
    """Read all forms below `root`, in order of their ids. Files that cannot be read are added to `problems`.

    Raises `AnnotationError` if there is neither XML nor an ascii table.
    """
    files = IamFiles(root)
    tables = read_tables(files, problems)
    forms = {}
    for name, blob in files.forms():
        try:
            forms[name] = _parse(blob, tables)
        except AnnotationError as error:
            problems.append(Problem(f"{name}.xml", str(error)))
    for form in _forms_of_tables(tables):
        forms.setdefault(form.id, form)
    if not forms:
        raise AnnotationError(
            f"{root} has no transcriptions: xml/ or xml.tgz is missing, or words.txt in ascii/, in ascii.tgz or beside "
            "words/"
        )
    return [forms[name] for name in sorted(forms)]


def _parse(blob: bytes, tables: Tables) -> Form:
    """Parse the XML of a form, by its start tags alone. Raises `AnnotationError`.

    Entities and external files are rejected.
    """
    handler = _Tags(tables)
    parser = expat.ParserCreate()
    parser.StartElementHandler = handler.start
    parse_xml(parser, blob)
    return handler.form()


class _Tags:
    """Handler that collects form, lines and words from their start tags."""

    def __init__(self, tables: Tables) -> None:
        self._tables, self._form, self._handwritten = tables, dict[str, str](), False
        self._lines: list[tuple[dict[str, str], list[Word]]] = []
        self._boxes: list[list[Box]] = []  # of every word, in the order of the file

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "form":
            self._form = attributes
        elif name == "handwritten-part":
            self._handwritten = True
        elif name == "line" and self._handwritten and attributes.get("id"):
            self._lines.append((attributes, []))
        elif name == "word" and self._lines and attributes.get("id"):
            line, words = self._lines[-1]
            known = self._tables.words.get(attributes["id"])
            segmented = known.segmented if known else _segmented(line)
            words.append(Word(attributes["id"], _text(attributes), segmented))
            self._boxes.append([])
        elif name == "cmp" and self._boxes:
            self._boxes[-1] += _box([attributes.get(key, "") for key in ("x", "y", "width", "height")])

    def form(self) -> Form:
        identity = self._form.get("id")
        if not identity or not self._handwritten:
            raise AnnotationError("has no handwritten-part, or no id")
        boxes = iter(self._boxes)
        lines = (
            Line(line["id"], _text(line), _segmented(line), tuple(replace(w, boxes=tuple(next(boxes))) for w in words))
            for line, words in self._lines
        )
        return Form(identity, self._form.get("writer-id") or identity, tuple(lines))


def _box(numbers: Sequence[str]) -> list[Box]:
    """Return the box of x, y, width and height; nothing for -1, which IAM has where a box is not known."""
    if not all(number.isdecimal() for number in numbers):
        return []
    x, y, width, height = map(int, numbers)
    return [(x, y, x + width, y + height)] if width and height else []


def _segmented(line: dict[str, str]) -> bool:
    return line.get("segmentation", "ok") == "ok"


def _text(attributes: dict[str, str]) -> str:
    return html.unescape(attributes.get("text", ""))  # the official files escape twice: &amp;quot;


def read_tables(files: IamFiles, problems: list[Problem]) -> Tables:
    """Read words.txt, lines.txt and forms.txt, if they exist. Raises `AnnotationError` if one is not text."""
    blobs = files.tables()
    tables = Tables()
    for identity, status, _, *box, _, text in _rows(blobs, "words", 9, problems):
        tables.words[identity] = Word(identity, text, status == "ok", tuple(_box(box)))
    by_line = defaultdict(list)
    for word in tables.words.values():
        by_line[word.id.rpartition("-")[0]].append(word)
    for identity, status, *_, text in _rows(blobs, "lines", 9, problems):
        words = tuple(by_line.get(identity, ()))
        tables.lines[identity] = Line(identity, natural(text.replace("|", " ").split()), status == "ok", words)
    for identity, writer, *_ in _rows(blobs, "forms", 3, problems):
        tables.writers[identity] = writer
    return tables


def _rows(blobs: dict[str, bytes], name: str, fields: int, problems: list[Problem]) -> Iterable[list[str]]:
    text = decode_text(blobs.get(name, b""), f"{name}.txt", AnnotationError, latin_1=True)
    for number, line in numbered_lines(text):
        if line.startswith("#"):
            continue
        row = line.split(" ", fields - 1)
        if len(row) == fields:
            yield row
        else:
            problems.append(Problem(f"{name}.txt:{number}", f"{len(row)} fields instead of {fields}"))


def _forms_of_tables(tables: Tables) -> Iterable[Form]:
    lines = dict(tables.lines)
    orphans = defaultdict(list)  # words whose line has no row of its own
    for word in tables.words.values():
        if (line := word.id.rpartition("-")[0]) not in lines:
            orphans[line].append(word)
    for line, words in orphans.items():
        lines[line] = Line(line, natural(w.text for w in words), all(w.segmented for w in words), tuple(words))
    by_form = defaultdict(list)
    for line in sorted(lines):
        by_form[line.rpartition("-")[0]].append(lines[line])
    for form, members in by_form.items():
        yield Form(form, tables.writers.get(form, form), tuple(members))
