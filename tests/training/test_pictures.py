"""The pictures that a run leaves of what its network reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

DRAW = """
import sys, numpy as np
from pathlib import Path
from gluon_htr.datasets.store import Store
from gluon_htr.training.pictures import draw_samples
texts = ["全公司 $", "x" * 100_000, "वापस"]
images = [np.full((40, 700), 200, np.uint8)] * 3
draw_samples(Path(sys.argv[1]), Store.collect([("", text, "", image) for text, image in zip(texts, images)], []), texts)
"""


def test_texts_of_any_script_and_length_are_drawn_without_a_word(tmp_path: Path) -> None:
    """A training on Chinese would end in a hundred warnings, and one long label spoil the picture."""
    done = subprocess.run([sys.executable, "-c", DRAW, tmp_path / "samples.png"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    picture = np.asarray(Image.open(tmp_path / "samples.png").convert("L"))
    assert picture.shape[1] < 2000
    assert picture.std() > 5
