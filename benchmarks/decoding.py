"""Lines per second of greedy decoding and beam search, without the network, on the logits of real or invented lines.

    python benchmarks/decoding.py --data 'iam-lines:data/iam?split=validation'     # a network's logits
    python benchmarks/decoding.py --classes 6000                                   # invented ones, of a large alphabet

Lines of all lengths are decoded in windows, as `predict` does. CPU seconds tell what other programs on the machine
hide. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np

import gluon_htr
from gluon_htr.datasets.loading import load_data
from gluon_htr.decoding.beam_decoder import BeamDecoder
from gluon_htr.decoding.decoder import Decoder, decode_batches
from gluon_htr.decoding.greedy import GREEDY
from gluon_htr.ngrams.building import build
from gluon_htr.ngrams.catalog import find_language, open_model
from gluon_htr.ngrams.files import LanguageModel
from gluon_htr.runtime.stores import windows
from gluon_htr.text.alphabet import Alphabet

STEPS = (80, 200)  # of invented lines


def invented(classes: int, lines: int) -> tuple[list[np.ndarray], Alphabet, LanguageModel]:
    """Draw logits of two steps a character, one in five of which has a rival, and make a model of the texts."""
    random = np.random.default_rng(0)
    alphabet = Alphabet(map(chr, range(0x4E00, 0x4E00 + classes)))
    likely = random.zipf(1.3, 40 * lines * STEPS[1]) % classes  # some characters are frequent, as in any text
    logits, texts = [], []
    for _ in range(lines):
        steps = int(random.integers(*STEPS)) // 2 * 2
        text, rivals = random.choice(likely, (2, steps // 2))
        line = random.normal(0, 1, (steps, classes + 1)).astype(np.float32)
        line[1::2, -1] += 12
        line[np.arange(0, steps, 2), rivals] += np.where(random.random(steps // 2) < 0.2, 11, 0)
        line[np.arange(0, steps, 2), text] += 12
        logits.append(line[None])
        texts.append("".join(alphabet.characters[k] for k in text))
    return logits, alphabet, LanguageModel(build(texts, 4, "characters", 3_000_000))


def measure(decoder: Decoder, batches: list[np.ndarray], alphabet: Alphabet) -> dict[str, float]:
    """Decode everything, after some lines to warm up."""
    decode_batches(decoder, batches[:2], alphabet)
    began, cpu = time.perf_counter(), time.process_time()
    lines = len(decode_batches(decoder, batches, alphabet))
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return {"lines_per_second": round(lines / seconds, 1), "lines_per_cpu_second": round(lines / used, 1)}


def main() -> None:
    """Measure greedy decoding, and beam search with and without a language model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--model", default=None)
    parser.add_argument("--language", default="en")
    parser.add_argument("--language-model", type=Path)
    parser.add_argument("--classes", type=int, default=6000)
    parser.add_argument("--lines", type=int, default=64)
    options = parser.parse_args()
    if options.data:
        recognizer = gluon_htr.load(options.model)
        alphabet = recognizer.alphabet
        store = load_data([options.data], recognizer.preprocessing, form=alphabet.normalization)
        batches = [batch for _, part in windows(recognizer.network, store) for batch in part]
        given = options.language_model
        model = open_model(given) if given else find_language(options.language, Path("none"))
    else:
        batches, alphabet, model = invented(options.classes, options.lines)
    decoders = {"greedy": GREEDY, "beam": BeamDecoder(), "beam_with_model": BeamDecoder(model)}
    found = {name: measure(decoder, batches, alphabet) for name, decoder in decoders.items()}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    lines = sum(map(len, batches))
    print(
        json.dumps(
            {"lines": lines, "classes": alphabet.classes, "width": model.tuning.width, **found, "peak_mb": memory}
        )
    )


if __name__ == "__main__":
    main()
