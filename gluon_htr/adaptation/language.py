"""The language of lines without labels: named by a person, or chosen by what a network reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..bundles.catalog import user_folder
from ..decoding.language_choice import LanguageChoosingDecoder
from ..errors import UsageError
from ..ngrams.catalog import find_language, open_model
from ..ngrams.files import LanguageModel
from ..runtime.beam_decoders import AUTO, NONE, make_beam_decoder
from ..runtime.recognizer import Recognizer


def language_model(
    language: str | None, file: Path | None, recognizer: Recognizer, files: Sequence[Path]
) -> LanguageModel:
    """Open the language model of lines. language: a code, or `auto` (as None). file: goes before it.

    Raises `LanguageModelError` for a bad model or an unknown language, `UsageError` if none fits what is read.
    """
    if file:
        return open_model(file)
    if language == NONE:
        raise UsageError("without a language model, nothing tells whether a reading is right: give --language")
    if language not in (None, AUTO):
        return find_language(language, user_folder())
    texts = [reading.text for _, reading in recognizer.stream(files, warns=False)]
    decoder = make_beam_decoder(AUTO, None, None, 0)
    assert isinstance(decoder, LanguageChoosingDecoder)
    alphabet = recognizer.alphabet
    chosen = decoder.likeliest([alphabet.encode(text).tolist() for text in texts], alphabet)
    if chosen is None:
        raise UsageError(
            f"what {recognizer.name} reads is like none of the languages {', '.join(decoder.decoders)}: name one with "
            "--language, or install another (gluon-htr models --install FILE.lm)"
        )
    model = decoder.decoders[chosen].model
    assert model is not None
    return model
