#!/usr/bin/env python3
"""A small validation set in which every source weighs the same, so that a training is chosen by the mean over sources.

    examples/latin_validation.py OUTPUT SPEC ... [--characters N]

Takes lines of each spec, evenly over its order, until they have some 900 characters, and writes them with their images:
`listing:OUTPUT/labels.tsv?group=group` reads them. With more characters, confidences are calibrated on such a set.
"""

from __future__ import annotations

import argparse
from itertools import compress
from pathlib import Path

from PIL import Image

from gluon_htr.datasets.sample import Sample
from gluon_htr.datasets.spec import open_spec, parse_spec

CHARACTERS = 900  # of each source: some 20 lines of running text, or 50 cells of a register


def spread(samples: list[Sample], characters: int) -> list[Sample]:
    """Choose samples from all over the list whose texts have about so many characters together; the order stays."""
    total = sum(len(sample.text) for sample in samples)
    share, taken, chosen = min(1.0, characters / max(total, 1)), 1e-9, []
    for _ in samples:
        before = int(taken)
        taken += share
        chosen.append(int(taken) > before)
    return list(compress(samples, chosen))


def write(output: Path, specs: list[str], characters: int) -> int:
    """Write images and labels; return how many."""
    (output / "images").mkdir(parents=True, exist_ok=True)
    rows = ["path\ttext\tgroup"]
    for number, spec in enumerate(specs):
        for sample in spread(list(open_spec(parse_spec(spec))), characters):
            name = f"images/{number:02}-{len(rows):05}.png"
            Image.fromarray(sample.image()).save(output / name)
            rows.append(f"{name}\t{sample.text}\t{number:02}-{sample.group}")
    (output / "labels.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    return len(rows) - 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("specs", nargs="+", metavar="SPEC")
    parser.add_argument("--characters", type=int, default=CHARACTERS, metavar="N", help="of each spec (default: 900)")
    options = parser.parse_args()
    print(write(options.output, options.specs, options.characters), "lines")
