"""The decoder that commands use where nobody names one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from letters import LETTERS
from support import PROJECT

import gluon_htr
from gluon_htr import predict, read
from gluon_htr.decoding.beam_decoder import BeamDecoder
from gluon_htr.decoding.greedy import GreedyDecoder
from gluon_htr.decoding.language_choice import LanguageChoosingDecoder
from gluon_htr.ngrams.building import build
from gluon_htr.ngrams.files import LanguageModel
from gluon_htr.runtime.decoders import AUTOMATIC, AutomaticDecoder, DecoderRequest, make_decoder
from gluon_htr.text.alphabet import Alphabet


def test_a_calibrated_bundle_is_read_with_a_language_model() -> None:
    """Readers of English would get a fifth more errors than they need, unless they find the option."""
    assert isinstance(gluon_htr.load("english-lines", decoder=AUTOMATIC).decoder, LanguageChoosingDecoder)
    for model in ("words", "digits", LETTERS):
        decoder = gluon_htr.load(model, decoder=AUTOMATIC).decoder
        assert type(decoder) is GreedyDecoder
    assert type(gluon_htr.load("english-lines").decoder) is GreedyDecoder  # Python's default, and that of scores


def test_what_needs_a_search_asks_for_one() -> None:
    """--language fr would be refused without --decoder beam, or do nothing."""
    assert isinstance(make_decoder(DecoderRequest("auto")), AutomaticDecoder)
    assert not isinstance(make_decoder(DecoderRequest("auto", language="fr")), GreedyDecoder)
    assert not isinstance(make_decoder(DecoderRequest("auto", n_best=2)), GreedyDecoder)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("which the late governor had been asked to express", "en"),
        ("il y avait dans la maison une grande table de bois", "fr"),
        ("die alte Straße führt über den Berg nach Hause zurück", None),
        ("questa mattina abbiamo ricevuto notizie dal villaggio", None),
        ("wczoraj wieczorem przyszliśmy do domu bardzo późno", None),
    ],
)
def test_a_text_in_another_language_is_left_as_it_was_read(text: str, language: str | None) -> None:
    """A letter in German would be bent towards English."""
    alphabet = Alphabet.from_texts(["abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZßäöüéèàâêçśóźż .,'"])
    labels = alphabet.encode(text)
    logits = np.full((1, 2 * len(labels), alphabet.classes), -8.0, np.float32)
    logits[0, 1::2, -1] = 8
    logits[0, np.arange(0, 2 * len(labels), 2), labels] = 8
    decoder = make_decoder(DecoderRequest("beam"))
    assert isinstance(decoder, LanguageChoosingDecoder)
    assert decoder.choose([logits], alphabet) == language
    assert decoder.decode(logits, alphabet)[0].text(alphabet) == text


def test_a_model_of_words_takes_no_part_in_the_choice() -> None:
    """Every text that is read badly would be bent towards its language, as unknown words cost it little."""
    verse = ["der alte mann ging langsam nach hause", "die kinder spielen am fluss"] * 20
    of_words = LanguageModel(build(verse, 2, "words", 100_000), "de")
    english = make_decoder(DecoderRequest("beam", language="en"))
    assert isinstance(english, BeamDecoder)
    choosing = LanguageChoosingDecoder({"en": english, "de": BeamDecoder(of_words)})
    alphabet = Alphabet.from_texts(["abcdefghijklmnopqrstuvwxyz '"])
    labels = alphabet.encode("wczoraj wieczorem przyszlismy do domu")
    assert labels is not None
    assert choosing.likeliest([labels], alphabet) is None


def test_the_commands_search_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    """The page of the README would be read with more errors than the documents say."""
    line, page = str(PROJECT / "examples" / "line.png"), str(PROJECT / "examples" / "page.jpg")
    texts = {}
    for decoder in ("auto", "beam", "greedy"):
        assert read.main([page, "--decoder", decoder, "--threads", "1"]) == 0
        texts[decoder] = capsys.readouterr().out
    assert texts["auto"] == texts["beam"] != texts["greedy"]
    assert predict.main([line, "--json", "--threads", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "Dear reader, nobody has ever written this line by hand."


def test_the_default_model_gives_probabilities() -> None:
    """A confidence of 0.3 would stand beside a line that is right."""
    found = gluon_htr.load().read(Path(PROJECT / "examples" / "line.png"))
    product = float(np.prod([character.confidence for character in found.characters]))
    assert 0.5 < found.confidence < 1
    assert found.confidence != pytest.approx(product, abs=1e-3)
