"""A bundle that really reads, in 50 kB: words of the letters a to e in Pillow's own font.

`assets/letters.zip` was made by `gluon_htr.train --config tiny.toml` on 2,500 words drawn as `draw` does, and
`gluon_htr.export --float16`. It is never made anew: that it opens shows that bundles of the first version are still
read.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

LETTERS = Path(__file__).parent / "assets" / "letters.zip"
WORDS = ["abc", "decade", "bead", "cab", "bace", "e", "dad", "beeb"]


def draw(text: str, width: int = 64, ink: int = 20, paper: int = 255) -> Image.Image:
    """A word as the network knows them, 16 pixels high."""
    image = Image.new("L", (width, 16), paper)
    ImageDraw.Draw(image).text((6, 2), text, fill=ink)
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The image as a file's bytes."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def array(text: str) -> np.ndarray:
    """The word as (16, 64) uint8."""
    return np.asarray(draw(text))


def members(path: Path = LETTERS) -> dict[str, bytes]:
    """The files of a zipped bundle."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rehashed(files: dict[str, bytes]) -> dict[str, bytes]:
    """The same files with a `bundle.json` that lists them as they are: altered by somebody who knows how."""
    about = json.loads(files["bundle.json"])
    listed = {name: content for name, content in files.items() if name != "bundle.json"}
    about["files"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)} for name, content in listed.items()
    }
    return listed | {"bundle.json": json.dumps(about).encode()}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    """A .zip of these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
