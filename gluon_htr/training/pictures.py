"""Pictures of a training: curves of loss and error, and validation images with truth and prediction."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from .._storage import atomic_file
from ..datasets.store import Store

logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it warns about fonts of another weight
#: Fonts with letters that the font of matplotlib lacks; the installed ones are tried in order.
WORLD_FONTS = ("WenQuanYi Zen Hei", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans Devanagari", "Unifont")
#: Figures of a validation that are drawn, as far as the task has them.
FIGURES = {
    "cer": "CER",
    "wer": "WER",
    "error_rate": "error rate",
    "case_insensitive_error_rate": "error rate without case",
}
MAX_TITLE = 120  # characters of a text


def draw_curves(path: Path, journal: Sequence[dict[str, Any]]) -> None:
    """Draw training loss, learning rate and validation errors over the steps."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    train = [entry for entry in journal if entry["event"] == "train"]
    steps = [entry["step"] for entry in train]
    above.plot(steps, [entry["loss"] for entry in train], linewidth=0.8, color="tab:blue")
    above.set(yscale="log", ylabel="loss a sample")
    rates = above.twinx()
    rates.plot(steps, [entry["rate"] for entry in train], linewidth=0.8, color="tab:gray", linestyle="--")
    rates.set_ylabel("learning rate (dashed)")
    validation = [entry for entry in journal if entry["event"] == "validation"]
    steps = [entry["step"] for entry in validation]
    for key, name in FIGURES.items():
        if all(key in entry for entry in validation):
            below.plot(steps, [100 * entry[key] for entry in validation], marker=".", label=f"validation {name}")
    below.set(xlabel="step", ylabel="%", ylim=(0, 100))
    below.grid(alpha=0.3)
    below.legend()
    _save(path, figure)


def draw_samples(path: Path, store: Store, texts: Sequence[str], rows: int = 12, columns: int = 4) -> None:
    """Draw a grid of validation images, evenly out of the store, with truth | prediction above each."""
    chosen = np.unique(np.linspace(0, len(store) - 1, rows * columns).astype(int))
    if store.shapes[:, 1].max() > 600:  # whole lines need the width
        columns = 1
        chosen = chosen[:rows]
    figure = Figure(figsize=(12, 0.9 * -(-len(chosen) // columns)), layout="constrained")
    axes = np.atleast_1d(figure.subplots(-(-len(chosen) // columns), columns)).ravel()
    for place in axes:
        place.axis("off")
    for place, k in zip(axes, chosen):
        place.imshow(store.image(k), cmap="gray", vmin=0, vmax=255)
        color = "tab:green" if store.texts[k] == texts[k] else "tab:red"
        title = f"{store.texts[k][:MAX_TITLE]} | {texts[k][:MAX_TITLE]}".replace("$", r"\$")
        place.set_title(title, fontsize=7, fontfamily=_fonts(), color=color, loc="left", pad=2)
    _save(path, figure)


def _fonts() -> list[str]:
    installed = fontManager.get_font_names()
    return ["DejaVu Sans", *(name for name in WORLD_FONTS if name in installed)]


def _save(path: Path, figure: Figure) -> None:
    with atomic_file(path) as file, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # the picture shows a box
        warnings.filterwarnings("ignore", "Matplotlib currently does not support")  # before version 3.11
        figure.savefig(file, format="png", dpi=110)
