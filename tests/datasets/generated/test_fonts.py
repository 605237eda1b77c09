"""Lines that nobody wrote."""

from __future__ import annotations

import json
import lzma
import pickle
import string
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from support import is_framed, prepare

pytest.importorskip("cv2")
pytest.importorskip("HersheyFonts")

from gluon_htr.datasets.generated.alphabets import known_alphabet
from gluon_htr.datasets.generated.drawings import OutlineText
from gluon_htr.datasets.generated.trdg import by_trdg
from gluon_htr.datasets.sample import Sample
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AlphabetError, DataError, SpecError, UsageError
from gluon_htr.images.preprocessing import Preprocessing
from gluon_htr.synthesis.fonts.drawn_fonts import drawn_fonts
from gluon_htr.synthesis.fonts.layout import RenderOptions
from gluon_htr.synthesis.fonts.small_capitals import Capitals, SmallCapitals
from gluon_htr.synthesis.fonts.stroke_fonts import CAPITAL, JOINED, HersheyFont
from gluon_htr.synthesis.fonts.typeset import Face
from gluon_htr.synthesis.texts.sampler import IAM
from gluon_htr.text.alphabet import Alphabet


def samples(spec: str) -> list[Sample]:
    return list(open_spec(parse_spec(spec)))


def test_lines_are_drawn_by_worker_processes() -> None:
    """Samples that cannot be sent to another process could not be prepared or trained on."""
    preprocessing = Preprocessing(mode="height", height=32, width=2048)
    spec = parse_spec("fonts:hershey?count=6&seed=5")
    here, there = prepare(open_spec(spec), preprocessing, workers=0), prepare(open_spec(spec), preprocessing, workers=1)
    assert here.texts == there.texts
    assert all(np.array_equal(here.image(k), there.image(k)) for k in range(6))


def test_more_lines_begin_with_the_same_ones() -> None:
    """A set that is made larger would have to be made anew."""
    few, many = samples("fonts:hershey?count=5"), samples("fonts:hershey?count=9")
    assert few == many[:5]
    assert [sample.id for sample in few] != [sample.id for sample in samples("fonts:hershey?count=5&seed=1")]
    assert len({sample.id for sample in many}) == 9


def test_ink_stays_off_the_edges() -> None:
    """Half a letter at the edge would be taught as a whole one."""
    for sample in samples("fonts:hershey?count=60"):
        image = pickle.loads(pickle.dumps(sample.image))()  # noqa: S301
        assert image.dtype == np.uint8
        assert (image < 160).sum() > 20, sample.text
        assert is_framed(image), sample.text


def test_longer_texts_are_wider() -> None:
    """Texts beside the wrong images would teach nothing."""
    drawn = [(len(sample.text), sample.image()) for sample in samples("fonts:hershey?count=60")]
    widths = [image.shape[1] / image.shape[0] for _, image in drawn]
    assert np.corrcoef([length for length, _ in drawn], widths)[0, 1] > 0.75


def test_all_fonts_are_used_and_named() -> None:
    """A part of the fonts could not be held out to see whether a network reads others."""
    counted = Counter(sample.group for sample in samples("fonts:hershey?count=400"))
    assert counted["scripts"] > counted["timesr"] > 0
    assert len(counted) == 9


def test_texts_come_from_the_corpus_and_keep_to_the_alphabet(tmp_path: Path) -> None:
    """A network would be taught characters that it cannot write."""
    book = tmp_path / "book.txt"
    book.write_text("We were somewhere near Zürich when the “hands” took hold, and so we wrote it down. " * 9)
    found = "".join(sample.text for sample in samples(f"fonts:hershey?count=200&texts=lines&corpus={book}"))
    assert "Zurich" in found
    assert set(found) <= set(IAM)
    (tmp_path / "digits.json").write_bytes(Alphabet("0123456789").to_json())
    for sample in samples(f"fonts:hershey?count=50&alphabet={tmp_path / 'digits.json'}"):
        assert sample.text.isdecimal()
    assert all(s.text.isdecimal() and len(s.text) <= 20 for s in samples("fonts:hershey?count=50&texts=digits"))


