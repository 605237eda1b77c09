"""Curves of all runs in one picture: validation error and training loss over the steps."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import MissingToolError

MAX_LABEL = 60  # characters of a name
STYLES = ("-", "--", ":", "-.")  # after ten runs, the colors repeat


def draw_curves(journals: Mapping[str, Sequence[dict[str, Any]]]) -> bytes:
    """Draw the logs of the runs as a PNG. Raises `MissingToolError` without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingToolError("curves are drawn with matplotlib: pip install matplotlib") from None
    figure = Figure(figsize=(10, 8), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    is_logged = False
    for place, (name, journal) in enumerate(journals.items()):
        look = {"color": f"C{place % 10}", "linestyle": STYLES[place // 10 % len(STYLES)]}
        label = name[:MAX_LABEL].replace("$", r"\$")
        errors = [
            (entry["step"], 100 * entry.get("cer", entry.get("error_rate", float("nan"))))
            for entry in journal
            if entry["event"] == "validation"
        ]
        losses = [
            (entry["step"], entry["loss"]) for entry in journal if entry["event"] == "train" and entry["loss"] > 0
        ]
        is_logged = is_logged or bool(losses)
        above.plot(*_columns(errors), marker=".", label=label, **look)
        below.plot(*_columns(losses), linewidth=0.8, label=label, **look)
    above.set(ylabel="validation error, %", ylim=(0, None))
    below.set(ylabel="training loss a sample", xlabel="step")
    if is_logged:  # a short training logs no loss
        below.set(yscale="log")
    for axes in (above, below):
        axes.grid(alpha=0.3)
    above.legend(fontsize="small")
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # the picture shows a box
        FigureCanvasAgg(figure).print_figure(buffer, format="png", dpi=110)
    return buffer.getvalue()


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]
