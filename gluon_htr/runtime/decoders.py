"""Decoders by their names, with the language models that they use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..bundles.catalog import user_folder
from ..decoding.beam_decoder import BeamDecoder
from ..decoding.decoder import Decoder
from ..decoding.greedy import GREEDY
from ..decoding.language_choice import LanguageChoosingDecoder
from ..decoding.lexicon import read_word_list
from ..errors import UsageError
from ..ngrams.catalog import find_language, known_languages, open_model

DecoderName = Literal["greedy", "beam"]
AUTO, NONE = "auto", "none"


@dataclass(frozen=True)
class DecoderRequest:
    """What a user asks of decoding.

    language: the code of a language whose model is known, `auto` to choose by what is read, or `none`. language_model:
    a file instead of it. lexicon: a file of words.
    """

    name: DecoderName = "greedy"
    language: str | None = None
    language_model: Path | None = None
    lexicon: Path | None = None


def make_decoder(request: DecoderRequest) -> Decoder:
    """Make a decoder. Raises `UsageError` for what does not go together, `LanguageModelError` for a bad model."""
    if request.name == "greedy":
        if request.language or request.language_model or request.lexicon:
            raise UsageError("a language model and a lexicon need --decoder beam")
        return GREEDY
    if request.language and request.language_model:
        raise UsageError("give either --language or --language-model, not both")
    lexicon = read_word_list(request.lexicon) if request.lexicon else None
    if request.language_model:
        return BeamDecoder(open_model(request.language_model), lexicon)
    folder, language = user_folder(), request.language or AUTO
    if language == NONE:
        return BeamDecoder(None, lexicon)
    if language != AUTO:
        return BeamDecoder(find_language(language, folder), lexicon)
    models = {name: BeamDecoder(open_model(path), lexicon) for name, path in known_languages(folder).items()}
    return LanguageChoosingDecoder(models) if models else BeamDecoder(None, lexicon)