def test_any_character_that_the_font_has() -> None:
    """Signs outside IAM's alphabet would never be learned, or drawn as nothing."""
    found = "".join(sample.text for sample in samples("fonts:hershey?count=300&texts=patterns&alphabet=any"))
    assert "$" in found
    assert "£" not in found


def test_the_usual_characters_of_chinese_are_known_by_name() -> None:
    """Users would have to find a list of 3,755 characters."""
    alphabet = known_alphabet("gb2312")
    assert alphabet is not None
    assert {"啊", "座", "的", "，", "。", "7"} <= alphabet
    assert sum("\u4e00" <= character <= "\u9fff" for character in alphabet) == 3755
    with pytest.raises(DataError, match="fonts:FOLDER"):
        samples("fonts:hershey?count=1&alphabet=gb2312&texts=characters")


def test_the_supply_is_endless() -> None:
    """Training that draws its lines on the way would end with the first `count`."""
    reader = open_spec(parse_spec("fonts:hershey?count=1"))
    assert len(reader) == 1
    assert reader.sample(10**6).image().size  # type: ignore[attr-defined]
    assert len(list(islice(reader, 5))) == 1


@pytest.mark.parametrize(
    ("query", "error", "words"),
    [
        ("count=0", SpecError, "count"),
        ("seed=-1", SpecError, "seed"),
        ("texts=poems", SpecError, "poems"),
        ("alphabet=klingon", SpecError, "klingon is unknown: write iam"),
        ("alphabet=nowhere.json", AlphabetError, "nowhere.json"),
        ("corpus=nowhere", DataError, "nowhere does not exist"),
        (
            "font=x",
            SpecError,
            "fonts knows corpus, count.*digits, skew, spacing, margin, blur, small_capitals, joins, paper",
        ),
        ("skew=90", SpecError, "skew"),
        ("spacing=-1", SpecError, "spacing"),
        ("digits=71", SpecError, "digits=71: write a number from 1 to 70"),
    ],
)
def test_wrong_keys_are_told(query: str, error: type[Exception], words: str) -> None:
    """A day of training on the wrong lines."""
    with pytest.raises(error, match=words):
        open_spec(parse_spec(f"fonts:hershey?{query}"))


def test_a_folder_of_fonts(tmp_path: Path) -> None:
    """Fonts of one's own, or of another script, could not be used."""
    fonts = pytest.importorskip("matplotlib").get_data_path() + "/fonts/ttf"
    for name in ("DejaVuSans.ttf", "DejaVuSerif-Italic.ttf", "STIXSizOneSymReg.ttf"):
        (tmp_path / name).symlink_to(f"{fonts}/{name}")
    (tmp_path / "broken.otf").write_bytes(b"nothing")
    reader = open_spec(parse_spec(f"fonts:{tmp_path}?count=20"))
    assert sorted(problem.id for problem in reader.problems) == ["STIXSizOneSymReg.ttf", "broken.otf"]
    lines = list(reader)
    assert {sample.group for sample in lines} == {"DejaVuSans", "DejaVuSerif-Italic"}
    for sample in lines:
        image = pickle.loads(pickle.dumps(sample.image))()  # noqa: S301
        assert (image < 160).any()
        assert np.array_equal(image, sample.image())


def sizes(query: str) -> tuple[float, float]:
    """Heights and widths of images, in the middle."""
    shapes = [sample.image().shape for sample in samples(f"fonts:{query}&count=16&texts=words")]
    return tuple(np.median(shapes, axis=0))  # type: ignore[return-value]


@pytest.mark.parametrize("fonts", ["hershey", "outline"])
def test_what_lines_look_like_can_be_set(fonts: str) -> None:
    """Whose hands slant, or whose camera is out of focus, would train on lines that look like other people's."""
    if fonts == "outline":
        fonts = pytest.importorskip("matplotlib").get_data_path() + "/fonts/ttf/DejaVuSans.ttf"
    height, width = sizes(f"{fonts}?skew=0&margin=0&spacing=0")
    tall, narrow = sizes(f"{fonts}?skew=40&margin=0&spacing=0")
    assert tall / narrow > 1.1 * height / width
    assert min(np.array(sizes(f"{fonts}?skew=0&margin=2&spacing=0")) - (height, width)) > 0.5 * height
    assert sizes(f"{fonts}?skew=0&margin=0&spacing=2")[1] > 1.3 * width
    clear, blurred = ([s.image() for s in samples(f"fonts:{fonts}?count=20{blur}")] for blur in ("", "&blur=4"))
    steepest = [np.mean([np.abs(np.diff(image.astype(int))).max() for image in drawn]) for drawn in (clear, blurred)]
    assert steepest[1] < 0.8 * steepest[0]
    assert all(is_framed(image, 250) for image in blurred)


