#!/usr/bin/env python3
"""How much planted label noise is among the first that `doctor --suspects` shows.

    benchmarks/label_noise.py MODEL SPEC ...

One line in twenty of each spec gets the text of another line.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import gluon_htr
from gluon_htr.checks.suspects import find_suspects
from gluon_htr.datasets.spec import open_spec, parse_spec

NOISE, WORST = 0.05, 0.08  # proportions of all lines


def measure(model: gluon_htr.Recognizer, spec: str, seed: int, folder: Path) -> str:
    """Describe how many of the wrong labels of a spec are among the worst."""
    samples = list(open_spec(parse_spec(spec)))
    texts = [sample.text for sample in samples]
    wrong = np.random.default_rng(seed).permutation(len(samples))[: round(NOISE * len(samples))]
    for one, other in zip(wrong, np.roll(wrong, 1)):
        texts[one] = samples[other].text
    rows = ["path\ttext"]
    for number, (sample, text) in enumerate(zip(samples, texts)):
        Image.fromarray(sample.image()).save(folder / f"{number}.png")
        rows.append(f"{number}.png\t{text}")
    (folder / "labels.tsv").write_text("\n".join([*rows, ""]), "utf-8")
    planted = {f"{k}.png" for k in wrong if texts[k] != samples[k].text}
    worst = find_suspects(model, [f"listing:{folder}/labels.tsv"])[: round(WORST * len(samples))]
    found = len(planted & {suspect.id for suspect in worst})
    return f"{spec}: {found} of {len(planted)} wrong labels among the worst {len(worst)} of {len(samples)}"


def main() -> None:
    """Print a line for each spec."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("specs", nargs="+", metavar="SPEC")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    recognizer = gluon_htr.load(options.model)
    for spec in options.specs:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(recognizer, spec, options.seed, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
