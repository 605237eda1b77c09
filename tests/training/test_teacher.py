"""A teacher's posteriors at the classes and time steps of another network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from letters import LETTERS, draw

import gluon_htr
from gluon_htr.errors import UsageError
from gluon_htr.images.preprocessing import Preprocessing, fit
from gluon_htr.runtime.classifier import softmax
from gluon_htr.runtime.recognizer import Recognizer
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.engines.taught import Teacher
from gluon_htr.training.initial_weights import load_initial


@pytest.fixture(scope="module")
def letters() -> Recognizer:
    """A model that reads words of the letters a to e."""
    return gluon_htr.load(LETTERS)


def _image(shape: Preprocessing) -> np.ndarray:
    return fit(np.asarray(draw("badec").convert("L")), shape)[None]


def _steps(recognizer: Recognizer, images: np.ndarray) -> int:
    return images.shape[2] // int(recognizer.network(images).shape[1])


def test_a_teacher_of_the_same_network_says_what_it_reads(letters: Recognizer) -> None:
    """Distillation would teach something else than the teacher."""
    images = _image(letters.preprocessing)
    teacher = Teacher(letters, letters.alphabet, letters.preprocessing.height, _steps(letters, images))
    np.testing.assert_allclose(teacher.posteriors(images)[0], softmax(letters.network(images)[0]), atol=1e-5)


def test_characters_that_it_lacks_have_no_share(letters: Recognizer) -> None:
    """A letter would be taught as another one."""
    images = _image(letters.preprocessing)
    alphabet = Alphabet(["x", *reversed(letters.alphabet.characters)])
    found = Teacher(letters, alphabet, letters.preprocessing.height, _steps(letters, images)).posteriors(images)[0]
    expected = softmax(letters.network(images)[0])
    assert not found[:, 0].any()
    np.testing.assert_allclose(found[:, 1:-1], expected[:, -2::-1], atol=1e-5)
    np.testing.assert_allclose(found[:, -1], expected[:, -1], atol=1e-5)


def test_lines_of_another_height_are_taught_at_the_same_places(letters: Recognizer) -> None:
    """The teacher would point at letters beside those in the image."""
    images = _image(letters.preprocessing)
    step = _steps(letters, images)
    twice = images.repeat(2, axis=1).repeat(2, axis=2)
    found = Teacher(letters, letters.alphabet, twice.shape[1], step).posteriors(twice)[0]
    exact = softmax(letters.network(images)[0])
    assert found.shape == (twice.shape[2] // step, len(letters.alphabet) + 1)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    for letter in range(len(letters.alphabet)):  # each where it is read
        places = [(p[:, letter].argmax() + 0.5) / len(p) for p in (found, exact)]
        assert places[0] == pytest.approx(places[1], abs=0.6 / len(found))


def test_a_teacher_of_other_letters_is_refused(letters: Recognizer, tmp_path: Path) -> None:
    """What it reads would be dropped in silence."""
    with pytest.raises(UsageError, match="2 characters that this training's alphabet lacks, such as d e"):
        Teacher(letters, Alphabet("abc"), 32, 4)


@pytest.mark.torch
@pytest.mark.parametrize(("precision", "difference"), [("float32", 1e-4), ("bfloat16", 0.2)])
def test_a_teacher_on_the_engine_of_the_training_says_the_same(
    letters: Recognizer, precision: str, difference: float
) -> None:
    """A training on a GPU would wait for its teacher on the CPU, or be taught something else there."""
    pytest.importorskip("torch")
    from gluon_htr.training.engines import network_maker
    from gluon_htr.training.engines.torch import network_of

    images = _image(letters.preprocessing)
    height, step = letters.preprocessing.height, _steps(letters, images)
    network = network_of(load_initial(str(LETTERS)).pair, "cpu", precision)
    found, expected = (
        Teacher(letters, letters.alphabet, height, step, each).posteriors(images) for each in (network, None)
    )
    np.testing.assert_allclose(found, expected, atol=difference)
    assert (found.argmax(-1) == expected.argmax(-1)).mean() > 0.9
    assert network_maker("torch", "cpu", "bfloat16") is not None
    assert network_maker("torch", "cpu", "float32") is None  # slower than ONNX Runtime
    assert network_maker("mxnet", "cpu", "float32") is None
