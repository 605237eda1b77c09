#!/usr/bin/env python3
"""How many faults planted in copies of real lines `doctor` finds, and how many its suggested command leaves.

    benchmarks/doctor.py SPEC ...

The faults are those of tests/planted_faults.py. For each spec: the faults that are missed, those named besides, and
what `doctor` finds in the data that its `--fix` writes. What it finds in the same lines before is counted apart.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from planted_faults import LINES, plant
from written_lines import Line, write_list

from gluon_htr.datasets.spec import open_spec, parse_spec

MIN_CHARACTERS, MAX_CHARACTERS = 12, 60  # of lines that can lose some characters, or be repeated five times


def real_lines(spec: str, seed: int) -> list[Line]:
    """Take LINES lines of a spec by chance, each as its own image."""
    samples = [s for s in open_spec(parse_spec(spec)) if MIN_CHARACTERS <= len(s.text) <= MAX_CHARACTERS]
    chosen = np.random.default_rng(seed).permutation(len(samples))[:LINES]
    taken = [samples[k] for k in chosen]
    return [Line(s.image(), s.text, s.group or "", f"{k:03}.png") for k, s in enumerate(taken)]


def findings(folder: Path, *words: str) -> dict[str, dict[str, object]]:
    """Run `doctor` in a folder; return its findings by name."""
    command = [sys.executable, "-W", "ignore", "-m", "gluon_htr", "doctor", *words, "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{shlex.join(command)}: {done.stderr}")
    return {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}


def ids(found: dict[str, dict[str, object]], name: str) -> set[str]:
    """Return the samples that a finding names."""
    listed = found.get(name, {}).get("ids", [])
    assert isinstance(listed, list)
    return set(listed)


def pairs(found: dict[str, dict[str, object]]) -> set[tuple[str, str]]:
    """Return each finding and sample; rare characters stop no training, and come with most faults of a text."""
    return {(name, one) for name in found if name != "rare-characters" for one in ids(found, name)}


def described(pairs: set[tuple[str, str]]) -> str:
    """Name the findings, each with its number of samples."""
    names = Counter(name for name, _ in pairs)
    return ", ".join(f"{name} ({count})" for name, count in names.items()) or "nothing"


def measure(spec: str, seed: int, folder: Path) -> None:
    """Print what is found in the lines of a spec before, with faults, and after the suggested command."""
    written = real_lines(spec, seed)
    if len(written) < LINES:
        raise SystemExit(f"{spec}: {len(written)} lines of {MIN_CHARACTERS} to {MAX_CHARACTERS} characters of {LINES}")
    write_list(folder / "before", written)
    before = findings(folder, "listing:before")
    expected = plant(written)
    write_list(folder / "data", written)
    found = findings(folder, "listing:data")
    planted = {(name, one) for name, several in expected.items() for one in several}
    missed = {(name, one) for name, one in planted if one not in ids(found, name)}
    named, own = pairs(found), pairs(before)
    print(f"{spec}: {len(planted) - len(missed)} of {len(planted)} planted faults found")
    for name, one in sorted(missed):
        print(
            f"  missed {name}: {one}, named {', '.join(sorted(n for n in found if one in ids(found, n))) or 'nowhere'}"
        )
    print(f"  found besides: {described(named - planted - own)}", flush=True)
    for fix in {str(finding["fix"]) for finding in found.values() if "--fix" in str(finding.get("fix"))}:
        subprocess.run(
            [sys.executable, "-W", "ignore", "-m", *shlex.split(fix.replace("gluon-htr", "gluon_htr", 1))],
            cwd=folder, capture_output=True, check=False,
        )  # fmt: skip
    after = findings(folder, "listing:corrected")
    print(f"  after the suggested command: {described(pairs(after) - own)}; before: {described(own)}", flush=True)


def main() -> None:
    """Print what is found in each spec."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("specs", nargs="+", metavar="SPEC")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for spec in options.specs:
        with tempfile.TemporaryDirectory() as folder:
            measure(spec, options.seed, Path(folder))


if __name__ == "__main__":
    main()
