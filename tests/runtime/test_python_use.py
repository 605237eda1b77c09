"""Python as people use it: missing images in a list, process pools, notebooks, editors."""

from __future__ import annotations

import base64
import io
import multiprocessing
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from copy import copy
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from letters import LETTERS, array, draw, encoded
from PIL import Image
from support import PROJECT

import gluon_htr
from gluon_htr import ImageError, Recognizer, UsageError, load
from gluon_htr.decoding.beam_decoder import BeamDecoder
from gluon_htr.runtime.decoders import describe

WORDS = ["bead", "abc", "decade"]


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return gluon_htr.load(LETTERS, threads=1)


def test_images_that_are_missing_are_left_out_of_a_stream(recognizer: Recognizer) -> None:
    """`cv2.imread` returns None for a missing file: the whole list would end with a TypeError."""
    failed: list[tuple[object, ImageError]] = []
    images = [array("bead"), None, array("abc"), "a\0b", 7, bytearray(encoded(draw("decade")))]
    read = list(recognizer.stream(images, failed=lambda image, error: failed.append((image, error))))  # type: ignore[arg-type]
    assert [result.text for _, result in read] == ["bead", "abc", "decade"]
    assert [image for image, _ in failed] == [None, "a\0b", 7]
    with pytest.raises(ImageError):
        recognizer.read(None)  # type: ignore[arg-type]


def test_a_stream_gives_what_it_has_read_before_the_users_exception(recognizer: Recognizer) -> None:
    """All readings of a window would be lost because a later file is gone."""

    class Gone(Exception):
        """The user's own."""

    def images() -> Iterator[np.ndarray]:
        yield from map(array, WORDS)
        raise Gone

    stream = recognizer.stream(images())
    assert [next(stream)[1].text for _ in WORDS] == WORDS
    with pytest.raises(Gone):
        next(stream)


def test_a_stream_gives_what_stands_before_a_bad_image(recognizer: Recognizer) -> None:
    """The readings before it would be lost, where `failed` is not given."""
    stream = recognizer.stream([array("bead"), array("abc"), b"no image", array("decade")])
    assert [next(stream)[1].text for _ in range(2)] == ["bead", "abc"]
    with pytest.raises(ImageError):
        next(stream)


def test_an_exception_behind_a_full_window_comes_after_it(recognizer: Recognizer) -> None:
    """It would be raised before, or swallowed."""

    def images() -> Iterator[np.ndarray]:
        for _ in range(9):
            yield array("abc")
        raise KeyError("end")

    read = []
    with pytest.raises(KeyError):  # noqa: PT012
        for _, result in recognizer.stream(images(), batch_size=1):
            read.append(result.text)
    assert read == ["abc"] * 9


def test_uploads_are_read(recognizer: Recognizer) -> None:
    """`recognizer.read(request.files["image"])` is what web applications do."""
    blob = encoded(draw("bead"))
    for source in (io.BytesIO(blob), bytearray(blob), memoryview(blob)):
        assert recognizer.read(source).text == "bead"


def test_a_frame_is_read(recognizer: Recognizer) -> None:
    """A TIFF of two lines could not be read at all."""
    pictures = [draw(word).convert("L") for word in ("bead", "abc")]
    file = io.BytesIO()
    pictures[0].save(file, "TIFF", save_all=True, append_images=pictures[1:])
    assert recognizer.read(file.getvalue(), frame=2).text == "abc"
    assert [result.text for _, result in recognizer.stream([file.getvalue()], frame=1)] == ["bead"]


def test_a_recognizer_can_be_sent_to_other_processes(recognizer: Recognizer) -> None:
    """`ProcessPoolExecutor().map(recognizer.read, …)` would end with a message about a lambda."""
    again = pickle.loads(pickle.dumps(recognizer))  # noqa: S301
    assert again.read(array("bead")) == recognizer.read(array("bead"))
    again.temperature = 2.0
    assert pickle.loads(pickle.dumps(again)).temperature == 2.0  # noqa: S301
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        results = list(pool.map(recognizer.read, map(array, WORDS)))
    assert [result.text for result in results] == WORDS


def test_a_reader_of_pages_can_be_pickled() -> None:
    """Pages are what takes long, and what people spread over processes."""
    reader = gluon_htr.load_reader(LETTERS, threads=1)
    again = pickle.loads(pickle.dumps(reader))  # noqa: S301
    assert (again.detector.name, again.recognizer.name) == (reader.detector.name, reader.recognizer.name)


