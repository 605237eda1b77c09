"""Damage everything that users give to gluon_htr, and see that each input gives a result or one line.

    python benchmarks/fuzz.py [KIND ...] [--count 500] [--seed 0] [--keep faults/]

KIND is one of those of `FUZZERS`, all by default; `images` are tried twenty times and `bundles` twice as often as
`--count` says. Inputs are tried in a process of their own: an exception that is not ours, a message of several lines,
more than 5 s or 1 GB, or a process that dies is a fault. Each input follows from the seed, the kind and its number;
`--keep` keeps those with faults. Linux only: peaks of memory are read from /proc. Prints a line for each kind, and
exits with 1 if there was a fault. Wants mxnet, for a run to damage.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from fuzz_damage import damage_bundle, damage_folder, damage_language, damaged
from fuzz_samples import drawn, make_samples

import gluon_htr
from gluon_htr.datasets.loading import load_data
from gluon_htr.errors import HtrError
from gluon_htr.graphs.params import load_parameters
from gluon_htr.networks.presets import load_preset
from gluon_htr.runtime.decoders import DecoderRequest, make_decoder
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.checkpoints import load_checkpoint
from gluon_htr.training.runs import load_run

LONGEST, MOST_MEMORY, DEAD = 5.0, 1 << 30, 60  # seconds and bytes of an input; seconds until its process is killed

Act = Callable[[Path], object]


# -- What is damaged, and what is done with it ------------------------------------------------------------------


def read_with(model: Path | str) -> None:
    """Load a model, and read a picture with it."""
    gluon_htr.load(model, threads=1).read(drawn("17"))


def read_run(folder: Path) -> None:
    """Load a run to go on with it, and read a picture with it."""
    load_run(folder)
    read_with(folder)


def load_all(spec: str) -> None:
    """Load data as a training does, with all images."""
    store = load_data([spec], load_preset("digits").preprocessing, workers=0)
    for position in range(len(store)):
        store.image(position)


def decode_with(folder: Path) -> None:
    """Read a picture with a language model, by a name that no model had before, as models are kept by their names."""
    path = folder / f"{time.monotonic_ns()}.lm"
    (folder / "model.lm").rename(path)
    decoder = make_decoder(DecoderRequest("beam", language_model=path))
    gluon_htr.load("digits", threads=1, decoder=decoder).read(drawn("17"))


class Images:
    """Reads pictures with one recognizer."""

    def __init__(self) -> None:
        self._recognizer = gluon_htr.load("digits", threads=1)

    def __call__(self, folder: Path) -> None:
        """Read the picture that was damaged: it alone lies in the folder."""
        self._recognizer.read(next(folder.iterdir()))


#: Kind → folder of its sound sample, which files of it are damaged, and what is done with the folder then.
FUZZERS: dict[str, tuple[str, Sequence[str], Callable[[], Act]]] = {
    "images": ("images", ("*",), Images),
    "bundles": ("bundle", ("model.zip",), lambda: lambda folder: read_with(folder / "model.zip")),
    "records": ("records", ("data.rec/*",), lambda: lambda folder: load_all(f"records:{folder / 'data.rec'}")),
    "caches": ("cache", ("data.pkl",), lambda: lambda folder: load_all(f"cache:{folder / 'data.pkl'}")),
    "params": ("run", ("model.params",), lambda: lambda folder: load_parameters(folder / "model.params")),
    "checkpoints": (
        "run", ("checkpoints/*",), lambda: lambda folder: load_checkpoint(folder / "checkpoints" / "last.params"),
    ),
    "runs": ("run", ("*.json", "*.toml", "*.params"), lambda: read_run),
    "alphabets": ("run", ("alphabet.json",), lambda: lambda folder: Alphabet.load(folder / "alphabet.json")),
    "presets": ("preset", ("*.toml",), lambda: lambda folder: load_preset(folder / "preset.toml")),
    "page": ("page", ("*.xml",), lambda: lambda folder: load_all(f"pages:{folder}")),
    "alto": ("alto", ("*.xml",), lambda: lambda folder: load_all(f"pages:{folder}")),
    "iam": ("iam", ("xml/*", "ascii/*"), lambda: lambda folder: load_all(f"iam-lines:{folder}")),
    "listings": ("listing", ("labels.tsv",), lambda: lambda folder: load_all(f"listing:{folder}")),
    "languages": ("language", ("model.lm",), lambda: decode_with),
}  # fmt: skip
TIMES = {"images": 20, "bundles": 2}


# -- Trying -----------------------------------------------------------------------------------------------------------


def damage(kind: str, number: int, seed: int, samples: Path, folder: Path) -> None:
    """Make the input of this number in a new folder."""
    chance = random.Random(f"{seed}-{kind}-{number}")
    source, only, _ = FUZZERS[kind]
    shutil.rmtree(folder, ignore_errors=True)
    if kind == "images":
        folder.mkdir()
        files = sorted((samples / source).iterdir())
        path = files[number % len(files)]
        (folder / path.name).write_bytes(damaged(path.read_bytes(), chance, False))
        return
    shutil.copytree(samples / source, folder)
    if kind == "bundles":
        damage_bundle(folder / "model.zip", chance)
    elif kind == "languages":
        damage_language(folder / "model.lm", chance)
    else:
        damage_folder(folder, chance, only)


def peak_memory() -> int:
    """Return the most memory that this process has had since the last call, in bytes."""
    status = Path("/proc/self/status").read_text("ascii")
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def try_inputs(kind: str, numbers: range, seed: int, samples: Path, folder: Path) -> None:
    """Try inputs; print a line of JSON before and after each. Runs in a process of its own."""
    act = FUZZERS[kind][2]()
    for number in numbers:
        signal.alarm(0)
        damage(kind, number, seed, samples, folder)
        print(json.dumps({"begins": number}), flush=True)
        peak_memory()
        signal.alarm(DEAD)
        began, fault, outcome = time.perf_counter(), "", "result"
        try:
            act(folder)
        except HtrError as error:
            outcome = "error"
            fault = f"message of several lines: {error}" if len(str(error).splitlines()) != 1 else ""
        except Exception as error:  # what this program looks for
            outcome, fault = "fault", f"{type(error).__name__}: {error}"
        seconds, peak = time.perf_counter() - began, peak_memory()
        if not fault and seconds > LONGEST:
            fault = f"took {seconds:.1f} s"
        if not fault and peak > MOST_MEMORY:
            fault = f"took {peak / 1e9:.2f} GB"
        found = {"outcome": outcome, "fault": fault[:300], "seconds": seconds, "peak": peak}
        print(json.dumps(found), flush=True)


def fuzz(kind: str, count: int, seed: int, samples: Path, work: Path, keep: Path | None) -> int:
    """Try all inputs of a kind, print what became of them, and return the number of faults."""
    outcomes, seconds, peak = Counter[str](), 0.0, 0
    faults: list[tuple[int, str]] = []
    first, folder = 0, work / "damaged"
    while first < count:
        words = ["--child", kind, str(first), str(count), str(seed), str(samples), str(folder)]
        command = [sys.executable, "-W", "ignore", __file__, *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            for line in child.stdout:
                found = json.loads(line)
                if "begins" in found:
                    first = found["begins"]
                    continue
                first += 1
                outcomes[found["outcome"]] += 1
                seconds, peak = max(seconds, found["seconds"]), max(peak, found["peak"])
                if found["fault"]:
                    faults.append((first - 1, found["fault"]))
        if first < count:
            faults.append((first, f"the process ended with {child.returncode}"))
            outcomes["fault"] += 1
            first += 1
    print(
        f"{kind:12} {sum(outcomes.values()):6} inputs: {outcomes['result']} results, {outcomes['error']} errors, "
        f"{len(faults)} faults; at most {seconds:.2f} s and {peak / 1e6:.0f} MB",
        flush=True,
    )
    for number, fault in faults:
        print(f"    {kind} {number}: {fault}", flush=True)
        if keep:
            damage(kind, number, seed, samples, keep / f"{kind}-{number}")
    return len(faults)


def main() -> int:
    """Try all kinds that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    if unknown := set(options.kinds) - set(FUZZERS):
        parser.error(f"{', '.join(sorted(unknown))} is not one of {', '.join(FUZZERS)}")
    with tempfile.TemporaryDirectory() as work:
        samples = Path(work) / "samples"
        samples.mkdir()
        make_samples(samples)
        faults = [
            fuzz(kind, options.count * TIMES.get(kind, 1), options.seed, samples, Path(work), options.keep)
            for kind in options.kinds or FUZZERS
        ]
    return 1 if any(faults) else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        kind, first, last, seed, samples, folder = sys.argv[2:]
        os.environ["OMP_NUM_THREADS"] = "1"
        try_inputs(kind, range(int(first), int(last)), int(seed), Path(samples), Path(folder))
    else:
        sys.exit(main())
