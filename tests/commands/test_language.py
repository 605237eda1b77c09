"""`language` builds, prunes, tunes and converts models; the commands that read use them."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import numpy as np
import pytest
from language_models import VERSE
from letters import LETTERS, WORDS, draw

from gluon_htr import evaluate, language, load, predict, read
from gluon_htr.bundles.catalog import user_folder
from gluon_htr.datasets.loading import has_test_data
from gluon_htr.datasets.origin import Origin
from gluon_htr.datasets.packed.cache import save_cache
from gluon_htr.datasets.store import Store
from gluon_htr.errors import DataError, HtrError, LanguageModelError, UsageError
from gluon_htr.images.preprocessing import Preprocessing
from gluon_htr.ngrams.catalog import open_model
from gluon_htr.runtime.decoders import DecoderRequest, make_decoder
from gluon_htr.serving.served_models import open_models

OTHER = "gate hall dale bell head deal leaf flag"


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with images of words, their labels, and a text with other words."""
    monkeypatch.chdir(tmp_path)
    for k, word in enumerate(WORDS):
        draw(word).save(tmp_path / f"{k}.png")
    rows = [f"{k}.png\t{word}\n" for k, word in enumerate(WORDS)]
    (tmp_path / "labels.tsv").write_text("".join(rows))
    (tmp_path / "text.txt").write_text("\n\n".join([*VERSE, *OTHER.split(), *(f"{w} {w}" for w in WORDS)] * 3))
    return tmp_path


def built(*more: str) -> None:
    """Build x.lm of the text."""
    given = ["text.txt", "--model", str(LETTERS), "--output", "x.lm", "--order", "4", "--json"]
    assert language.main([*given, *more]) == 0