def test_numbers_of_a_given_length() -> None:
    """A reader of meters with five digits could not be trained on meters."""
    assert {len(sample.text) for sample in samples("fonts:hershey?count=50&texts=digits&digits=5")} == {5}


def test_a_folder_without_fonts_is_told(tmp_path: Path) -> None:
    """An hour later somebody would find nothing."""
    with pytest.raises(DataError, match=r"nowhere does not exist: give fonts:FOLDER"):
        open_spec(parse_spec("fonts:nowhere"))
    with pytest.raises(DataError, match=r"no usable font: .*\.ttf"):
        open_spec(parse_spec(f"fonts:{tmp_path}"))
    (tmp_path / "bad.ttf").write_bytes(b"nothing")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "fonts").symlink_to(tmp_path)
    for folder in (tmp_path, tmp_path / "linked"):
        with pytest.raises(DataError, match=r"bad\.ttf is not a readable font"):
            open_spec(parse_spec(f"fonts:{folder}"))


@pytest.mark.parametrize(
    ("text", "look", "words"),
    [
        ("שלום", RenderOptions(), "wrong order"),
        ("वापस", RenderOptions(), "wrong order"),
        ("fine", RenderOptions(skew=5), "its own skew"),
    ],
)
def test_what_the_other_engine_cannot_do_is_told(text: str, look: RenderOptions, words: str) -> None:
    """trdg would draw Hebrew backward, and with its own skew: every such line would teach what is wrong."""
    sample = Sample("1", text, "sans", OutlineText(text, Face("sans.ttf"), (0,), look))
    with pytest.raises(UsageError, match=words):
        by_trdg(sample)


def drawn(file: Path, *fonts: str, characters: str = string.ascii_letters + string.digits) -> Path:
    """Letters as large as their fields, by as many people as there are fonts."""
    letters = {
        character: [
            [
                (9 * (stroke - stroke.min()) + 50).round().tolist()
                for stroke in HersheyFont(font).glyphs[character].strokes
            ]
            for font in fonts
        ]
        for character in characters
    }
    with (lzma.open if file.suffix == ".xz" else open)(file, "wt") as out:
        json.dump(letters, out)
    return file


@pytest.mark.parametrize("name", ["letters.json", "letters.json.xz"])
def test_letters_that_people_drew_are_fonts_of_theirs(name: str, tmp_path: Path) -> None:
    """The hands of fifty people would stay single characters, and no line be made of them."""
    file = drawn(tmp_path / name, "scripts", "rowmans")
    found = samples(f"fonts:{file}?count=30&seed=3")
    assert {sample.group for sample in found} == {"letters-00", "letters-01"}
    assert any(not character.isalnum() for sample in found for character in sample.text.replace(" ", ""))
    for sample in found:
        assert is_framed(pickle.loads(pickle.dumps(sample.image))())  # noqa: S301


def test_drawn_letters_stand_on_the_line_in_their_usual_sizes(tmp_path: Path) -> None:
    """People draw an `o` as high as an `O`, so that a network could tell neither from the other."""
    first, second = drawn_fonts(drawn(tmp_path / "letters.json", "scripts", "rowmans"))
    for font in (first, second):
        heights = {c: np.concatenate(font.glyphs[c].strokes)[:, 1] for c in "oOgE7,"}
        assert -heights["o"].min() < 0.75 * -heights["O"].min()
        assert abs(heights["E"].max()) <= 2
        assert heights["g"].max() > 4
        assert heights["E"].min() == pytest.approx(-CAPITAL, abs=2)
    assert any(
        not np.array_equal(one, other) for one, other in zip(first.glyphs["a"].strokes, second.glyphs["a"].strokes)
    )


