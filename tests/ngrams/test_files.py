"""Files of language models come back as they were written; damaged ones are refused in one line."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from language_models import VERSE, model_of

from gluon_htr.decoding.word_fusion import WordFusion
from gluon_htr.errors import LanguageModelError
from gluon_htr.ngrams.arpa import read_arpa, write_arpa
from gluon_htr.ngrams.building import build, encoded
from gluon_htr.ngrams.catalog import SHIPPED, known_languages, open_model
from gluon_htr.ngrams.files import HEAD, LanguageModel, Tuning, pack_model, parse_model, read_model, write_model
from gluon_htr.ngrams.model import NGramModel
from gluon_htr.text.alphabet import Alphabet


def scores(model: NGramModel) -> np.ndarray:
    """What a model says of lines that it knows, and of others."""
    return model.score([encoded(line, model) for line in (*VERSE, "quite another line", "zebra!")])


def rechecked(data: bytes) -> bytes:
    """A changed file with the checksums that fit it, as somebody makes it who knows how."""
    magic, header_bytes, _, _ = HEAD.unpack_from(data)
    text = data[HEAD.size : HEAD.size + header_bytes]
    body = data[HEAD.size + header_bytes :]
    return HEAD.pack(magic, header_bytes, zlib.crc32(text), zlib.crc32(body)) + text + body


@pytest.mark.parametrize("unit", ["characters", "words"])
def test_a_file_is_read_as_it_was_written(tmp_path: Path, unit: str) -> None:
    """A model would read other texts after it was copied."""
    model = LanguageModel(model_of(unit=unit), "en", "verse", Tuning(0.6, 1.5, 12))  # type: ignore[arg-type]
    write_model(model, tmp_path / "x.lm")
    read = read_model(tmp_path / "x.lm")
    assert (read.language, read.sources, read.tuning) == ("en", "verse", model.tuning)
    assert np.array_equal(scores(read.ngrams), scores(model.ngrams))


@pytest.mark.parametrize("unit", ["characters", "words"])
def test_arpa_there_and_back_is_the_same_model(tmp_path: Path, unit: str) -> None:
    """Models of KenLM and SRILM could not be used, and ours not by them."""
    model = model_of(unit=unit)  # type: ignore[arg-type]
    write_arpa(model, tmp_path / "x.arpa")
    read = open_model(tmp_path / "x.arpa").ngrams
    assert (read.unit, read.tokens, read.trie.levels) == (unit, model.tokens, model.trie.levels)
    assert scores(read) == pytest.approx(scores(model), rel=1e-5)


def test_an_arpa_file_of_another_program_is_read(tmp_path: Path) -> None:
    """A file with its n-grams in any order, without some suffixes, and with |  for a space, would be misread."""
    (tmp_path / "x.arpa").write_text(
        "\n\\data\\\nngram 1=5\nngram 2=3\nngram 3=1\n\n\\1-grams:\n-1.0\tb\t-0.2\n-0.5\t</s>\n-99\t<s>\t-0.3\n"
        "-0.8\ta\t-0.1\n-0.9\t|\n\n\\2-grams:\n-0.4\t<s> a\t-0.6\n-0.2\ta b\n-0.3\t| a\n\n"
        "\\3-grams:\n-0.1\t<s> a b\n\n\\end\\\n"
    )
    model = read_arpa(tmp_path / "x.arpa")
    lines = [[model.index[c] for c in text] for text in ("ab", "ab ", "aa")]
    got = model.score([np.array(line) for line in lines]) / np.log(10)
    # <s> a b </s>: the last backs off from "a b" (0), "b" (-0.2); <s> a a: from "<s> a" (-0.6) and "a" (-0.1)
    expected = [-0.4 - 0.1 - 0.2 - 0.5, -0.4 - 0.1 - 0.2 - 0.9 - 0.5, -0.4 - 0.6 - 0.1 - 0.8 - 0.1 - 0.5]
    assert got == pytest.approx(expected, abs=1e-5)


def test_files_that_are_changed_or_cut_off_are_refused_in_one_line() -> None:
    """A model from a stranger would crash whoever reads with it, or read outside of its arrays."""
    data = pack_model(LanguageModel(model_of()))
    random = np.random.default_rng(0)
    refused = 0
    for number in range(60):
        changed = bytearray(data)
        near = HEAD.size + 400 if number % 2 else len(data)  # the header, or anywhere
        for place in random.integers(0, near, 1 + number % 5):
            changed[place] = random.integers(256)
        cut = bytes(changed[: random.integers(len(data))] if number % 6 == 0 else changed)
        for content in (cut, rechecked(cut) if len(cut) >= HEAD.size else cut):
            try:
                model = parse_model(content, "x.lm").ngrams
                assert np.isfinite(scores(model)).all()
            except LanguageModelError as error:
                refused += 1
                assert str(error).startswith("x.lm")
                assert "\n" not in str(error)
    assert refused >= 60


@pytest.mark.parametrize("text", ["", "\\data\\\n", "\\data\\\nngram 1=99999999999\n\n\\1-grams:\n", "GHTRLM1\n", "PK"])
def test_other_files_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    """A wrong path would end in a traceback."""
    (tmp_path / "x").write_text(text)
    with pytest.raises(LanguageModelError) as caught:
        open_model(tmp_path / "x")
    assert str(tmp_path / "x") in str(caught.value)


def test_a_damaged_arpa_file_is_refused_in_one_line(tmp_path: Path) -> None:
    """A download that was cut off would become a smaller model."""
    write_arpa(model_of(order=3), tmp_path / "good.arpa")
    rows = (tmp_path / "good.arpa").read_text().split("\n")
    random = np.random.default_rng(1)
    for number in range(25):
        changed = list(rows)
        place = int(random.integers(1, len(rows) - 3))
        if number % 3:
            changed[place] = "".join(random.permutation(list(changed[place] + "x\t1")))
        else:
            del changed[place:]
        (tmp_path / "x.arpa").write_text("\n".join(changed))
        try:
            assert np.isfinite(scores(read_arpa(tmp_path / "x.arpa"))).all()
        except LanguageModelError as error:
            assert "\n" not in str(error)
        else:
            assert number % 3


def test_a_header_that_promises_much_takes_no_memory() -> None:
    """A file of some bytes would fill the memory."""
    data = pack_model(LanguageModel(model_of()))
    header_bytes = struct.unpack_from("<I", data, 8)[0]
    text = data[HEAD.size : HEAD.size + header_bytes].replace(b'"levels":[', b'"levels":[1')
    huge = HEAD.pack(data[:8], len(text), 0, 0) + text + data[HEAD.size + header_bytes :]
    with pytest.raises(LanguageModelError):
        parse_model(rechecked(huge), "x.lm")


def test_shipped_models_are_small_and_say_what_they_are_made_of() -> None:
    """The wheel would grow without anybody noticing, or with texts of unknown terms."""
    limits = {"en": 3_000_000, "fr": 1_500_000}
    for language, limit in limits.items():
        path = SHIPPED / f"{language}.lm"
        model = open_model(path)
        assert path.stat().st_size <= limit
        assert model.language == language
        assert model.sources
    assert set(limits) <= known_languages(Path("no such folder")).keys()


def test_other_spaces_are_characters_of_a_model(tmp_path: Path) -> None:
    """A model with a no-break space could be written, and not be read again."""
    model = build(["a\u00a0b a\u3000b"] * 20, 3, "characters", 10_000)
    write_arpa(model, tmp_path / "x.arpa")
    assert open_model(tmp_path / "x.arpa").ngrams.tokens == model.tokens


def test_a_model_without_words_is_refused(tmp_path: Path) -> None:
    """Reading would end in an IndexError at the first word."""
    (tmp_path / "x.arpa").write_text("\\data\\\nngram 1=3\n\n\\1-grams:\n-1\t<unk>\n-1\t<s>\n-1\t</s>\n\n\\end\\\n")
    with pytest.raises(LanguageModelError, match="no words"):
        WordFusion(open_model(tmp_path / "x.arpa").ngrams, Alphabet("ab"), 1.0, 0.0)