def test_a_model_is_built_tuned_and_read_with(words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The steps of the documentation would not fit together."""
    built("--size", "20kB", "--language", "xx", "--tune", "listing:labels.tsv")
    report = json.loads(capsys.readouterr().out)
    assert report["bytes"] == (words / "x.lm").stat().st_size <= 20_500
    assert 1 < report["perplexity"] < 30
    assert report["tuning"]["cer"] <= report["greedy"]["cer"]
    model = open_model(words / "x.lm")
    assert (model.language, model.tuning.weight) == ("xx", report["tuning"]["tuning"]["weight"])
    common = ["--model", str(LETTERS), "--decoder", "beam", "--language-model", "x.lm"]
    assert evaluate.main([*common, "--data", "listing:labels.tsv", "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["cer"]["value"] == pytest.approx(report["tuning"]["cer"], abs=0.02)
    assert "language model xx" in card["decoder"]  # a figure without its decoder cannot be repeated
    assert predict.main([*common, "0.png", "1.png", "--json"]) == 0
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [row["text"] for row in rows] == [WORDS[0], WORDS[1]]
    assert all(len(row["characters"]) == len(row["text"]) and 0 < row["confidence"] <= 1 for row in rows)


def test_arpa_is_written_and_read(words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Models could not be exchanged with KenLM and SRILM."""
    built()
    assert language.main(["x.lm", "--output", "x.arpa"]) == 0
    assert language.main(["x.arpa", "--output", "y.lm", "--json"]) == 0
    assert language.main(["x.arpa", "--language", "en", "--sources", "verse", "--output", "en.lm"]) == 0
    assert (open_model(words / "en.lm").language, open_model(words / "en.lm").sources) == ("en", "verse")
    with pytest.raises(UsageError, match=r"x\.arpa is a model already: --order, --size"):
        language.main(["x.arpa", "--order", "3", "--size", "10", "--output", "small.lm"])
    assert (words / "x.arpa").read_text().startswith("\\data\\\nngram 1=")
    assert open_model(words / "y.lm").ngrams.trie.levels == open_model(words / "x.lm").ngrams.trie.levels


def test_tuning_on_learned_texts_or_on_test_data_is_refused(words: Path) -> None:
    """A figure would be reported that nobody gets on other pages."""
    (words / "verse.tsv").write_text("".join(f"{k}.png\t{line}\n" for k, line in enumerate(VERSE[:4])))
    with pytest.raises(UsageError, match="--exclude"):
        built("--tune", "listing:verse.tsv")
    for spec in ("iam-lines:data/iam?split=test", "iam-lines:data/iam", "pages:data/pages"):
        with pytest.raises(UsageError, match="test data"):
            built("--tune", spec)
    one = Store.collect([("id", "text", "writer", np.zeros((16, 64), np.uint8))], [])
    made_from = Origin("iam-words:data/iam?split=test", "", Preprocessing("box", 16, 64))
    save_cache(words / "prepared.pkl", [one], lambda: made_from)
    with pytest.raises(UsageError, match="test data"):
        built("--tune", "cache:prepared.pkl")
    assert not has_test_data("iam-lines:data/iam?split=validation")
    assert not has_test_data("listing:labels.tsv")
    with pytest.raises(HtrError):
        language.main(["missing.txt", "--output", "x.lm"])


def test_texts_that_are_excluded_are_not_learned(words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Validation texts would be learned by heart, whatever their line breaks."""
    (words / "held.tsv").write_text("0.png\tthe gentle rain from heaven upon the place beneath it is\n")
    built("--exclude", "listing:held.tsv")
    found = re.search(r"text.txt: (\d+) lines, (\d+) left out", capsys.readouterr().err)
    assert found
    assert 6 <= int(found[2]) <= 12 < int(found[1])  # two verses, three times, some in two lines


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (DecoderRequest("greedy", language="en"), UsageError),
        (DecoderRequest("beam", language="en", language_model=Path("x.lm")), UsageError),
        (DecoderRequest("beam", language="tlh"), LanguageModelError),
        (DecoderRequest("beam", language_model=Path("missing.lm")), LanguageModelError),
        (DecoderRequest("beam", lexicon=Path("missing.txt")), DataError),
    ],
)
def test_requests_that_cannot_be_met_are_refused(request_: DecoderRequest, error: type[HtrError]) -> None:
    """A typing error would be read with another model, without a word."""
    with pytest.raises(error) as caught:
        make_decoder(request_)
    assert "\n" not in str(caught.value)


def test_a_model_in_the_users_folder_is_found_by_its_language(
    words: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A language that does not ship could be used by its path only."""
    monkeypatch.setenv("GLUON_HTR_MODELS", str(words))
    assert user_folder() == words
    built()
    (words / "x.lm").rename(words / "xx.lm")
    recognizer = load(LETTERS, decoder=make_decoder(DecoderRequest("beam", language="xx")))
    assert recognizer.read(words / "0.png").text == WORDS[0]


def test_words_of_a_file_are_a_lexicon(words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The option would be accepted and ignored."""
    (words / "lexicon.txt").write_text("\n".join(WORDS))
    options = ["--decoder", "beam", "--language", "none", "--lexicon", "lexicon.txt"]
    assert predict.main(["0.png", "1.png", "--model", str(LETTERS), *options]) == 0
    assert [row.split("\t")[1] for row in capsys.readouterr().out.splitlines()] == [WORDS[0], WORDS[1]]
    (words / "lexicon.txt").write_text("")
    with pytest.raises(DataError):
        make_decoder(DecoderRequest("beam", lexicon=words / "lexicon.txt"))


def test_the_most_probable_texts_are_printed(words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A person could not choose among what the network thought possible."""
    options = ["--model", str(LETTERS), "--decoder", "beam", "--language", "none", "--n-best", "3"]
    assert predict.main(["0.png", *options]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first == WORDS[0]
    assert others[0].split("\t")[1] == first
    chances = [float(row.split("\t")[0]) for row in others]
    assert chances == sorted(chances, reverse=True)
    assert 1 <= len(chances) <= 3
    assert predict.main(["0.png", *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["alternatives"][0]["text"] == WORDS[0]
    assert [other["text"] for other in found["words"][0]["alternatives"]] == [row.split("\t")[1] for row in others]
    assert predict.main(["0.png", *options[:-2], "--json"]) == 0
    assert "alternatives" not in capsys.readouterr().out
    for command, kind in ((predict, []), (read, ["--format", "json"])):  # greedy decoding finds one text
        with pytest.raises(UsageError, match="--decoder beam"):
            command.main(["0.png", "--n-best", "3", "--decoder", "greedy", *kind])
    for name in ("txt", "hocr", "pdf"):
        with pytest.raises(UsageError, match=f"{name} has no place"):
            read.main(["0.png", *options[2:], "--format", name])


def test_pages_and_servers_read_with_the_decoder_that_is_asked_for(
    words: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`read` and `serve` would take the options, and go on greedily."""
    decoder = make_decoder(DecoderRequest("beam", language="none"))
    assert open_models([str(LETTERS)], decoder)["letters"].recognizer.decoder is decoder
    asked: list[object] = []
    monkeypatch.setattr("gluon_htr.read.load_reader", lambda *arguments: asked.extend(arguments))
    monkeypatch.setattr("gluon_htr.read.run", lambda *arguments: 0)
    assert read.main(["0.png", "--decoder", "beam", "--language", "none"]) == 0
    assert asked[-1] == decoder


@pytest.mark.parametrize("text", ["", "MB", "-3MB", "0", "9" * 400, "nan", "3 pages"])
def test_a_size_is_a_number_of_bytes(text: str) -> None:
    """A slip of the finger would end in a traceback."""
    with pytest.raises(argparse.ArgumentTypeError, match="is not a size"):
        language.size(text)
