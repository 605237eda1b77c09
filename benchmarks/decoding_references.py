"""Compare the beam search with ctc-beam-decoder, and with flashlight-text and KenLM, on the same logits.

    pip install --target /tmp/references --no-deps ctc-beam-decoder flashlight-text kenlm
    export PYTHONPATH=/tmp/references
    python benchmarks/decoding_references.py --data 'iam-online:data/iam-online?split=validation-v' --arpa en.arpa

KenLM and we read the same ARPA file of characters, such as `gluon-htr language en.lm --output en.arpa` writes. Both
searches merge the paths of one text, as we do. The pruning of all is set so that hardly anything is lost. Prints one
JSON object: texts that are the same, those that differ, and relative differences of the scores of equal texts.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import gluon_htr
from gluon_htr.datasets.loading import load_data
from gluon_htr.decoding import beam
from gluon_htr.decoding.alignment import ctc_scores
from gluon_htr.decoding.beam_decoder import BeamDecoder, log_softmax
from gluon_htr.decoding.guidance import UNGUIDED, Guide, score_texts
from gluon_htr.ngrams.arpa import SPACE, read_arpa
from gluon_htr.ngrams.files import LanguageModel, Tuning
from gluon_htr.runtime.stores import windows
from gluon_htr.text.alphabet import Alphabet

Labels = tuple[int, ...]
Reference = Callable[[np.ndarray], tuple[Labels, float]]
TIE = 1e-3  # nats: texts whose exact scores differ less are equally good
RARE = 1e-6
WEIGHT = 0.7


def ctc_beam_decoder(alphabet: Alphabet, width: int) -> Reference:
    """Make the search of ctc-beam-decoder, without a language model."""
    from ctc_beam_decoder import BeamSearchDecoder

    # it would strip and merge spaces, as its texts consist of words
    names = [chr(0xE000 + k) for k in range(len(alphabet))]
    decoder = BeamSearchDecoder([*names, ""])

    def decode(scores: np.ndarray) -> tuple[Labels, float]:
        best = decoder.decode_beams(scores, width, beam_prune_logp=-beam.MARGIN, token_min_logp=float(np.log(RARE)))[0]
        return tuple(ord(c) - 0xE000 for c in best[0]), best[3]

    return decode


def flashlight(alphabet: Alphabet, arpa: Path, width: int) -> Reference:
    """Make the lexicon-free search of flashlight-text, with KenLM."""
    from flashlight.lib.text import decoder as fl
    from flashlight.lib.text.decoder.kenlm import KenLM
    from flashlight.lib.text.dictionary import Dictionary

    names = Dictionary([SPACE if character == " " else character for character in alphabet.characters])
    model = KenLM(str(arpa), names)
    options = fl.LexiconFreeDecoderOptions(
        beam_size=width,
        beam_size_token=30,
        beam_threshold=beam.MARGIN,
        lm_weight=WEIGHT * math.log(10),  # KenLM has common logarithms
        sil_score=0.0,
        log_add=True,
        criterion_type=fl.CriterionType.CTC,
    )
    decoder = fl.LexiconFreeDecoder(options, model, len(alphabet) + 1, len(alphabet), [])

    def decode(scores: np.ndarray) -> tuple[Labels, float]:
        assert model is not None  # the search does not keep it
        values = np.ascontiguousarray(scores, np.float32)
        best = decoder.decode(values.ctypes.data, *values.shape)[0]
        path = np.array([token for token in best.tokens if token >= 0])
        merged = path[np.diff(path, prepend=-1) != 0]
        return tuple(int(token) for token in merged if token < len(alphabet)), float(best.score)

    return decode


def compare(lines: Sequence[np.ndarray], reference: Reference, guide: Guide, width: int) -> dict[str, Any]:
    """Search every line both ways; of texts that differ, compare the exact scores."""
    same, ties, better, worse, relative, exact_relative = 0, 0, 0, 0, [], []
    for scores in lines:
        text, score = reference(scores)
        own = beam.search(scores[None], width, guide)[0][0]
        exact, other = (_exact(scores, labels, guide) for labels in (own.labels, text))
        if own.labels == text:
            same += 1
            relative.append(abs(own.score - score) / abs(exact))
            exact_relative.append(abs(own.score - exact) / abs(exact))
        elif abs(exact - other) < TIE:
            ties += 1
        else:
            better, worse = better + (exact > other), worse + (exact < other)
    quantiles = {f"{name}_{q}": float(np.quantile(part, q)) for name, part in
                 (("relative", relative), ("ours_to_exact", exact_relative)) for q in (0.5, 0.9, 1.0)}  # fmt: skip
    return {"lines": len(lines), "same": same, "ties": ties, "ours_better": better, "ours_worse": worse, **quantiles}


def _exact(scores: np.ndarray, labels: Labels, guide: Guide) -> float:
    return float(ctc_scores(scores[None], [labels])[0] + score_texts(guide, [labels])[0])


def main() -> None:
    """Compare on the lines of a spec."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", default=None)
    parser.add_argument("--arpa", type=Path, default=None, help="a language model of characters for both")
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--width", type=int, default=100)
    options = parser.parse_args()
    beam.MIN_PROBABILITY, beam.MAX_CLASSES, beam.MARGIN = RARE, 30, 50.0
    recognizer = gluon_htr.load(options.model)
    store = load_data([options.data], recognizer.preprocessing, form=recognizer.alphabet.normalization)
    store = store.select(range(min(options.lines, len(store))))
    logits = (line for _, batches in windows(recognizer.network, store) for batch in batches for line in batch)
    lines = [log_softmax(line) for line in logits]
    found = {"ctc_beam_decoder": compare(
        lines, ctc_beam_decoder(recognizer.alphabet, options.width), UNGUIDED, options.width
    )}  # fmt: skip
    if options.arpa:
        model = LanguageModel(read_arpa(options.arpa), tuning=Tuning(WEIGHT, 0.0))
        guide = BeamDecoder(model).guide(recognizer.alphabet)
        reference = flashlight(recognizer.alphabet, options.arpa, options.width)
        found["flashlight_text"] = compare(lines, reference, guide, options.width)
    print(json.dumps({"width": options.width, **found}))


if __name__ == "__main__":
    main()
