"""Lines composed of single characters."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest
from characters import draw, save, write_emnist
from support import prepare

from gluon_htr.datasets.freshness import companions_digest
from gluon_htr.datasets.generated.character_lines import ComposedLine, ComposedLinesOptions, ComposedLinesReader, Glyph
from gluon_htr.datasets.loading import has_test_data
from gluon_htr.datasets.sample import Problem, Sample
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import DataError, ImageError, SpecError
from gluon_htr.images.preprocessing import Preprocessing

TRAIN, TEST = "acdefghilmnoprstuw", "ACDEHILMNORSTU"
SENTENCE = "a drone hums near the small lighthouse and lands there"


@pytest.fixture(scope="module")
def emnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with training characters and other ones to test on, and a corpus."""
    root = tmp_path_factory.mktemp("emnist")
    write_emnist(root, TEST, split="test", variant="letters")
    write_emnist(root, TRAIN * 2)
    (root / "corpus.txt").write_text(f"{SENTENCE}\n\n" * 3)
    return root


def lines(spec: str) -> list[Sample]:
    return list(open_spec(parse_spec(spec)))


class Hands:
    """Characters of named writers."""

    def __init__(self, **texts: str) -> None:
        self.problems: list[Problem] = []
        self._texts = texts

    def __len__(self) -> int:
        return sum(map(len, self._texts.values()))

    def __iter__(self) -> Iterator[Sample]:
        for writer, text in self._texts.items():
            for character in text:
                yield Sample(f"{writer}-{character}", character, writer, Drawn(character, writer))


class Drawn:
    """The image of a character, and who wrote it."""

    def __init__(self, character: str, writer: str = "") -> None:
        self.character, self.writer = character, writer

    def __call__(self) -> np.ndarray:
        return draw(self.character)


def line(text: str, *, overlap: float = 0.0, equal: bool = False, seed: int = 0) -> np.ndarray:
    glyphs: tuple[Glyph, ...] = tuple(map(Drawn, text.replace(" ", "")))
    return ComposedLine(text, glyphs, (seed,), overlap, "equal" if equal else "letters")()


def spans(image: np.ndarray) -> list[tuple[int, int]]:
    """First and last column of each piece of ink."""
    columns = np.flatnonzero((image < 200).any(axis=0)).tolist()
    found = (list(run) for _, run in groupby(enumerate(columns), lambda pair: pair[1] - pair[0]))
    return [(run[0][1], run[-1][1]) for run in found]


def rows(image: np.ndarray, span: tuple[int, int]) -> tuple[int, int]:
    """First and last row of a piece of ink."""
    found = np.flatnonzero((image[:, span[0] : span[1] + 1] < 128).any(axis=1))
    return int(found[0]), int(found[-1])


def test_the_same_line_whoever_draws_it(emnist: Path) -> None:
    """Workers that share the work, or a set that is made larger, would have other lines."""
    spec = f"composed:emnist:{emnist}?split=train&count="
    few, many, other = lines(f"{spec}4"), lines(f"{spec}8"), lines(f"{spec}4&seed=1")
    assert [(s.id, s.text) for s in few] == [(s.id, s.text) for s in many[:4]]
    assert [s.text for s in few] != [s.text for s in other]
    assert len({s.id for s in many} | {s.id for s in other}) == 12
    for sample, again in zip(few, pickle.loads(pickle.dumps(many))):  # noqa: S301 - its own
        np.testing.assert_array_equal(sample.image(), again.image())
    stores = [
        prepare(open_spec(parse_spec(f"{spec}4")), Preprocessing("height", 28, 2048, 16), workers) for workers in (0, 2)
    ]
    for number in range(4):
        np.testing.assert_array_equal(stores[0].image(number), stores[1].image(number))


def test_texts_are_of_the_corpus_and_in_the_characters_of_the_split(emnist: Path) -> None:
    """A network would be tested on characters that it was trained on, or learn to read what no image shows."""
    spec = f"composed:emnist:{emnist}?corpus={emnist / 'corpus.txt'}&texts=lines&count=40"
    trained = lines(f"{spec}&split=train")
    assert sum(s.text.lower() in SENTENCE and " " in s.text for s in trained) > 20
    assert set("".join(s.text for s in trained)) <= {*TRAIN, " "}
    tested = lines(f"{spec}&split=test&variant=letters")
    assert set("".join(s.text for s in tested)) <= {*TEST, " "}
    assert has_test_data(f"{spec}&split=test&variant=letters")
    assert not has_test_data(f"{spec}&split=train")


def test_every_character_stands_by_itself_without_overlap_and_they_meet_with_it() -> None:
    """The images would not show their texts, or be easier than handwriting."""
    apart = line("Hall of no wood", equal=True)
    assert len(spans(apart)) == len("Hallofnowood")
    widths = [[line("Hall of no wood", overlap=most, seed=seed).shape[1] for seed in range(20)] for most in (0, 0.33)]
    assert 0.72 < np.mean(widths[1]) / np.mean(widths[0]) < 0.97
    assert np.std(widths[1]) > 0


