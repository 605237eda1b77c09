"""A bundle's confidences are probabilities where it was calibrated, and its texts are the same."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from letters import LETTERS, WORDS, array, draw, rehashed, zipped

from gluon_htr import load
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.bundles.upgrade import current_files
from gluon_htr.datasets.store import Store
from gluon_htr.decoding.greedy import GREEDY
from gluon_htr.errors import BundleError
from gluon_htr.exporting.calibration import fit_calibration
from gluon_htr.pages.crops import Frame
from gluon_htr.pages.detection.lines import FoundLine
from gluon_htr.runtime.decoders import DecoderRequest, make_decoder
from gluon_htr.runtime.loading import from_bundle
from gluon_htr.runtime.page_lines import document_line
from gluon_htr.runtime.stores import read_with_confidences
from gluon_htr.runtime.verification import verify
from gluon_htr.text.alphabet import Alphabet

CURVE = {"confidences": [0.0, 1.0], "probabilities": [0.0, 0.5]}
OTHER = {"confidences": [0.0, 1.0], "probabilities": [0.2, 0.2]}
CALIBRATION = {"greedy": {"words": CURVE, "lines": OTHER}}


def test_samples_calibrate_the_network_alone_where_no_language_fits() -> None:
    """The probabilities of an exported model would be products of characters that are surer than right."""
    random = np.random.default_rng(0)
    truths = ["".join(random.choice(list("abcd"), 3)) for _ in range(240)]
    alphabet = Alphabet("abcd")
    logits = []
    for truth in truths:
        line = np.full((7, 5), 0.0, np.float32)
        line[::2, 4] = 4
        for k, character in enumerate(truth):
            seen = "abcd".index(character) if random.random() > 0.2 else random.integers(4)
            line[2 * k + 1, seen] = 4  # surer than it is right
        logits.append(line[None])
    texts, groups = [[truth] for truth in truths], [["writer"]] * len(truths)
    found = fit_calibration(logits, texts, groups, alphabet, 1.0)
    assert found is not None
    assert found.greedy is not None
    assert found.greedy.lines.of(0.99) == pytest.approx(0.85**3, abs=0.1)
    assert found.greedy.words == found.greedy.lines  # every text is one word
    assert found.language is None  # no model fits: they are no words
    assert fit_calibration(logits[:20], texts[:20], groups[:20], alphabet, 1.0) is None


@pytest.fixture
def calibrated(tmp_path: Path) -> Path:
    """The letters with curves, in the current schema."""
    return with_calibration(tmp_path / "calibrated.zip", CALIBRATION)


def with_calibration(path: Path, content: object) -> Path:
    """The bundle of letters, in the current schema, with this calibration."""
    bundle = read_bundle(LETTERS)
    files = current_files(bundle)
    about = json.loads(msgspec.json.encode(bundle.description))
    about["model"]["calibration"] = content
    return zipped(path, rehashed(files | {"bundle.json": json.dumps(about).encode()}))


def test_confidences_go_through_the_curves_and_texts_stay(calibrated: Path) -> None:
    """Users would get a product, or another text than was scored."""
    before, after = load(LETTERS, threads=1), load(calibrated, threads=1)
    for word in WORDS:
        old, new = before.read(array(word)), after.read(array(word))
        assert new.text == old.text
        assert new.characters == old.characters
        assert [one.text for one in new.words] == old.text.split()
        assert new.words[0].confidence == pytest.approx(old.words[0].confidence / 2)
        assert new.confidence == pytest.approx(0.2)
    assert after.read(draw("")).confidence == 0
    beam = load(calibrated, threads=1, decoder=make_decoder(DecoderRequest("beam", language="none")))
    assert beam.read(array("bead")).confidence == pytest.approx(0.2)  # the network alone decides as well


def test_curves_of_earlier_versions_are_not_taken_for_those_of_today(tmp_path: Path) -> None:
    """They map other confidences: a word would be called right that a person should check."""
    older = with_calibration(tmp_path / "older.zip", {"beam": {"words": OTHER, "lines": OTHER}})
    recognizer = load(older, threads=1, decoder=make_decoder(DecoderRequest("auto")))
    assert recognizer.finds_alternatives  # it was found to read better with beam search
    assert not recognizer.gives_probabilities
    assert recognizer.read(array("bead")).confidence > 0.5


def test_golden_texts_hold_for_the_network(calibrated: Path) -> None:
    """A steep curve would make a rounding of another processor look like damage."""
    bundle = read_bundle(calibrated)
    assert all(finding.ok for finding in verify(bundle, from_bundle(bundle)))


def test_curves_that_descend_are_refused(tmp_path: Path) -> None:
    """A hostile bundle could turn sure and unsure around."""
    bad = {"greedy": {"words": CURVE, "lines": {"confidences": [0.0, 1.0], "probabilities": [1.0, 0.0]}}}
    with pytest.raises(BundleError, match="must not descend"):
        read_bundle(with_calibration(tmp_path / "bad.zip", bad))


def test_pages_and_evaluations_have_the_same_probabilities(calibrated: Path) -> None:
    """A word of a page, and the report that says how far to trust it, would be of different confidences."""
    recognizer = load(calibrated, threads=1)
    read = recognizer.read(array("bead"), whole=True)
    store = Store.collect([("a", "bead", "g", array("bead"))], [])
    curves = (recognizer.temperature, recognizer.calibration)
    (line,) = read_with_confidences(recognizer.network, store, recognizer.alphabet, GREEDY, *curves)
    assert (line.text, line.confidence) == (read.text, pytest.approx(read.confidence))
    assert line.words[0].confidence == pytest.approx(read.words[0].confidence)
    place = np.array([(0, 0), (64, 0), (64, 16), (0, 16)], float)
    frame, found = Frame(np.zeros(2), 0.0, 64, 16), FoundLine(place, place[2:], 1.0)
    page = document_line("l", read, frame, found, calibrated=True)
    assert (page.confidence, page.words[0].confidence) == (read.confidence, read.words[0].confidence)
    mean = document_line("l", read, frame, found)
    assert mean.confidence == mean.words[0].confidence > 0.5  # geometric means, as of older bundles
