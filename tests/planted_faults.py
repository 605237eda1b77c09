"""Faults that tests and benchmarks plant in lines, drawn or real, and the finding of `doctor` that each should be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter
from written_lines import Line


def paper(line: Line) -> int:
    """Return the gray of the paper: most of an image is paper."""
    return int(np.median(line.image))


def negative(line: Line) -> None:
    line.image = 255 - line.image


def chalk(line: Line) -> None:
    """Gray on a gray board."""
    line.image = (175 - (line.image.astype(int) - 40) // 3).astype(np.uint8)


def faint(line: Line) -> None:
    line.image = (225 + (line.image.astype(int) - 235) // 10).astype(np.uint8)


def empty_paper(line: Line) -> None:
    noise = np.random.default_rng(0).normal(230, 3, line.image.shape)
    line.image = np.clip(noise, 0, 255).astype(np.uint8)


def empty_paper_in_shadow(line: Line) -> None:
    height, width = line.image.shape
    line.image = np.tile(np.linspace(150, 220, width).astype(np.uint8), (height, 1))


def coarse(line: Line) -> None:
    image = Image.fromarray(line.image)
    line.image = np.asarray(image.resize((14 * image.width // image.height, 14), Image.Resampling.BOX))


def loose(line: Line) -> None:
    height = len(line.image)
    line.image = np.pad(line.image, ((height, height), (5, 5)), constant_values=paper(line))


def shadowed(line: Line) -> None:
    line.image = (line.image * np.linspace(1.0, 0.45, line.image.shape[1])).astype(np.uint8)


def tilted(line: Line) -> None:
    image = Image.fromarray(np.pad(line.image, ((20, 20), (0, 0)), constant_values=paper(line)))
    line.image = np.asarray(image.rotate(5, Image.Resampling.BILINEAR, fillcolor=paper(line)))


def blurred(line: Line) -> None:
    line.image = np.asarray(Image.fromarray(line.image).filter(ImageFilter.GaussianBlur(3)))


def doubled(line: Line) -> None:
    line.image = np.concatenate([line.image, line.image])


def framed(line: Line) -> None:
    line.image = np.pad(line.image, 14, constant_values=20)


def turned(line: Line) -> None:
    line.image = np.rot90(line.image)


def broken(line: Line) -> None:
    line.content = b"\x89PNG\r\n\x1a\n" + b"nothing" * 20


def not_an_image(line: Line) -> None:
    line.content = b"<html>not found</html>"


def missing(line: Line) -> None:
    line.content, line.missing = b"", True


def without_text(line: Line) -> None:
    line.text = ""


def illegible(line: Line) -> None:
    line.text = "[illegible]"


def question_marks(line: Line) -> None:
    line.text = "????"


def file_name(line: Line) -> None:
    line.text = "IMG_2041.jpg"


def bold(line: Line) -> None:
    line.text = f"{line.text[:-8]}<b>no</b>"


def misread(line: Line) -> None:
    line.text = line.text[:-1] + "é".encode().decode("cp1252")


def curly_misread(line: Line) -> None:
    line.text = line.text[:-1] + "’".encode().decode("cp1252")


def damaged(line: Line) -> None:
    line.text = line.text[:-1] + "\ufffd"


def cyrillic(line: Line) -> None:
    """A single letter, as a keyboard leaves it."""
    place = next(k for k, letter in enumerate(line.text) if letter in "eao")
    line.text = (
        line.text[:place] + {"e": "\u0435", "a": "\u0430", "o": "\u043e"}[line.text[place]] + line.text[place + 1 :]
    )


def too_short(line: Line) -> None:
    line.text = "tins"


def of_a_page(line: Line) -> None:
    line.text = " ".join([line.text] * 5)


PLANTED: dict[Callable[[Line], None], str] = {
    negative: "light-ink",
    chalk: "light-ink",
    faint: "low-contrast",
    empty_paper: "blank-image",
    empty_paper_in_shadow: "blank-image",
    coarse: "small-text",
    loose: "loose-crop",
    shadowed: "shadow",
    tilted: "askew",
    blurred: "blurred-image",
    doubled: "several-lines",
    framed: "dark-border",
    turned: "turned-image",
    broken: "unreadable-image",
    not_an_image: "unreadable-image",
    missing: "missing-image",
    without_text: "empty-text",
    illegible: "placeholder-text",
    question_marks: "placeholder-text",
    file_name: "placeholder-text",
    bold: "markup-in-text",
    misread: "wrong-encoding",
    curly_misread: "wrong-encoding",
    damaged: "damaged-text",
    cyrillic: "mixed-scripts",
    too_short: "wrong-length-text",
    of_a_page: "wrong-length-text",
}


LINES = 2 * (len(PLANTED) + 3) + 8  # that `plant` takes
UNUSABLE = (missing, without_text, not_an_image)  # named by the row of the list, as no sample comes of them


def plant(written: list[Line]) -> dict[str, set[str]]:
    """Spoil every second line; the first and the last two stay as they are. Return the samples or rows of each fault.

    written: LINES of them.
    """
    expected = dict[str, set[str]]()
    spoiled = iter(range(1, len(written) - 2, 2))
    for fault, name in PLANTED.items():
        number = next(spoiled)
        fault(written[number])
        row = f"labels.tsv:{number + 2}"
        expected.setdefault(name, set()).add(row if fault in UNUSABLE else written[number].name)
    expected["too-long-text"] = set(expected["turned-image"])  # training has no room for it either
    copied, contradicted = written[-2:]
    line = written[next(spoiled)]
    line.image, line.text = copied.image, copied.text
    expected["duplicate-image"] = {copied.name}  # the second of them
    line = written[next(spoiled)]
    line.image = contradicted.image
    expected["contradicting-texts"] = {line.name, contradicted.name}
    number = next(spoiled)
    written[number].name, written[number].missing = written[0].name, True  # the list already has it
    expected["repeated-row"] = {f"labels.tsv:{number + 2}"}
    return expected
