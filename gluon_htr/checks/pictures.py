"""Faults of single images: what cannot be read, what is too small or too faint, and the same image twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from .appearance import Appearance
from .findings import LOST_SHARE, Finding, Severity, finding
from .looking import Look, Looked

BLANK_CONTRAST = 10  # gray levels: less is paper
FAINT_CONTRAST = 28  # gray levels: less is faint
MIN_TEXT_HEIGHT = 14  # pixels of ink: less was scanned too coarsely to be read
MIN_CHARACTER_HEIGHT = 6  # pixels of the ink of a single character
MIN_LINE_HEIGHT, LINE_LETTERS = 24, 8  # pixels of the ink of so many characters, some of which are tall
LOOSE = 0.42  # of the image's height: ink that fills less is scaled down with the paper around it
LOOSE_HEIGHT = 32  # pixels: in lower images the ink has nowhere to be lost
SHADE = 90  # gray levels between parts of the paper
SLOPE = 0.06  # 3.4 degrees
SHARPNESS = 0.35  # lines of IAM and of old letters have 0.44 and more
BORDER = 0.06  # of the height: less is a rule, or the edge of the paper
SIDES = ("the top", "the bottom", "the left side", "the right side")
TURNED = 1.5  # times as high as wide
TURNED_LETTERS = 4  # with as many characters, a line is wider than high


@dataclass(frozen=True)
class _Fault:
    """A fault that one image shows. is_shown: of a look with an appearance. detail: for people."""

    name: str
    is_shown: Callable[[Look, Appearance], bool]
    detail: Callable[[Appearance], str]
    why: str
    severity: Severity | None = None


def is_blank(look: Appearance) -> bool:
    """Test whether an image shows nothing but paper."""
    return look.contrast < BLANK_CONTRAST


def _is_written(look: Look) -> bool:
    """Test whether a letter or digit is to be seen, rather than a mere dot or dash; without a text, that is assumed."""
    return not look.text or any(character.isalnum() for character in look.text)


def _least_height(look: Look) -> int:
    if len(look.text) >= LINE_LETTERS:
        return MIN_LINE_HEIGHT
    return MIN_CHARACTER_HEIGHT if len(look.text) == 1 else MIN_TEXT_HEIGHT


FAULTS = (
    _Fault(
        "light-ink",
        lambda sample, seen: seen.inverted,
        lambda seen: "light ink on a dark ground",
        "Training from scratch takes dark ink on light paper; inverted images teach it the opposite.",
    ),
    _Fault(
        "blank-image",
        lambda sample, seen: is_blank(seen),
        lambda seen: f"nothing darker than the paper by more than {seen.contrast:.0f} gray levels",
        "A text without ink teaches the network to invent.",
    ),
    _Fault(
        "low-contrast",
        lambda sample, seen: BLANK_CONTRAST <= seen.contrast < FAINT_CONTRAST,
        lambda seen: f"ink and paper differ by {seen.contrast:.0f} gray levels",
        "Ink that hardly differs from the paper is lost among its texture.",
    ),
    _Fault(
        "small-text",
        lambda sample, seen: not is_blank(seen) and _is_written(sample) and seen.ink_height < _least_height(sample),
        lambda seen: f"the ink is {seen.ink_height} pixels high in an image of {seen.width} × {seen.height}",
        "Letters of so few pixels have no shape: scan at 300 dpi.",
    ),
    _Fault(
        "loose-crop",
        lambda sample, seen: (
            not is_blank(seen)
            and _is_written(sample)
            and len(sample.text) != 1
            and seen.height >= LOOSE_HEIGHT
            and seen.ink_height < LOOSE * seen.height
        ),
        lambda seen: f"the ink is {seen.ink_height} of {seen.height} pixels high",
        "An image is scaled to the network's height with its paper, so that the letters become small.",
    ),
    _Fault(
        "blurred-image",
        lambda sample, seen: not is_blank(seen) and seen.sharpness < SHARPNESS,
        lambda seen: f"between two pixels the gray changes by {seen.sharpness:.0%} of the contrast at most",
        "Blurred letters look alike: focus, or scan again.",
    ),
    _Fault(
        "several-lines",
        lambda sample, seen: len(sample.text) >= TURNED_LETTERS and seen.bands > 1,
        lambda seen: f"{seen.bands} lines above each other",
        "A reader of lines sees one line only: cut the image, or train on pages with `pages:`.",
    ),
    _Fault(
        "dark-border",
        lambda sample, seen: max(seen.border) > BORDER * seen.height and not is_blank(seen),
        lambda seen: "dark along " + ", ".join(side for side, size in zip(SIDES, seen.border) if size),
        "The lid of a scanner or a table looks like ink, and makes the text small.",
    ),
    _Fault(
        "shadow",
        lambda sample, seen: seen.shade > SHADE,
        lambda seen: f"the paper varies by {seen.shade:.0f} gray levels",
        "Shadows and dark margins look like ink; models need to see many of them to ignore them.",
        "note",
    ),
    _Fault(
        "askew",
        lambda sample, seen: not is_blank(seen) and abs(seen.slope) > SLOPE,
        lambda seen: f"the line {'falls' if seen.slope > 0 else 'rises'} by {abs(100 * seen.slope):.0f} %",
        "A line that rises or falls is higher than its letters, which become small.",
        "note",
    ),
    _Fault(
        "turned-image",
        lambda sample, seen: seen.height > TURNED * seen.width and len(sample.text) >= TURNED_LETTERS,
        lambda seen: f"{seen.width} pixels wide and {seen.height} high",
        "A line of several letters is wider than high: the image is turned, or shows a page.",
    ),
)


#: Faults that prepared images show because they were scaled and padded.
SCALED = ("small-text", "loose-crop", "blurred-image", "turned-image", "dark-border")


def image_findings(seen: Looked, fix: str) -> list[Finding]:
    """Find the faults of images. fix: the command that corrects the data."""
    found = finding(
        "unreadable-image",
        [(look, f"{look.place}: {look.fault.removeprefix(f'{look.place} ')}") for look in seen.looks if look.fault],
        "Training leaves images out that cannot be decoded.",
        fix,
        seen.total,
        share=LOST_SHARE,
    )
    for fault in FAULTS:
        places = [
            (look, f"{look.place}: {fault.detail(look.appearance)}")
            for look in seen.looks
            if look.appearance
            and fault.is_shown(look, look.appearance)
            and not (look.prepared and fault.name in SCALED)
        ]
        found += finding(fault.name, places, fault.why, fix, seen.total, fault.severity)
    return found + duplicates(seen, fix)


def duplicates(seen: Looked, fix: str) -> list[Finding]:
    """Find images with the very same pixels: with the same text, and with another one."""
    first: dict[bytes, Look] = {}
    texts = defaultdict[bytes, set[str]](set)
    blank = {look.id for look in seen.looks if look.appearance and is_blank(look.appearance)}
    looks = [look for look in seen.looks if look.appearance and look.id not in blank]
    for look in looks:
        assert look.appearance is not None
        texts[look.appearance.digest].add(look.text)
    again, contradicting = [], []
    for look in looks:
        assert look.appearance is not None
        digest = look.appearance.digest
        earlier = first.setdefault(digest, look)
        if len(texts[digest]) > 1:
            contradicting.append((look, f"{look.place}: {look.text!r}"))
        elif earlier is not look:
            again.append((look, f"{look.place}: the same pixels as {earlier.place}"))
    return [
        *finding(
            "contradicting-texts",
            contradicting,
            "The same image has several texts, of which at most one is right.",
            fix,
            seen.total,
        ),
        *finding(
            "duplicate-image",
            again,
            "Copies count several times, and one may end among the held-out samples.",
            fix,
            seen.total,
        ),
    ]
