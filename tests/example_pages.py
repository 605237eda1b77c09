"""Pages that tests of several formats write."""

from __future__ import annotations

import msgspec
import numpy as np

from gluon_htr.pages.document import Alternative, Character, Line, Page, Point, Region, Word

WIDTH, HEIGHT = 1000, 1400
STEP = 22  # pixels a character
LATIN = ("Lieber Freund, ça va?", "a < b & c ]]> \"quoted\" 'so'", "x 😀 𝔘𝔫𝔦 I", "ends with a hyphen-")
HEBREW = ("שלום עולם טוב", "אני הולך הביתה היום", "مرحبا بالعالم")


def rectangle(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def line(name: str, text: str, baseline: float, slope: float = 0.0, backwards: bool = False) -> Line:
    """A line that begins 100 pixels from the left, or ends there if it runs backwards."""
    width = max(len(text), 1) * STEP

    def part(start: float, end: float) -> tuple[Point, ...]:
        left, right = (width - end, width - start) if backwards else (start, end)
        box = rectangle(100 + left, baseline - 40, 100 + right, baseline + 12)
        return tuple((x, y + slope * (x - 100)) for x, y in box)

    words, position = [], 0
    for token in text.split(" ") if text else []:
        starts = range(position, position + len(token) * STEP, STEP)
        letters = tuple(Character(c, 0.5, part(at, at + STEP)) for c, at in zip(token, starts))
        words.append(Word(token, 0.875, part(position, position + len(token) * STEP), letters))
        position += (len(token) + 1) * STEP
    ends = ((100.0, baseline), (100 + width, baseline + slope * width))
    return Line(name, text, 0.75, part(0, width), ends[::-1] if backwards else ends, tuple(words))


def page(*texts: str, slope: float = 0.0, backwards: bool = False, number: int = 1) -> Page:
    """A page with one region."""
    lines = tuple(line(f"l{k}", text, 200 + 90 * k, slope, backwards) for k, text in enumerate(texts))
    region = Region("r1", "text", rectangle(80, 100, 900, 200 + 90 * len(texts)), lines)
    return Page("letter.png", number, WIDTH, HEIGHT, 0, (region,), "latin-lines")


def varied() -> Page:
    """A page of all kinds of regions and many scripts, with an empty line, a line without words and an empty region."""
    wordless = Line("wordless", "no words here", 0.5, rectangle(90, 1100, 500, 1150), ((90, 1140), (500, 1140)))
    regions = (
        Region("r1", "text", rectangle(80, 100, 900, 560), page(*LATIN, slope=0.03).lines),
        Region("r2", "marginalia", rectangle(80, 560, 900, 860), tuple(_hebrew())),
        Region("r3", "table", rectangle(80, 900, 900, 1300), (line("empty", "", 1000), wordless)),
        Region("r4", "text", rectangle(900, 900, 950, 950), ()),
    )
    return Page("letter & more.png", 1, WIDTH, HEIGHT, 0, regions, "latin-lines")


def doubtful() -> Page:
    """A page with a line whose first word has other readings, one of them of two words."""
    first = page("inthe house", "certain").lines[0]
    joined, house = first.words
    readings = (Alternative("inthe", 0.5), Alternative("in the", 0.3), Alternative("<nthe>", 0.1))
    joined = msgspec.structs.replace(joined, alternatives=readings)
    house = msgspec.structs.replace(house, alternatives=(Alternative("house", 1.0),))
    texts = (Alternative("inthe house", 0.5), Alternative("in the house", 0.3))
    changed = msgspec.structs.replace(first, words=(joined, house), alternatives=texts)
    whole = page("inthe house", "certain")
    region = msgspec.structs.replace(whole.regions[0], lines=(changed, whole.lines[1]))
    return msgspec.structs.replace(whole, regions=(region,))


def _hebrew() -> list[Line]:
    return [line(f"h{k}", text, 600 + 90 * k, backwards=True) for k, text in enumerate(HEBREW)]


def blank(number: int = 1) -> Page:
    return Page("blank.png", number, WIDTH, HEIGHT, 0)


def turned(upright: Page, orientation: int) -> Page:
    """The same page in an image that must be turned clockwise by `orientation`."""
    width, height = upright.width, upright.height

    def turn(point: Point) -> Point:
        x, y, side, other = *point, width, height
        for _ in range(orientation // 90):
            x, y, side, other = y, side - x, other, side
        return x, y

    def move(value: object) -> object:
        if not isinstance(value, msgspec.Struct):
            return value
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        for name in fields.keys() & {"polygon", "baseline"}:
            fields[name] = tuple(map(turn, fields[name]))
        for name in fields.keys() & {"regions", "lines", "words", "characters"}:
            fields[name] = tuple(map(move, fields[name]))
        return type(value)(**fields)

    size = {"width": height, "height": width} if orientation % 180 else {}
    return msgspec.structs.replace(move(upright), orientation=orientation, **size)


def scan(of: Page) -> np.ndarray:
    """A light image of the size of a page."""
    return np.full((of.height, of.width), 240, np.uint8)
