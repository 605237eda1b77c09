"""Pictures that are not one upright line, which a reader of lines reads all the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import PROJECT

import gluon_htr
from gluon_htr import predict

TEXT = "Dear reader, nobody has ever written this line by hand."


@pytest.fixture(scope="module")
def line() -> np.ndarray:
    return np.asarray(Image.open(PROJECT / "examples" / "line.png").convert("L"))


@pytest.fixture(scope="module")
def recognizer() -> gluon_htr.Recognizer:
    return gluon_htr.load(threads=1)


def below_each_other(count: int, line: np.ndarray) -> np.ndarray:
    """Different parts of a line, each from the left."""
    length = line.shape[1] // 2
    parts = [line[:, k * length // count :][:, :length] for k in range(count)]
    return np.vstack(parts)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_several_lines_are_told(line: np.ndarray, recognizer: gluon_htr.Recognizer, count: int) -> None:
    """Somebody who crops a paragraph would get nonsense, and not know why."""
    assert recognizer.read(below_each_other(count, line)).warnings == ("several-lines",)


def test_a_short_second_line_is_told(line: np.ndarray, recognizer: gluon_htr.Recognizer) -> None:
    """The end of a sentence below a long line would squeeze both."""
    second = np.full_like(line, int(np.median(line)))
    second[:, : line.shape[1] // 4] = line[:, : line.shape[1] // 4]
    assert recognizer.read(np.vstack([line, second])).warnings == ("several-lines",)


def test_a_line_upside_down_is_told(line: np.ndarray, recognizer: gluon_htr.Recognizer) -> None:
    """A page that was scanned the wrong way round would be read letter for letter, as nonsense."""
    assert recognizer.read(np.rot90(line, 2)).warnings == ("upside-down",)


@pytest.mark.parametrize("turns", [1, 3])
def test_a_line_on_its_side_is_told(line: np.ndarray, recognizer: gluon_htr.Recognizer, turns: int) -> None:
    """A telephone held across would give one letter."""
    assert recognizer.read(np.rot90(line, turns)).warnings == ("sideways",)


def test_light_ink_on_a_large_dark_picture_is_checked_alike(line: np.ndarray, recognizer: gluon_htr.Recognizer) -> None:
    """The check would look at other pixels than the reader."""
    large = Image.fromarray(255 - line).resize((line.shape[1] * 5, line.shape[0] * 5))
    assert recognizer.read(large.rotate(180)).warnings == ("upside-down",)


def test_an_upright_line_has_no_warning(line: np.ndarray, recognizer: gluon_htr.Recognizer) -> None:
    """Warnings of good pictures would be read by nobody."""
    word = Image.open(PROJECT / "examples" / "word.png")
    sheet = np.pad(line, 3 * len(line), constant_values=int(np.median(line)))
    assert [recognizer.read(image).warnings for image in (line, word, sheet)] == [(), (), ()]
    assert recognizer.read(np.full((60, 500), 255, np.uint8)).warnings == ()


def test_a_stream_and_single_pictures_are_warned_of_alike(line: np.ndarray, recognizer: gluon_htr.Recognizer) -> None:
    """A folder would be read without a word."""
    pictures = [line, np.rot90(line, 2), below_each_other(2, line), np.rot90(line)]
    read = [reading.warnings for _, reading in recognizer.stream(pictures)]
    assert read == [recognizer.read(picture).warnings for picture in pictures]
    assert not any(reading.warnings for _, reading in recognizer.stream(pictures, warns=False))
    assert not any(recognizer.read(picture, whole=True).warnings for picture in pictures)


def test_predict_says_what_to_do(line: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The program would know, and the user would not."""
    paths = [tmp_path / name for name in ("good.png", "turned.png", "lines.png")]
    for path, picture in zip(paths, (line, np.rot90(line, 2), below_each_other(2, line))):
        Image.fromarray(picture).save(path)
    assert predict.main([*map(str, paths), "--json"]) == 0
    out, err = capsys.readouterr()
    objects = [json.loads(row) for row in out.splitlines()]
    assert [row["warnings"] for row in objects] == [[], ["upside-down"], ["several-lines"]]
    assert objects[0]["mean_character_confidence"] > 0.95 > objects[1]["mean_character_confidence"]
    assert [word["text"] for word in objects[0]["words"]] == TEXT.split()
    assert "good.png" not in err
    assert "turned.png: this looks upside down: turn it" in err
    assert "lines.png: this shows several lines" in err
    assert "gluon-htr read" in err