def test_a_letter_drawn_across_the_page_fits_its_line(tmp_path: Path) -> None:
    """One slip of the pen would make lines of hundreds of letters' widths, or of none that can be drawn."""
    file = drawn(tmp_path / "letters.json", "rowmans")
    letters = json.loads(file.read_text())
    letters["A"], letters["B"] = [[[[0, 0], [9000, 3]]]], [[[[0, 0], [1e39, 1]]]]
    file.write_text(json.dumps(letters))
    (font,) = drawn_fonts(file)
    assert font.glyphs["A"].width < 4 * CAPITAL
    assert abs(np.concatenate(font.glyphs["A"].strokes)[:, 1].max()) <= 2
    assert "B" not in font.glyphs


def test_people_who_drew_too_little_are_left_out_and_bad_files_are_told(tmp_path: Path) -> None:
    """A text would be written in the one letter that somebody drew."""
    with pytest.raises(DataError, match="nobody drew enough"):
        samples(f"fonts:{drawn(tmp_path / 'few.json', 'scripts', characters='ab')}?count=1")
    for content in ("[]", "{", '{"a": [[["x"]]]}', ""):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(DataError, match="drawn letters"):
            samples(f"fonts:{tmp_path / 'bad.json'}?count=1")
    (tmp_path / "bad.json.xz").write_bytes(b"no xz")
    for name in ("bad.json.xz", "none.json"):
        with pytest.raises(DataError, match="drawn letters"):
            samples(f"fonts:{tmp_path / name}?count=1")


def test_writers_of_block_letters_make_small_letters_of_capitals() -> None:
    """A network that never saw small capitals reads a writer of block letters at random."""
    font = HersheyFont("futural")
    every = Capitals.draw(font.glyphs, 1.0, np.random.default_rng(0))
    capitals = SmallCapitals(font, every)
    large, small = font.glyphs["R"], capitals.glyphs["r"]
    assert all(np.allclose(after, before * every.size) for before, after in zip(large.strokes, small.strokes))
    assert small.width < large.width
    assert capitals.glyphs["R"] == large
    some = Capitals.draw(font.glyphs, 0.5, np.random.default_rng(0)).letters
    assert some
    assert some < every.letters == set(string.ascii_lowercase)
    assert not Capitals.draw("aBcß", 1.0, np.random.default_rng(0)).letters


def test_small_capitals_are_what_is_drawn(tmp_path: Path) -> None:
    """The option would be taken, and ordinary letters drawn."""
    outlines = pytest.importorskip("matplotlib").get_data_path() + "/fonts/ttf/DejaVuSans.ttf"
    for path in ("hershey", str(drawn(tmp_path / "letters.json", "rowmans")), outlines):
        spec = f"fonts:{path}?texts=words&count=8&small_capitals="
        plain, block = samples(f"{spec}0.000001"), samples(f"{spec}1")  # the same hands
        assert [sample.text for sample in block] == [sample.text for sample in plain]
        for ordinary, capital in zip(plain, block):
            small = any(character.islower() for character in capital.text)
            assert np.array_equal(ordinary.image(), capital.image()) != small
    assert not {sample.group for sample in samples("fonts:hershey?count=40&small_capitals=1")} & JOINED


def test_letters_of_font_files_are_not_joined(tmp_path: Path) -> None:
    """Whoever asks for that would get ordinary letters without a word."""
    with pytest.raises(SpecError, match="not for font files"):
        samples(f"fonts:{tmp_path}?joins=0.5")


def test_joined_block_letters_are_what_is_drawn(tmp_path: Path) -> None:
    """The option would be taken, and letters drawn apart."""
    for path in ("hershey", str(drawn(tmp_path / "letters.json", "rowmans"))):
        spec = f"fonts:{path}?texts=words&count=8&joins="
        apart, joined = samples(f"{spec}0.000001"), samples(f"{spec}1")  # the same hands
        assert [sample.text for sample in joined] == [sample.text for sample in apart]
        assert any(not np.array_equal(one.image(), other.image()) for one, other in zip(apart, joined))
    assert not {sample.group for sample in samples("fonts:hershey?count=40&joins=1")} & JOINED
