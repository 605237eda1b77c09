"""Hypothesis strategies for the values that tests of several packages draw."""

from __future__ import annotations

from unicodedata import category

from hypothesis import strategies as st

from gluon_htr.pages.document import Alternative, Character, Line, Page, Point, Region, Word

#: Characters that a person may write: nothing invisible, no surrogates, no unassigned code points.
letters = st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Cn", "Co"))
#: Texts as labels have them: single spaces, none at the ends.
_tokens = st.text(letters.filter(lambda c: not category(c).startswith("Z")), min_size=1, max_size=8)
labels = st.lists(_tokens, max_size=6).map(" ".join)
#: Labels that are not empty.
words = labels.filter(bool)
#: A point in or around a page of 1000 × 800 pixels, as PAGE writes it.
points = st.tuples(st.integers(-200, 1200), st.integers(-200, 1000)).map(lambda point: f"{point[0]},{point[1]}")
#: Polygons of any kind: crossed, degenerate, beyond the page.
polygons = st.lists(points, min_size=3, max_size=8).map(" ".join)
#: Baselines of any kind, or none.
baselines = st.one_of(st.just(""), st.lists(points, min_size=2, max_size=5).map(" ".join))

#: Words of a page: any characters but white space, also controls and those beyond the Basic Multilingual Plane.
_visible = st.characters(exclude_categories=("Cs",)).filter(lambda c: not c.isspace())
page_tokens = st.text(_visible, min_size=1, max_size=6)
_proportions = st.floats(0, 1)
_taken = st.sampled_from(["a_w1", "a_s1", "page", "tag_text", "order"])
#: Names as PAGE and ALTO have them, among them those that our files give to other elements.
_names = st.from_regex("[a-z_][a-z0-9_.-]{0,5}", fullmatch=True) | _taken
_coordinates = st.floats(-200, 1600, allow_nan=False)


def _outlines(smallest: int) -> st.SearchStrategy[tuple[Point, ...]]:
    return st.lists(st.tuples(_coordinates, _coordinates), min_size=smallest, max_size=6).map(tuple)


def _alternatives(text: str, sure: float) -> tuple[Alternative, ...]:
    """None for what is surer, or two readings with the one that stands in the text first: nothing more is drawn."""
    return () if sure > 0.5 else (Alternative(text, sure), Alternative(f"{text[::-1]} <&\b", 1 - sure))


@st.composite
def _page_words(draw: st.DrawFn, token: str) -> Word:
    sure, outline = draw(_proportions), draw(_outlines(3))
    return Word(token, sure, outline, tuple(draw(_characters(c)) for c in token), _alternatives(token, sure))


@st.composite
def _page_lines(draw: st.DrawFn, name: str) -> Line:
    tokens = draw(st.lists(page_tokens, max_size=4))
    words = tuple(draw(_page_words(token)) for token in tokens)
    shown = words if draw(st.booleans()) else ()
    text, sure = " ".join(tokens), draw(_proportions)
    return Line(name, text, sure, draw(_outlines(3)), draw(_outlines(2)), shown, _alternatives(text, sure))


def _characters(text: str) -> st.SearchStrategy[Character]:
    return st.builds(Character, st.just(text), _proportions, _outlines(4))


@st.composite
def pages(draw: st.DrawFn) -> Page:
    """Pages of any text and any geometry, also beyond the page."""
    names = draw(st.lists(_names, unique=True, max_size=5))
    lines = [draw(_page_lines(name)) for name in names]
    cuts = sorted(draw(st.lists(st.integers(0, len(lines)), max_size=2)))
    parts = [lines[start:end] for start, end in zip([0, *cuts], [*cuts, len(lines)])] if lines else []
    kinds = st.sampled_from(["text", "marginalia", "table"])
    regions = tuple(Region(f"r{k}", draw(kinds), draw(_outlines(3)), tuple(part)) for k, part in enumerate(parts))
    source, orientation = draw(page_tokens), draw(st.sampled_from([0, 90, 180, 270]))
    return Page(source, draw(st.integers(1, 300)), 1000, 1400, orientation, regions, draw(page_tokens | st.just("")))
