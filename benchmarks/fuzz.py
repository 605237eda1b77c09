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
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import gluon_htr
from gluon_htr.bundles.catalog import SHIPPED
from gluon_htr.datasets.loading import load_data
from gluon_htr.errors import HtrError
from gluon_htr.graphs.params import load_parameters
from gluon_htr.networks.presets import load_preset, preset_text
from gluon_htr.ngrams.files import HEAD
from gluon_htr.runtime.decoders import DecoderRequest, make_decoder
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.checkpoints import load_checkpoint
from gluon_htr.training.runs import load_run

PROJECT = Path(__file__).resolve().parent.parent
LONGEST, MOST_MEMORY, DEAD = 5.0, 1 << 30, 60  # seconds and bytes of an input; seconds until its process is killed
TEXTS = ("17", "2026", "300")
NUMBERS = ("-1", "0", "1", "65536", "99999999999999999999", "1e309", "NaN", "1.5", "")
STRINGS = ("", "\0", "\u202e", "é" * 1000, "../../etc/passwd", "/", "x" * 100_000, "\ud7ff", "a\tb\nc", "%s{0}", "¼")

Act = Callable[[Path], object]


# -- Damage ---------------------------------------------------------------------------------------------------------


def damaged(content: bytes, chance: random.Random, is_text: bool) -> bytes:
    """Return a file with one kind of damage: cut, inserted, repeated, overwritten; for texts mostly of their parts."""
    if is_text and chance.random() < 0.7:
        return _damaged_text(content, chance)
    changed, kind = bytearray(content), chance.random()
    place, size = chance.randrange(len(changed) + 1), chance.randrange(1, 60)
    if kind < 0.15:
        return bytes(changed[:place])
    if kind < 0.25:
        return bytes(changed[:place] + chance.randbytes(size) + changed[place:])
    if kind < 0.35:
        return bytes(changed[:place] + changed[place + size :])
    if kind < 0.4:
        return bytes(changed[:place] + changed[max(0, place - 1000) :])
    early = chance.random() < 0.6  # headers are where damage matters
    for _ in range(chance.choice((1, 1, 2, 5, 20)) if changed else 0):
        at = chance.randrange(min(80, len(changed)) if early else len(changed))
        changed[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(changed)


def _damaged_text(content: bytes, chance: random.Random) -> bytes:
    text = content.decode("utf-8", "surrogateescape")
    pattern, instead = chance.choice(
        (
            (r"-?\d+(\.\d+)?", NUMBERS),
            (r'"[^"]*"', tuple(f'"{string}"' for string in STRINGS)),
            (r"[\w.]+", STRINGS),
            (r"</?[\w:]+[^>]*>", ("", "<a>", "<!DOCTYPE x [<!ENTITY a 'aaaa'>]>", "<![CDATA[", "&a;")),
            (r"[^\n]*\n", ("", "\n", "#\n", "[]\n", "{}\n")),
        )
    )
    found = list(re.finditer(pattern, text))
    if found:
        match = chance.choice(found)
        text = text[: match.start()] + chance.choice(instead) + text[match.end() :]
    return text.encode("utf-8", "surrogateescape")


def damage_folder(folder: Path, chance: random.Random, only: Sequence[str]) -> None:
    """Damage one of the files that fit one of these patterns, or now and then remove it."""
    files = sorted(path for pattern in only for path in folder.glob(pattern) if path.is_file())
    path = chance.choice(files)
    if chance.random() < 0.05:
        path.unlink()
    else:
        is_text = path.suffix in (".xml", ".json", ".jsonl", ".toml", ".tsv", ".txt")
        path.write_bytes(damaged(path.read_bytes(), chance, is_text))


def damage_bundle(path: Path, chance: random.Random) -> None:
    """Damage the archive, or a file in it as somebody does who knows how to make the hashes fit."""
    if chance.random() < 0.4:
        path.write_bytes(damaged(path.read_bytes(), chance, False))
        return
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice([*files, "bundle.json", "bundle.json"])
    files[name] = damaged(files[name], chance, name.endswith(".json"))
    if name != "bundle.json":
        about = json.loads(files["bundle.json"])
        about["files"] = {
            each: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for each, content in files.items()
            if each != "bundle.json"
        }
        files["bundle.json"] = json.dumps(about).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in files.items():
            archive.writestr(each, content)


def damage_language(path: Path, chance: random.Random) -> None:
    """Damage a language model; mostly make its checksums fit again, as a stranger would."""
    content = damaged(path.read_bytes(), chance, False)
    if len(content) > HEAD.size and chance.random() < 0.7:
        magic, size, *_ = HEAD.unpack_from(content)
        header, body = content[HEAD.size : HEAD.size + size], content[HEAD.size + size :]
        content = HEAD.pack(magic, size, zlib.crc32(header), zlib.crc32(body)) + header + body
    path.write_bytes(content)


# -- What is damaged, and what is done with it ----------------------------------------------------------------------


def drawn(text: str) -> Image.Image:
    """A small picture of a number."""
    return Image.open(PROJECT / "examples" / "number.png").convert("L").resize((40 * len(text), 32))


def make_samples(folder: Path) -> None:
    """Write one sound sample of everything that can be damaged."""
    command = [sys.executable, "-W", "ignore", "-m", "gluon_htr"]

    def gluon_htr_(*words: object) -> None:
        subprocess.run([*command, *map(str, words)], check=True, capture_output=True, cwd=PROJECT)

    _make_images(folder / "images")
    (folder / "listing").mkdir()
    rows = ["path\ttext\tgroup"]
    for number in range(24):
        text = TEXTS[number % 3]
        drawn(text).save(folder / "listing" / f"{number}.png")
        rows.append(f"{number}.png\t{text}\t{number}")
    (folder / "listing" / "labels.tsv").write_text("\n".join(rows), "utf-8")
    (folder / "bundle").mkdir()
    shutil.copy(SHIPPED / "digits.zip", folder / "bundle" / "model.zip")
    listing = f"listing:{folder / 'listing'}"
    gluon_htr_("prepare", listing, "--preset", "digits", "--output", folder / "records" / "data.rec")
    gluon_htr_("prepare", listing, "--preset", "digits", "--output", folder / "cache" / "data.pkl")
    gluon_htr_("train", "--preset", "digits", "--data", listing, "--validation", listing, "--budget", "2s",
               "--workers", "0", "--output", folder / "run")  # fmt: skip
    for kind in ("page", "alto"):
        (folder / kind).mkdir()
        shutil.copy(PROJECT / "examples" / "page.jpg", folder / kind)
        gluon_htr_("read", folder / kind / "page.jpg", "--format", kind, "--output", folder / kind)
    _make_iam(folder / "iam")
    (folder / "preset").mkdir()
    (folder / "preset" / "preset.toml").write_text(preset_text("lines-fast"), "utf-8")
    (folder / "language").mkdir()
    (folder / "language" / "text.txt").write_text("\n".join(map(str, range(3000))), "utf-8")
    gluon_htr_("language", folder / "language" / "text.txt", "--output", folder / "language" / "model.lm")


def _make_images(folder: Path) -> None:
    folder.mkdir()
    gray = drawn("17")
    color = gray.convert("RGB")
    kinds = {
        "L.png": gray, "RGB.png": color, "P.png": gray.convert("P"), "RGBA.png": gray.convert("RGBA"),
        "1.png": gray.convert("1"), "RGB.jpg": color, "CMYK.jpg": color.convert("CMYK"), "L.tif": gray,
        "RGB.webp": color, "L.bmp": gray, "P.gif": gray.convert("P"), "L.pgm": gray, "L.tga": gray, "RGB.jp2": color,
        "16.png": Image.fromarray(np.asarray(gray).astype(np.uint16) * 257),
    }  # fmt: skip
    for name, image in kinds.items():
        image.save(folder / name)
    gray.save(folder / "lzw.tif", compression="tiff_lzw")
    gray.save(folder / "exif.jpg", exif=Image.Exif())


def _make_iam(folder: Path) -> None:
    """One form of two lines in IAM's layout."""
    lines = []
    for number in (0, 1):
        name = f"a01-000u-{number:02}"
        path = folder / "lines" / "a01" / "a01-000u" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn(TEXTS[number]).save(path)
        box = f'<cmp x="1" y="{40 * number}" width="80" height="32"/>'
        lines.append(
            f'<line id="{name}" text="{TEXTS[number]}" segmentation="ok"><word id="{name}-00" tag="CD" '
            f'text="{TEXTS[number]}">{box}</word></line>'
        )
    (folder / "xml").mkdir()
    (folder / "xml" / "a01-000u.xml").write_text(
        '<?xml version="1.0" encoding="iso-8859-1"?>\n<form id="a01-000u" writer-id="000" version="1.0">\n'
        f"<handwritten-part>\n{chr(10).join(lines)}\n</handwritten-part>\n</form>\n",
        "iso-8859-1",
    )
    (folder / "ascii").mkdir()
    rows = [f"a01-000u-{number:02} ok 154 1 1 {40 * number} 80 32 {TEXTS[number]}" for number in (0, 1)]
    (folder / "ascii" / "lines.txt").write_text("#--- lines.txt\n" + "\n".join(rows) + "\n", "ascii")


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
