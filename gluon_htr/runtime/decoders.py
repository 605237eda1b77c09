"""Decoders by their names. Beam search is imported when somebody asks for it: greedy decoding starts faster."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from ..decoding.decoder import Decoder
from ..decoding.greedy import GREEDY, GreedyDecoder
from ..errors import UsageError

DecoderName = Literal["auto", "greedy", "beam"]


class AutomaticDecoder(GreedyDecoder):
    """The decoder that a bundle was found to be read best with; greedy where that is not known. See `suited`."""


AUTOMATIC = AutomaticDecoder()


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
    searches = request.language or request.language_model or request.lexicon or request.n_best
    if request.name == "greedy":
        if searches:
            raise UsageError("a language model, a lexicon and several texts of a line need --decoder beam")
        return GREEDY
    if request.name == "auto" and not searches:
        return AUTOMATIC
    if request.language and request.language_model:
        raise UsageError("give either --language or --language-model, not both")
    from .beam_decoders import make_beam_decoder

    return make_beam_decoder(request.language, request.language_model, request.lexicon, request.n_best)


def suited(decoder: Decoder, has_beam_calibration: bool) -> Decoder:
    """Return the decoder for a bundle: instead of an automatic one, beam search if the bundle is calibrated for it.

    Such a bundle was compared with both decoders when it was made: docs/language.md has the figures.
    """
    if not isinstance(decoder, AutomaticDecoder):
        return decoder
    return _beam() if has_beam_calibration else GREEDY


@cache
def _beam() -> Decoder:
    return make_decoder(DecoderRequest("beam"))


def describe(decoder: Decoder) -> str:
    """Describe a decoder in a few words, for score cards."""
    if isinstance(decoder, GreedyDecoder):
        return "greedy"
    from .beam_decoders import describe_beam

    return describe_beam(decoder)
