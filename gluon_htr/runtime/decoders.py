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
from ..ngrams.files import LanguageModel

DecoderName = Literal["greedy", "beam"]
AUTO, NONE = "auto", "none"


@dataclass(frozen=True)
class DecoderRequest:
    """What a user asks of decoding.

    language: the code of a language whose model is known, `auto` to choose by what is read, or `none`. language_model:
    a file instead of it. lexicon: a file of words. n_best: number of texts of each line.
    """

    name: DecoderName = "greedy"
    language: str | None = None
    language_model: Path | None = None
    lexicon: Path | None = None
    n_best: int = 0


def make_decoder(request: DecoderRequest) -> Decoder:
    """Make a decoder. Raises `UsageError` for what does not go together, `LanguageModelError` for a bad model."""
    if request.name == "greedy":
        if request.language or request.language_model or request.lexicon or request.n_best:
            raise UsageError("a language model, a lexicon and several texts of a line need --decoder beam")
        return GREEDY
    if request.language and request.language_model:
        raise UsageError("give either --language or --language-model, not both")
    lexicon = read_word_list(request.lexicon) if request.lexicon else None

    def beam(model: LanguageModel | None) -> BeamDecoder:
        return BeamDecoder(model, lexicon, n_best=request.n_best)

    if request.language_model:
        return beam(open_model(request.language_model))
    folder, language = user_folder(), request.language or AUTO
    if language == NONE:
        return beam(None)
    if language != AUTO:
        return beam(find_language(language, folder))
    models = {name: beam(open_model(path)) for name, path in known_languages(folder).items()}
    return LanguageChoosingDecoder(models) if models else beam(None)


def describe(decoder: Decoder) -> str:
    """Describe a decoder in a few words, for score cards."""
    if isinstance(decoder, LanguageChoosingDecoder):
        return f"beam, language chosen among {', '.join(decoder.decoders)}"
    if not isinstance(decoder, BeamDecoder):
        return "greedy" if decoder is GREEDY else type(decoder).__name__
    settings = f"beam {decoder.settings.width}"
    if decoder.model:
        name = decoder.model.language or "unnamed"
        settings += f", language model {name}, weight {decoder.settings.weight}, bonus {decoder.settings.bonus}"
    return settings + (f", {len(decoder.words.words)} words" if decoder.words else "")