def test_copies_of_a_recognizer_have_settings_of_their_own(recognizer: Recognizer) -> None:
    """A worker that got two recognizers of one model would read with the decoder of the later one."""
    searching = load(LETTERS, threads=1, decoder=BeamDecoder())
    greedy, beam = (pickle.loads(pickle.dumps(one)) for one in (recognizer, searching))  # noqa: S301
    assert [describe(one.decoder) for one in (greedy, beam)] == ["greedy", describe(BeamDecoder())]
    other = copy(recognizer)
    other.decoder = beam.decoder
    assert describe(recognizer.decoder) == "greedy"
    assert describe(pickle.loads(pickle.dumps(other)).decoder) == describe(BeamDecoder())  # noqa: S301


def test_a_recognizer_of_a_users_own_network_says_what_to_do(recognizer: Recognizer) -> None:
    """The error would speak of local functions."""
    own = Recognizer(recognizer.network, recognizer.alphabet, recognizer.preprocessing, "own")
    with pytest.raises(UsageError, match="build one in each"):
        pickle.dumps(own)


def test_a_recognition_is_shown_as_its_picture_with_characters(recognizer: Recognizer, tmp_path: Path) -> None:
    """In a notebook, a line of brackets and numbers would be shown."""
    draw("bead").save(tmp_path / "word.png")
    for source in (tmp_path / "word.png", encoded(draw("bead")), array("bead")):
        shown = recognizer.read(source)._repr_html_()
        picture = base64.b64decode(re.search(r"base64,([^\"]+)", shown)[1])  # type: ignore[index]
        with Image.open(io.BytesIO(picture)) as image:
            assert image.size == draw("bead").size
        letters = re.findall(r"left:([\d.]+)px[^>]*>(.)</span>", shown)
        assert "".join(letter for _, letter in letters) == "bead"
        places = [float(place) for place, _ in letters]
        assert places == sorted(places)
        assert 0 < places[0] < places[-1] < draw("bead").width


def test_what_is_shown_is_text_and_no_markup() -> None:
    """A model from a stranger could put a script into a notebook."""
    evil = gluon_htr.Recognition("<script>", 0.5, ())
    assert "<script>" not in evil._repr_html_()
    assert "&lt;script&gt;" in evil._repr_html_()


def test_a_picture_that_is_gone_is_left_out(recognizer: Recognizer, tmp_path: Path) -> None:
    """The notebook would show an error instead of the text."""
    draw("bead").save(tmp_path / "word.png")
    result = recognizer.read(tmp_path / "word.png")
    (tmp_path / "word.png").unlink()
    assert "bead" in result._repr_html_()
    assert "<img" not in result._repr_html_()


def test_the_picture_is_no_part_of_the_value(recognizer: Recognizer) -> None:
    """Comparing, printing, storing and sending results would drag pixels along."""
    result = recognizer.read(array("bead"))
    assert result == recognizer.read(encoded(draw("bead")))
    kept = {"text", "confidence", "characters", "alternatives", "blank_probability", "words", "warnings"}
    assert set(asdict(result)) == kept
    assert "array" not in repr(result)
    sent = pickle.dumps(result)
    assert len(sent) < 1000
    assert pickle.loads(sent) == result  # noqa: S301


@pytest.mark.long
def test_a_type_checker_finds_typos(tmp_path: Path) -> None:
    """`gluon_htr.laod()` would be found when the program runs."""
    (tmp_path / "program.py").write_text(
        "import gluon_htr\nfrom gluon_htr import ImageError\n"
        "text: str = gluon_htr.load('digits').read('a.png').text\nprint(text, ImageError)\ngluon_htr.laod()\n"
        "gluon_htr.load().raed('a.png')\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "program.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"MYPYPATH": str(PROJECT), "PATH": "/usr/bin"}, capture_output=True, text=True
    )
    ours = [line for line in done.stdout.splitlines() if line.startswith("program.py")]
    assert len(ours) == 2, done.stdout
    assert "laod" in ours[0]
    assert "raed" in ours[1]


def test_models_are_loaded_in_several_threads() -> None:
    """A program that reads in threads crashed as a whole when two of them loaded a model first."""
    program = """
import sys, threading
from gluon_htr.runtime.loading_pages import load_reader

sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=lambda: print(load_reader(threads=1).detector.name)) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("pages") == 6
