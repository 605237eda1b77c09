"""What a program gets that reads images with us."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from letters import LETTERS, WORDS, array, draw, encoded, members, rehashed, zipped
from PIL import Image

import gluon_htr
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.decoding.beam_decoder import BeamDecoder
from gluon_htr.errors import ImageError, MissingToolError, ModelError, UsageError
from gluon_htr.images.decoding import ImageLike
from gluon_htr.images.preprocessing import Preprocessing
from gluon_htr.runtime.loading import from_bundle
from gluon_htr.runtime.recognizer import Recognizer
from gluon_htr.runtime.verification import verify
from gluon_htr.text.alphabet import Alphabet


@pytest.fixture(scope="module")
def recognizer() -> gluon_htr.Recognizer:
    """Of the letters a to e."""
    return gluon_htr.load(LETTERS, threads=1)


def test_words_are_read(recognizer: gluon_htr.Recognizer) -> None:
    """Everything else could work, and the text be wrong."""
    assert [recognizer.read(draw(word)).text for word in WORDS] == WORDS


def test_text_from_right_to_left_is_in_the_order_of_speech(recognizer: gluon_htr.Recognizer) -> None:
    """Hebrew would come backwards, or its letters' places would. The letters a to e stand for Hebrew ones here."""
    hebrew = Recognizer(recognizer.network, Alphabet("אבגדה"), recognizer.preprocessing, "hebrew")
    latin, found = recognizer.read(draw("decade")), hebrew.read(draw("decade"))
    assert found.text == "".join(c.text for c in found.characters) == "הדאגהד"
    assert [c.left for c in found.characters] == [c.left for c in reversed(latin.characters)]


