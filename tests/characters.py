"""Images of single characters as a test needs them, and files of EMNIST."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mnist import write_idx
from PIL import Image, ImageDraw, ImageFont

#: A bundle that reads `CLASSES`, in 17 kB, and knows what is not a character: trained by `gluon_htr.train --config
#: tiny-gan.toml` on 18 images of each as `draw` draws them and 60 drawn in a few straight strokes, the same unlabeled.
CHARACTERS = Path(__file__).parent / "assets" / "characters.zip"
CLASSES = "LOTVX7"


def draw(character: str, side: int = 40, ink: int = 20, paper: int = 240, shift: int = 0) -> np.ndarray:
    """A character in Pillow's own font, (side, side) uint8."""
    image = Image.new("L", (side, side), paper)
    font = ImageFont.load_default(side * 0.7)
    ImageDraw.Draw(image).text((side / 2 + shift, side / 2), character, fill=ink, font=font, anchor="mm")
    return np.asarray(image)


def save(path: Path, character: str, **how: int) -> Path:
    """Write an image of a character, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw(character, **how)).save(path)
    return path


def write_emnist(root: Path, texts: str, split: str = "train", variant: str = "byclass") -> Path:
    """Files of EMNIST: the image of each character is transposed and white on black; `Z` has no class."""
    classes = sorted(set(texts) - {"Z"})
    images = np.stack([255 - draw(text, 28, 0, 255).T for text in texts])
    labels = np.array([classes.index(text) if text in classes else 99 for text in texts])
    write_idx(root / f"emnist-{variant}-{split}-images-idx3-ubyte", images)
    write_idx(root / f"emnist-{variant}-{split}-labels-idx1-ubyte", labels)
    mapping = "".join(f"{k} {ord(text)}\n" for k, text in enumerate(classes))
    (root / f"emnist-{variant}-mapping.txt").write_text(mapping)
    return root
