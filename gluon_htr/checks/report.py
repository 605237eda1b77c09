"""A report of a diagnosis: one HTML page, a contact sheet, and histograms as PNG."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path

import numpy as np
from PIL import Image

from .._storage import only_writer, write_atomically
from ..errors import MissingToolError
from .diagnosis import Diagnosis
from .findings import MAX_EXAMPLES, Finding
from .looking import Look, Looked
from .statistics import Statistics

PAGE, SHEET, HISTOGRAMS = "index.html", "contact.png", "histograms.png"
COLUMNS, ROWS, TILE, GAP = 4, 15, (300, 48), 6  # of the contact sheet; pixels of an image, and between them
BINS = 40
MAX_CHARACTERS = 80  # bars
STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
h2{margin:2rem 0 .3rem}code{background:#f2f2f2;padding:.1rem .3rem}img{max-width:100%;border:1px solid #ddd}
figure{margin:.8rem 0}figcaption{font-size:.85rem;overflow-wrap:anywhere}
.stops{color:#b00}.harms{color:#b50}.note{color:#555}"""


def write_report(folder: Path, seen: Looked, found: Diagnosis) -> None:
    """Write the report. Raises `MissingToolError` without matplotlib, `StorageError` if it cannot be written."""
    with only_writer(folder):
        write_atomically(folder / HISTOGRAMS, _histograms(seen, found.statistics))
        write_atomically(folder / SHEET, contact_sheet(seen.looks))
        write_atomically(folder / PAGE, page(seen, found).encode("utf-8", "backslashreplace"))


def contact_sheet(looks: list[Look]) -> bytes:
    """Draw images from all over the data, in their order: the bytes of a PNG."""
    shown = [look for look in looks if look.thumbnail]
    chosen = np.unique(np.linspace(0, len(shown) - 1, min(len(shown), COLUMNS * ROWS)).astype(int)).tolist()
    rows = max(1, -(-len(chosen) // COLUMNS))
    width, height = (TILE[0] + GAP) * COLUMNS, (TILE[1] + GAP) * rows
    sheet = Image.new("L", (width, height), 210)
    for place, number in enumerate(chosen):
        row, column = divmod(place, COLUMNS)
        with Image.open(io.BytesIO(shown[number].thumbnail)) as picture:
            picture.thumbnail(TILE)
            sheet.paste(picture, (column * (TILE[0] + GAP), row * (TILE[1] + GAP)))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _histograms(seen: Looked, about: Statistics | None) -> bytes:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingToolError(
            "--report draws with matplotlib, which is not installed: pip install 'gluon-htr[train]'"
        ) from None
    shown = [look.appearance for look in seen.looks if look.appearance]
    panels = {
        "characters of a text": [len(look.text) for look in seen.looks],
        "width of an image, pixels": [one.width for one in shown],
        "height of an image, pixels": [one.height for one in shown],
        "height of the ink, pixels": [one.ink_height for one in shown],
        "contrast, gray levels": [one.contrast for one in shown],
    }
    figure = Figure(figsize=(12, 7), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    for axis, (name, values) in zip(axes, panels.items()):
        axis.hist(values, bins=BINS)
        axis.set(xlabel=name, ylabel="samples")
    counts = list((about.characters if about else {}).values())[:MAX_CHARACTERS]
    axes[5].bar(range(len(counts)), counts, width=1.0)
    axes[5].set(xlabel="character, by frequency", ylabel="occurrences", yscale="log" if counts else "linear")
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()


def page(seen: Looked, found: Diagnosis) -> str:
    """Return the page: every finding with its examples, and the pictures."""
    title = html.escape(" ".join(found.of[:3]) + " …" * (len(found.of) > 3))
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>",
        f"<h1>{title}</h1>{_head(found)}",
        *(_section(finding, seen) for finding in found.findings),
        f'<h2>Images</h2><img src="{SHEET}" alt="Images from all over the data">',
        f'<h2>Sizes</h2><img src="{HISTOGRAMS}" alt="Histograms of lengths, sizes, contrast and characters">',
    ]
    return "\n".join([*parts, "</html>", ""])


def _head(found: Diagnosis) -> str:
    about = found.statistics
    if about is None:
        return ""
    characters = "".join(about.characters)
    rows = [f"{about.samples} samples, {about.left_out} left out, {about.groups} groups"]
    rows += [f"{len(characters)} characters: {characters}"] * bool(characters)
    rows += [f"checked for {found.checked_for}"] * bool(found.checked_for)
    return "".join(f"<p>{html.escape(row)}</p>" for row in rows)


def _section(finding: Finding, seen: Looked) -> str:
    mark = finding.severity.split()[0]
    head = f"<h2>{finding.name} <small class={mark}>{finding.severity}, {finding.count}</small></h2>"
    body = f"<p>{html.escape(finding.why)}</p><p>Fix: <code>{html.escape(finding.fix)}</code></p>"
    if len(finding.numbers) < len(finding.examples):  # not of samples, or of some that could not be read
        return head + body + "".join(f"<p>{html.escape(example)}</p>" for example in finding.examples)
    pairs = zip(finding.numbers[:MAX_EXAMPLES], finding.examples)
    return head + body + "".join(_figure(seen.looks[number], example) for number, example in pairs)


def _figure(look: Look, example: str) -> str:
    caption = f"<figcaption>{html.escape(example)}</figcaption>"
    if not look.thumbnail:
        return f"<figure>{caption}</figure>"
    data = base64.b64encode(look.thumbnail).decode()
    return f'<figure><img src="data:image/jpeg;base64,{data}" alt="">{caption}</figure>'