@pytest.mark.parametrize("text", ["bad  dab\tcab", "עזרי מעם יהוה", "12) (עזרי) ab, מעם"])
def test_each_word_has_its_own_readings(recognizer: gluon_htr.Recognizer, text: str) -> None:
    """The readings of a word would be those of another, above all from right to left, or words would be lost."""
    alphabet = Alphabet.from_texts([text])
    shown = alphabet.encode(text)
    logits = np.full((1, 2 * len(shown), alphabet.classes), -4, np.float32)
    logits[0, ::2, alphabet.blank] = 4
    logits[0, np.arange(1, 2 * len(shown), 2), shown] = 4
    last = text.split()[-1]
    place, _ = alphabet.ordered(shown.tolist())[len(text) - len(last) // 2 - 1]  # a doubtful letter in the last word
    logits[0, 2 * place + 1, alphabet.characters.index(last[0])] = 3
    decoder = BeamDecoder(n_best=3)
    search = Recognizer(lambda images: logits, alphabet, recognizer.preprocessing, "fake", decoder=decoder)
    found = search.read(draw("abc"))
    assert found.text == text
    assert [word.text for word in found.words] == text.split()
    for word in found.words:
        assert word.alternatives[0].text == word.text
    doubtful = found.words[-1].alternatives[1]
    assert doubtful.probability > 0.1
    assert found.alternatives[1].text.split() == [*text.split()[:-1], doubtful.text]
    for word in found.words[:-1]:
        assert word.alternatives[0].probability > 0.9


def test_every_kind_of_image_reads_the_same(recognizer: gluon_htr.Recognizer, tmp_path: Path) -> None:
    """A program would have to convert its images, and guess how."""
    gray = draw("decade")
    path = tmp_path / "word.png"
    gray.save(path)
    pixels = np.asarray(gray)
    ink = Image.new("RGBA", gray.size, (0, 0, 0, 0))
    ink.putalpha(Image.fromarray(255 - pixels))
    kinds: list[ImageLike] = [
        path,
        str(path),
        path.read_bytes(),
        pixels,
        pixels[:, :, None],
        np.dstack([pixels] * 3),
        pixels.astype(np.uint16) * 257,
        pixels / 255,
        gray,
        gray.convert("RGB"),
        gray.convert("P"),
        gray.convert("1", dither=Image.Dither.NONE),
        gray.convert("CMYK"),
        ink,
        Image.fromarray(pixels.astype(np.int32)),
        encoded(gray, "TIFF"),
        encoded(gray, "BMP"),
        encoded(gray, "WEBP", lossless=True),
        encoded(gray.convert("RGB"), "JPEG", quality=98),
    ]
    assert [recognizer.read(image).text for image in kinds] == ["decade"] * len(kinds)


def test_light_ink_on_dark_is_read(recognizer: gluon_htr.Recognizer) -> None:
    """A photographed blackboard would be noise."""
    for word in WORDS:
        assert recognizer.read(draw(word, ink=240, paper=15)).text == word
        assert recognizer.read(np.uint8(255) - array(word)) == recognizer.read(array(word))


def test_a_photograph_lying_on_its_side_is_read(recognizer: gluon_htr.Recognizer) -> None:
    """A phone's pictures would be noise."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    lying = draw("bead").transpose(Image.Transpose.ROTATE_90)
    assert recognizer.read(encoded(lying, "PNG", exif=exif)).text == "bead"


def test_characters_stand_where_they_were_drawn(recognizer: gluon_htr.Recognizer) -> None:
    """A program that marks a character would mark another."""
    left, right = (recognizer.read(draw("b").rotate(0, translate=(shift, 0), fillcolor=255)) for shift in (0, 30))
    shift = right.characters[0].left - left.characters[0].left
    assert abs(shift - 30) <= 4
    word = recognizer.read(draw("decade").resize((128, 32)))
    places = [(character.left, character.right) for character in word.characters]
    assert all(0 <= a < b <= 128 for a, b in places)
    assert places == sorted(places)
    assert 10 <= places[0][0] <= 24


def test_confidences_are_probabilities_that_multiply(recognizer: gluon_htr.Recognizer) -> None:
    """A threshold on confidences would mean nothing."""
    word = recognizer.read(draw("bead"))
    assert all(0 < character.confidence <= 1 for character in word.characters)
    assert word.confidence == pytest.approx(np.prod([character.confidence for character in word.characters]))
    noise = recognizer.read(np.random.default_rng(1).integers(0, 256, (16, 64), np.uint8))
    assert noise.confidence < word.confidence


def test_a_temperature_changes_confidences_and_no_text(recognizer: gluon_htr.Recognizer) -> None:
    """Calibration would change what is read."""
    parts = recognizer.network, recognizer.alphabet, recognizer.preprocessing, "warm"
    warm = Recognizer(*parts, temperature=2.0)
    for word in WORDS:
        cold, hot = recognizer.read(draw(word)), warm.read(draw(word))
        assert hot.text == cold.text
        assert hot.confidence < cold.confidence


def test_a_text_does_not_depend_on_its_neighbors(recognizer: gluon_htr.Recognizer) -> None:
    """The same image would be read differently in another batch."""
    images = [array(word) for word in WORDS] * 3
    alone = [recognizer.read(image) for image in images]
    for batch_size in (1, 5, 16):
        together = [read for _, read in recognizer.stream(images, batch_size)]
        assert [read.text for read in together] == [read.text for read in alone]
        np.testing.assert_allclose([r.confidence for r in together], [r.confidence for r in alone], rtol=1e-4)


def test_a_stream_keeps_order_and_reads_no_further_than_it_must(recognizer: gluon_htr.Recognizer) -> None:
    """A camera's endless stream would fill the memory, or never give its first text."""
    drawn = 0

    def endless() -> Iterator[np.ndarray]:
        nonlocal drawn
        while True:
            yield array(WORDS[drawn % len(WORDS)])
            drawn += 1

    stream = recognizer.stream(endless(), batch_size=4)
    texts = [next(stream)[1].text for _ in range(70)]
    assert texts == [WORDS[k % len(WORDS)] for k in range(70)]
    assert drawn <= 70 + 8 * 4


def test_large_images_make_smaller_windows(recognizer: gluon_htr.Recognizer) -> None:
    """A hundred scanned pages would be held in memory at once."""
    drawn = 0

    def pages() -> Iterator[np.ndarray]:
        nonlocal drawn
        page = np.full((5000, 5000), 255, np.uint8)
        for _ in range(40):
            drawn += 1
            yield page

    next(recognizer.stream(pages(), batch_size=16))
    assert drawn <= 3


def test_bad_images_are_told_of_and_left_out(recognizer: gluon_htr.Recognizer) -> None:
    """One broken image would end a stream of thousands, or shift all texts by one."""
    failed: list[tuple[ImageLike, ImageError]] = []
    images: list[ImageLike] = [array("abc"), b"broken", array("dad"), "nowhere.png"]
    found = list(recognizer.stream(images, failed=lambda image, error: failed.append((image, error))))
    assert [(image is images[2 * k], read.text) for k, (image, read) in enumerate(found)] == [
        (True, "abc"),
        (True, "dad"),
    ]
    assert [image for image, _ in failed] == [b"broken", "nowhere.png"]
    with pytest.raises(ImageError, match="not an image"):
        list(recognizer.stream(images))


def test_threads_share_a_recognizer(recognizer: gluon_htr.Recognizer, tmp_path: Path) -> None:
    """A server would mix up texts, or crash."""
    alone = {word: recognizer.read(encoded(draw(word))) for word in WORDS}
    wrong: list[object] = []

    def read(seed: int) -> None:
        for k in np.random.default_rng(seed).integers(0, len(WORDS), 60):
            try:
                if recognizer.read(encoded(draw(WORDS[k]))) != alone[WORDS[k]]:
                    wrong.append(WORDS[k])
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_extreme_sizes_are_read(recognizer: gluon_htr.Recognizer) -> None:
    """A dot or a banner would crash."""
    for shape in ((1, 1), (1, 5000), (3000, 1), (7, 20_000)):
        read = recognizer.read(np.full(shape, 128, np.uint8))
        assert read.text == "".join(character.text for character in read.characters)


def test_batches_have_at_least_one_image(recognizer: gluon_htr.Recognizer) -> None:
    """A batch size of 0 would end in an error of Python's own."""
    with pytest.raises(UsageError):
        next(recognizer.stream([draw("abc")], batch_size=0))


def test_providers_are_those_of_the_installed_runtime() -> None:
    """A user would wait for a GPU that is not used, without knowing."""
    for name in ("cpu", "CPU", "CPUExecutionProvider"):
        assert gluon_htr.load(LETTERS, providers=[name]).read(draw("abc")).text == "abc"
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        with pytest.raises(MissingToolError, match="CUDAExecutionProvider"):
            gluon_htr.load(LETTERS, providers=["cuda"])
    with pytest.raises(MissingToolError, match="warp"):
        gluon_htr.load(LETTERS, providers=["warp"])


def test_a_provider_that_cannot_be_loaded_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose CUDA libraries are missing would read on its CPU, for days instead of hours."""
    import onnxruntime

    load = onnxruntime.InferenceSession

    def without_libraries(model: bytes, options: object, **choices: object) -> object:
        return load(model, options, providers=["CPUExecutionProvider"])  # as it does after a message in its log

    known = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: known)
    monkeypatch.setattr(onnxruntime, "InferenceSession", without_libraries)
    with pytest.raises(MissingToolError, match="CUDAExecutionProvider cannot be used here"):
        gluon_htr.load(LETTERS, providers=["cuda"])
    assert gluon_htr.load(LETTERS).read(draw("abc")).text == "abc"


def test_a_network_of_another_alphabet_is_an_error(recognizer: gluon_htr.Recognizer) -> None:
    """Texts would be made of wrong characters, or a traceback come from numpy."""
    wrong = Recognizer(recognizer.network, Alphabet("abcdefg"), recognizer.preprocessing, "wrong")
    with pytest.raises(ModelError, match="do not match"):
        wrong.read(draw("abc"))
    preprocessing = Preprocessing("box", 24, 64)
    with pytest.raises(ModelError, match="cannot read images"):
        Recognizer(recognizer.network, recognizer.alphabet, preprocessing, "wrong").read(draw("abc"))


def test_weights_that_are_no_numbers_are_an_error(recognizer: gluon_htr.Recognizer) -> None:
    """A damaged model would read confident nonsense."""
    broken = Recognizer(
        lambda images: np.full((len(images), 8, 6), np.nan, np.float32),
        recognizer.alphabet,
        recognizer.preprocessing,
        "broken",
    )
    with pytest.raises(ModelError, match="NaN or Inf"):
        broken.read(draw("abc"))


def test_blank_paper_is_told_from_doubt(recognizer: gluon_htr.Recognizer) -> None:
    """A script could not tell an empty line from one that was overlooked."""
    blank = recognizer.read(np.full((16, 64), 255, np.uint8))
    assert (blank.text, blank.confidence) == ("", 0)
    assert 0.5 < blank.blank_probability <= 1
    assert recognizer.read(array("bead")).blank_probability < 1e-3


def test_older_bundles_with_an_empty_golden_text_are_valid(tmp_path: Path) -> None:
    """They hold the confidence 1 for it, and would be called damaged."""
    files = members()
    golden = json.loads(files["golden/expected.json"])
    files[golden[0]["file"]] = encoded(Image.new("L", (64, 16), 255))
    golden[0] |= {"text": "", "confidence": 1.0}
    files["golden/expected.json"] = json.dumps(golden).encode()
    bundle = read_bundle(zipped(tmp_path / "old.zip", rehashed(files)))
    assert all(finding.ok for finding in verify(bundle, from_bundle(bundle)))
