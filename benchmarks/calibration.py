#!/usr/bin/env python3
"""How far the confidences of words can be trusted on hands that calibration has not seen.

    benchmarks/calibration.py MODEL SPEC ... [--unseen SPEC ...]

Calibrates on all specs but one, and measures on that one, in turn; nothing is ever calibrated on the --unseen ones.
For each, with greedy decoding and with beam search in the language that its lines together have: the expected
calibration error of words, that of confidences which are right by definition (it falls with the number of words), and
for a target precision the proportion of words to check and the precision of the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import gluon_htr
from gluon_htr.bundles.schema import Calibration
from gluon_htr.datasets.loading import load_data
from gluon_htr.decoding.decoder import Decoder, decode_batches
from gluon_htr.decoding.greedy import GREEDY
from gluon_htr.exporting.calibration import fit_probabilities
from gluon_htr.runtime.confidences import LineReading, calibrated, line_reading
from gluon_htr.runtime.decoders import DecoderRequest, make_decoder
from gluon_htr.runtime.stores import same_size
from gluon_htr.text.reliability import reliability, words_right

TARGET = 0.98
BATCH = 16  # images that are read together


@dataclass(frozen=True)
class Source:
    """Readings of the lines of a spec, not calibrated, and their texts. together: by beam search in the language of all
    lines. by_group: in that of each writer or document, as calibration does.
    """

    texts: list[str]
    greedy: list[LineReading]
    together: list[LineReading]
    by_group: list[LineReading]


def read(model: gluon_htr.Recognizer, spec: str, limit: int) -> Source:
    """Read up to `limit` lines, evenly out of all."""
    store = load_data([spec], model.preprocessing, form=model.alphabet.normalization, like_inference=True)
    store = store.select(np.unique(np.linspace(0, len(store) - 1, limit).astype(int)).tolist())
    logits: dict[int, np.ndarray] = {}
    for size in same_size(store.shapes):
        for part in np.array_split(size, -(-len(size) // BATCH)):
            found = model.network(np.stack([store.image(k) for k in part]))
            logits.update({int(k): line[None] for k, line in zip(part, found)})
    lines = [logits[k] for k in range(len(store))]
    search = make_decoder(DecoderRequest("beam"))

    def readings(decoder: Decoder, chosen: list[int]) -> list[LineReading]:
        decoded = decode_batches(decoder, [lines[k] for k in chosen], model.alphabet, model.temperature)
        return [line_reading(line, model.alphabet) for line in decoded]

    everything, grouped = list(range(len(store))), dict[int, LineReading]()
    for group in set(store.groups):
        own = [k for k in everything if store.groups[k] == group]
        grouped.update(zip(own, readings(search, own)))
    by_group = [grouped[k] for k in everything]
    return Source(list(store.texts), readings(GREEDY, everything), readings(search, everything), by_group)


def fitted(sources: Sequence[Source]) -> Calibration:
    """Calibrate on sources, as `export` does."""
    network = [(line, text) for source in sources for line, text in zip(source.greedy, source.texts)]
    searched = [(line, text) for source in sources for line, text in zip(source.by_group, source.texts)]
    language = [(line, text) for line, text in searched if line.has_language]
    return Calibration(*(fit_probabilities(*zip(*pairs)) for pairs in (network, language)))


def words_of(
    lines: Sequence[LineReading], texts: Sequence[str], calibration: Calibration
) -> tuple[list[float], list[bool]]:
    """Return the confidence of each word, and whether it is right."""
    sure, right = list[float](), list[bool]()
    for line, truth in zip(lines, texts):
        words = calibrated(line, calibration).words
        sure += [word.confidence for word in words]
        right += words_right(truth, [word.text for word in words])
    return sure, right


def described(sure: list[float], right: list[bool]) -> str:
    """Describe how far confidences can be trusted, beside confidences that are right by definition."""
    found = reliability(sure, right, TARGET)
    chance = np.random.default_rng(0).random((100, len(sure))) < np.array(sure)
    floor = np.mean([reliability(sure, one.tolist()).calibration_error for one in chance])
    assert found.target is not None
    kept = found.target
    check = f"{1 - kept.coverage:.0%} of {len(sure)} words to check, {kept.precision:.3f} of the others right"
    return f"{found.calibration_error:.3f} ({floor:.3f} by chance), {check}"


def main() -> None:
    """Print a line for each spec."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("specs", nargs="+", metavar="SPEC")
    parser.add_argument("--unseen", nargs="+", default=[], metavar="SPEC")
    parser.add_argument("--limit", type=int, default=150, metavar="N", help="lines of each spec (default: 150)")
    options = parser.parse_args()
    model = gluon_htr.load(options.model)
    sources = {spec: read(model, spec, options.limit) for spec in (*options.specs, *options.unseen)}
    pooled: dict[str, tuple[list[float], list[bool]]] = {"greedy": ([], []), "beam": ([], [])}
    for spec, source in sources.items():
        calibration = fitted([sources[other] for other in options.specs if other != spec])
        print(f"{spec}, {len(source.texts)} lines")
        for name, lines in (("greedy", source.greedy), ("beam", source.together)):
            sure, right = words_of(lines, source.texts, calibration)
            print(f"  {name}: {described(sure, right)}", flush=True)
            pooled[name][0].extend(sure)
            pooled[name][1].extend(right)
    print("all of them")
    for name, words in pooled.items():
        print(f"  {name}: {described(*words)}")


if __name__ == "__main__":
    main()