def test_spaces_are_wider_than_what_is_between_letters_and_vary() -> None:
    """A network could not tell words, or would learn a single distance."""
    found = spans(line("no no no no", equal=True))
    gaps = [after[0] - before[1] for before, after in pairwise(found)]
    assert min(gaps[1::2]) > max(gaps[0::2]) + 3
    assert len(set(gaps[1::2])) > 1


def test_letters_stand_on_a_baseline_in_their_sizes() -> None:
    """`c` and `C` could not be told apart, and a full stop would be as high as a capital."""
    image = line("HxpC.c")
    capital, small, deep, _, stop, c = (rows(image, span) for span in spans(image))
    heights = [low - high + 1 for high, low in (capital, small, deep, stop, c)]
    assert 0.5 < heights[1] / heights[0] < 0.75
    assert 0.5 < heights[4] / heights[0] < 0.75
    assert heights[3] <= 6
    assert abs(capital[1] - small[1]) <= 3
    assert deep[1] > small[1] + 4
    equal = line("HxpCc", equal=True)
    assert np.ptp([rows(equal, span)[1] - rows(equal, span)[0] for span in spans(equal)]) <= 3


def test_a_line_is_by_one_writer_as_far_as_the_writer_left_characters() -> None:
    """Lines would change their hand with every letter though the data know the writers."""
    reader = ComposedLinesReader(Hands(anna=TRAIN, ben=TRAIN[:-2], cleo="ab"), ComposedLinesOptions(count=12))
    for sample in reader:
        assert sample.group in ("anna", "ben")
        assert isinstance(sample.image, ComposedLine)
        for glyph in sample.image.glyphs:
            assert isinstance(glyph, Drawn)
            assert glyph.writer == sample.group or glyph.character not in TRAIN[:-2]


def test_characters_of_unknown_writers_make_groups_of_their_own(emnist: Path) -> None:
    """All lines would be one writer's, and no part of them could be held out."""
    samples = lines(f"composed:emnist:{emnist}?count=5")
    assert len({sample.group for sample in samples}) == 5


def test_any_folder_of_characters_is_a_source(tmp_path: Path) -> None:
    """Only EMNIST could be used; and what is not a single character would end the command."""
    for character in "on0":
        save(tmp_path / character / "a.png", character, side=90, ink=230, paper=20)
    save(tmp_path / "word.png", "w")
    (tmp_path / "labels.tsv").write_text("".join(f"{c}/a.png\t{c}\n" for c in "on0") + "word.png\tword\n")
    reader = open_spec(parse_spec(f"composed:listing:{tmp_path}/labels.tsv?count=3"))
    samples = list(reader)
    assert ["'word'" in problem.reason for problem in reader.problems] == [True]
    assert set("".join(sample.text for sample in samples)) <= set("on0 ")
    assert samples[0].image()[0].min() > 200  # light on dark became dark on light


def test_a_line_with_an_empty_character_is_left_out() -> None:
    """The text would say a letter that is not in the image."""
    with pytest.raises(ImageError, match="'b' is empty"):
        ComposedLine("b", (lambda: np.full((9, 9), 255, np.uint8),), (0,), 0.0, "equal")()


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("composed:data/emnist", "has no source: write composed:KIND:PATH"),
        ("composed:cache:x.pkl", "has no source"),
        ("composed:composed:emnist:x", "has no source"),
        ("composed:emnist:x?splt=test", "unknown key splt; emnist knows split.*composed knows corpus"),
        ("composed:emnist:x?overlap=2", "overlap cannot be '2'"),
        ("composed:emnist:?count=1", "has no path"),
    ],
)
def test_a_wrong_spec_is_told_with_what_is_right(spec: str, why: str) -> None:
    """Users would get a traceback, or lines of other characters than they wanted."""
    with pytest.raises(SpecError, match=why):
        parse_spec(spec)


def test_data_without_characters_are_refused(tmp_path: Path) -> None:
    """The command would end with an IndexError."""
    save(tmp_path / "a.png", "a")
    (tmp_path / "labels.tsv").write_text("a.png\tword\n")
    with pytest.raises(DataError, match=r"no single character to compose lines of: .*'word'"):
        open_spec(parse_spec(f"composed:listing:{tmp_path}/labels.tsv"))


def test_prepared_lines_are_outdated_when_the_corpus_changes(emnist: Path, tmp_path: Path) -> None:
    """Training would go on with lines of another text."""
    corpus = tmp_path / "books.txt"
    corpus.write_text(SENTENCE)
    spec = parse_spec(f"composed:emnist:{emnist}?corpus={corpus}")
    before = companions_digest(spec)
    corpus.write_text(SENTENCE.upper())
    assert before
    assert companions_digest(spec) != before
