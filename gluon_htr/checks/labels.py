"""Faults of texts: missing ones, placeholders, damaged characters, characters that a network does not know."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..datasets.sample import Problem
from ..text.alphabet import Alphabet
from .findings import LOST_SHARE, MAX_EXAMPLES, Finding, Named, Severity, command, finding
from .looking import Look, Looked

MIN_OCCURRENCES = 20  # of a character, before a network can be expected to know it
SAME_SHARE, MIN_SAME = 0.2, 20  # proportion of samples with the same text, and the number of samples to tell
#: Faults of rows that readers leave out, by what their messages say.
REASONS = {
    "missing-image": re.compile(r"does not exist|has no image|names no image|without an image"),
    "untranscribed-text": re.compile(r"unreadable part"),
    "unannotated-page": re.compile(r"has (no|an empty) annotation"),
    "empty-text": re.compile(r"empty label|has no text$|has no \S+\.txt"),
    "repeated-row": re.compile(r"repeats line"),
    "unreadable-image": re.compile(
        r"not an? (image|picture)|cannot be (read|decoded)|broken|damaged|save (it|the page) as|scale it|is empty"
    ),
}
WHY_LEFT_OUT = {
    "missing-image": "Training leaves rows out whose image is missing: check the folder and the names.",
    "untranscribed-text": "Their transcribers left parts out, so that the reader of pages leaves them out.",
    "unannotated-page": "Nobody has annotated these pages of an export, so that its reader leaves them out.",
    "empty-text": "Training leaves images without a text out.",
    "repeated-row": "Only the first row of an image counts: later ones are left out.",
    "unreadable-image": "Training leaves images out that cannot be decoded.",
    "malformed-row": "Training leaves rows out that cannot be understood.",
}
INTENDED: dict[str, Severity] = {"untranscribed-text": "note", "unannotated-page": "note"}  # left out on purpose
_PLACEHOLDER = re.compile(
    r"\W*(\?{2,}|#{2,}|\*{3,}|_{3,}|x{3,}|n/a|todo|tbd|lorem ipsum.*"
    r"|[\[<({](illegible|unreadable|unclear|unleserlich|illisible|blank|empty|no text|unknown|…|\.{3}|\?)[\])}>]"
    r"|(img|dsc|dscn|scan|image|pict?)[-_ ]?\d+(\.\w+)?|[\w-]+\.(png|jpe?g|tiff?|gif|webp))\W*",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"</?[a-z]\w*(\s[^<>]*)?/?>|&(#\d+|[a-z]{2,8});|\\[nrt](?![a-z])|^\{.*\}$", re.IGNORECASE)
#: UTF-8 that was read as Windows-1252 or Latin-1: a lead byte and a continuation byte.
_MISREAD = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u2013-\u2030\u0152-\u017e\u02c6\u02dc\u20ac\u2122\u0192]")
_NOT_ASCII = re.compile("[^\x00-\x7f]+")


@dataclass(frozen=True)
class _Fault:
    """A fault of a text. is_shown: of the text as it was written."""

    name: str
    is_shown: Callable[[str], bool]
    why: str


def repaired(text: str) -> str:
    """Undo the wrong decoding of UTF-8, where a text has any; accents that were decoded rightly stay as they are."""
    return _NOT_ASCII.sub(_decoded, text) if _MISREAD.search(text) else text


def _decoded(part: re.Match[str]) -> str:
    """Decode characters beyond ASCII that stand together: those of one letter do."""
    for codec in ("cp1252", "latin-1"):
        try:
            return part[0].encode(codec).decode("utf-8")
        except UnicodeError:
            continue
    return part[0]


def _is_damaged(text: str) -> bool:
    """Test for characters that nobody writes: controls, private and unassigned ones, and marks of lost ones."""
    return any(c == "\ufffd" or unicodedata.category(c) in ("Cc", "Co", "Cn", "Cs") for c in text)


@lru_cache(4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "").split(" ")[0] if character.isalpha() else ""


def _mixes_scripts(text: str) -> bool:
    """Test for a word with letters of two alphabets that look alike."""
    return any(
        len({_script(character) for character in word} & {"LATIN", "CYRILLIC", "GREEK"}) > 1
        for word in re.findall(r"[^\W\d_]+", text)
    )


FAULTS = (
    _Fault("placeholder-text", lambda text: bool(_PLACEHOLDER.fullmatch(text.strip())), "It is not what is written."),
    _Fault("markup-in-text", lambda text: bool(_MARKUP.search(text)), "The network learns to write the markup."),
    _Fault(
        "wrong-encoding",
        lambda text: repaired(text) != text,
        "The file was read in another encoding than UTF-8 somewhere: its accents are two characters each.",
    ),
    _Fault("damaged-text", _is_damaged, "It has control characters, or marks of characters that were lost."),
    _Fault("mixed-scripts", _mixes_scripts, "Look-alike letters of another alphabet are other classes to the network."),
)


def text_findings(seen: Looked, fix: str) -> list[Finding]:
    """Find faults of texts, and the samples that the readers left out. fix: the command that corrects the data."""
    found = left_out(seen.problems, fix, seen.total)
    for fault in FAULTS:
        places = [(look, f"{look.place}: {look.raw!r}") for look in seen.looks if fault.is_shown(look.raw)]
        found += finding(fault.name, places, fault.why, fix, seen.total)
    empty = [(look, f"{look.place}: the text is empty") for look in seen.looks if not look.text]
    found += finding("empty-text", empty, WHY_LEFT_OUT["empty-text"], fix, seen.total, share=LOST_SHARE)
    return found + _same_text(seen.looks, fix)


def left_out(problems: Sequence[Problem], fix: str, total: int) -> list[Finding]:
    """Sort the samples that readers left out by the kind of fault."""
    sorted_out: dict[str, list[tuple[Named, str]]] = {name: [] for name in WHY_LEFT_OUT}
    for problem in problems:
        name = next((name for name, known in REASONS.items() if known.search(problem.reason)), "malformed-row")
        sorted_out[name].append((problem, f"{problem.id}: {problem.reason}"))
    return [
        one
        for name, places in sorted_out.items()
        for one in finding(name, places, WHY_LEFT_OUT[name], fix, total, INTENDED.get(name), LOST_SHARE)
    ]


def _same_text(looks: Sequence[Look], fix: str) -> list[Finding]:
    """Find a text that too many samples have: a default value, or a list that was filled down."""
    (text, count), *_ = Counter(look.text for look in looks).most_common(1) or [("", 0)]
    if len(text) < 2 or count < SAME_SHARE * len(looks) or len(looks) < MIN_SAME:
        return []
    places = [(look, f"{look.place}: {text!r}") for look in looks if look.text == text]
    return finding("same-text", places, f"{count} of {len(looks)} samples have this one text.", fix, len(looks))


def outside_alphabet(seen: Looked, alphabet: Alphabet, name: str, fix: str) -> list[Finding]:
    """Find texts with characters that an alphabet lacks. name: what the alphabet is that of."""
    lacking: Counter[str] = Counter()
    places = []
    for look in seen.looks:
        if unknown := alphabet.unknown(alphabet.normalize(look.text)):
            lacking.update(unknown)
            places.append((look, f"{look.place}: {' '.join(map(repr, unknown))} in {look.text!r}"))
    named = " ".join(f"{character!r} ({count})" for character, count in lacking.most_common(MAX_EXAMPLES))
    why = f"{name} cannot write {named}{' …' * (len(lacking) > MAX_EXAMPLES)}: training leaves these samples out."
    severity: Severity | None = "stops training" if len(places) == len(seen.looks) else None
    return finding("outside-alphabet", places, why, fix, seen.total, severity, LOST_SHARE)


def character_counts(looks: Sequence[Look]) -> Counter[str]:
    """Count how often each character occurs."""
    counts: Counter[str] = Counter()
    for look in looks:
        counts.update(look.text)
    return counts


@dataclass(frozen=True)
class Character:
    """A character that a finding is about."""

    id: str


def rare_characters(seen: Looked) -> list[Finding]:
    """Find characters that are too rare to be learned."""
    counts = character_counts(seen.looks)
    rare = sorted((count, character) for character, count in counts.items() if count < MIN_OCCURRENCES)
    places = [(Character(character), f"{character!r} occurs {count} times") for count, character in rare]
    data = [word for spec in seen.specs for word in ("--data", spec)]
    fix = command("train", *data, "--data", "fonts:hershey?texts=characters")
    why = f"A network seldom learns a character from fewer than {MIN_OCCURRENCES} examples: add lines with them."
    return finding("rare-characters", places, why, fix, seen.total, "note")
