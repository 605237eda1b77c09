"""Hundreds of damaged images and bundles: each is one line or a result, in bounded time and memory.

They are tried in a process of their own, whose memory is limited and whose death would be noticed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from letters import LETTERS
from support import PROJECT, command_environment

pytest.importorskip("resource", reason="limits of memory need a Unix")
MOST_MEMORY = 4 << 30  # of addresses, which ONNX Runtime and numpy reserve plenty of
LONGEST = 10.0  # seconds for one input, on a busy machine

START = f"""
import collections, io, json, random, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, ({MOST_MEMORY}, {MOST_MEMORY}))
sys.path.insert(0, {str(PROJECT / "tests")!r})
import numpy as np
from PIL import Image
import gluon_htr
from gluon_htr.errors import HtrError
from letters import LETTERS, draw, encoded, members, rehashed, zipped

random.seed(0)
outcomes, slowest, examples = collections.Counter(), 0.0, []

def mutated(content):
    content = bytearray(content)
    kind = random.random()
    if kind < 0.15:
        return bytes(content[: random.randrange(len(content))])
    if kind < 0.25:
        place = random.randrange(len(content))
        return bytes(content[:place] + random.randbytes(random.randrange(1, 60)) + content[place:])
    if kind < 0.35:
        place, size = random.randrange(len(content)), random.randrange(1, 60)
        return bytes(content[:place] + content[place + size :])
    early = random.random() < 0.6  # headers are where the damage is
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        place = random.randrange(min(80, len(content)) if early else len(content))
        content[place] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
    return bytes(content)

def attempt(action):
    global slowest
    began = time.perf_counter()
    try:
        action()
        outcomes["result"] += 1
    except HtrError as error:
        outcomes["error"] += 1
        if len(str(error).splitlines()) != 1:
            examples.append(repr(error))
    slowest = max(slowest, time.perf_counter() - began)
"""
END = "\nprint(json.dumps({**outcomes, 'slowest': slowest, 'examples': examples[:5]}))\n"

IMAGES = """
recognizer = gluon_htr.load(LETTERS, threads=1)
word = draw("decade").resize((128, 32))
color = word.convert("RGB")
files = [encoded(word), encoded(color), encoded(word.convert("P")), encoded(word.convert("RGBA")),
    encoded(color, "JPEG"), encoded(word.convert("CMYK"), "JPEG"), encoded(word, "TIFF"), encoded(color, "TIFF"),
    encoded(word, "TIFF", compression="tiff_lzw"), encoded(color, "WEBP"), encoded(word, "BMP"), encoded(word, "GIF"),
    encoded(Image.fromarray(np.asarray(word).astype(np.uint16) * 257)), encoded(word, "PPM"), encoded(word, "TGA")]
for k in range(500):
    content = mutated(files[k % len(files)])
    attempt(lambda: recognizer.read(content))
"""

BUNDLES = """
import pathlib, tempfile
folder = pathlib.Path(tempfile.mkdtemp())
whole, files = LETTERS.read_bytes(), members()
names = ["model.onnx", "model.onnx", "model.onnx", "bundle.json", "golden/expected.json", "golden/1.png"]
for k in range(200):
    path = folder / "mutated.zip"
    if k % 2:
        path.write_bytes(mutated(whole))
    else:  # by somebody who knows how to make the hashes fit
        name = names[k // 2 % len(names)]
        changed = files | {name: mutated(files[name])}
        zipped(path, changed if name == "bundle.json" else rehashed(changed))
    def use():
        recognizer = gluon_htr.load(path, threads=1)
        recognizer.read(draw("abc"))
    attempt(use)
"""


def outcome(middle: str, folder: Path) -> dict:
    """What became of all attempts."""
    command = [sys.executable, "-W", "ignore", "-c", START + middle + END]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=240, env=command_environment(TMPDIR=str(folder)), cwd=folder
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    found = json.loads(done.stdout.splitlines()[-1])
    assert not found["examples"]
    assert found["slowest"] < LONGEST
    return found


def test_500_damaged_images_are_an_error_or_a_text(tmp_path: Path) -> None:
    """A server would die of a user's upload, or be kept busy by it."""
    found = outcome(IMAGES, tmp_path)
    assert found["result"] + found["error"] == 500
    assert min(found["result"], found["error"]) > 50


def test_200_damaged_bundles_are_an_error_or_read(tmp_path: Path) -> None:
    """A model from a stranger would crash who tries it, or eat the memory."""
    assert LETTERS.is_file()
    found = outcome(BUNDLES, tmp_path)
    assert found["result"] + found["error"] == 200
    assert found["error"] > 100
    assert found["result"] > 5
