"""Small valid inputs of every kind, for `fuzz.py` to damage."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from gluon_htr.bundles.catalog import SHIPPED
from gluon_htr.networks.presets import preset_text

PROJECT = Path(__file__).resolve().parent.parent
TEXTS = ("17", "2026", "300")


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
