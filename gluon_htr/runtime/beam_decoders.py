"""Beam searches with the language models and word lists that are asked for."""

from __future__ import annotations

from pathlib import Path

from ..bundles.catalog import user_folder
from ..decoding.beam_decoder import BeamDecoder
from ..decoding.decoder import Decoder
from ..decoding.language_choice import LanguageChoosingDecoder
from ..decoding.lexicon import read_word_list
from ..ngrams.catalog import find_language, known_languages, open_model
from ..ngrams.files import LanguageModel

AUTO, NONE = "auto", "none"


def make_beam_decoder(language: str | None, language_model: Path | None, lexicon: Path | None, n_best: int) -> Decoder:
    """Make a beam search. Raises `LanguageModelError` for a bad model, `DataError` for a bad word list.

    language: a code, `AUTO` (as None) or `NONE`; a file in `language_model` goes before it.
    """
    words = read_word_list(lexicon) if lexicon else None

    def beam(model: LanguageModel | None) -> BeamDecoder:
        return BeamDecoder(model, words, n_best=n_best)

    if language_model:
        return beam(open_model(language_model))
    if language == NONE:
        return beam(None)
    folder = user_folder()
    if language and language != AUTO:
        return beam(find_language(language, folder))
    models = {name: beam(open_model(path)) for name, path in known_languages(folder).items()}
    return LanguageChoosingDecoder(models) if models else beam(None)


def describe_beam(decoder: Decoder) -> str:
    """Describe a beam search in a few words."""
    if isinstance(decoder, LanguageChoosingDecoder):
        return f"beam, language chosen among {', '.join(decoder.decoders)}"
    if not isinstance(decoder, BeamDecoder):
        return type(decoder).__name__
    settings = f"beam {decoder.settings.width}"
    if decoder.model:
        name = decoder.model.language or "unnamed"
        settings += f", language model {name}, weight {decoder.settings.weight}, bonus {decoder.settings.bonus}"
    return settings + (f", {len(decoder.words.words)} words" if decoder.words else "")
