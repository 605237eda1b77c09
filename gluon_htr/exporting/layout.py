"""Export of a network that finds lines: convert, check, describe, write."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from .._files import MAX_TEXT, read_bounded
from .._json import decode_json
from ..bundles.reader import Bundle
from ..bundles.run_folder import SCORES, has_weights
from ..bundles.schema import (
    GOLDEN,
    DataSource,
    DetectionCard,
    Golden,
    Layout,
)
from ..bundles.writer import check_target, write_bundle
from ..datasets.layout.reader import LayoutReader
from ..datasets.provenance import known_terms, public_name
from ..errors import CheckpointError, GraphError
from ..graphs.pair import read_pair
from ..runtime.backends import onnx_network
from ..runtime.loading_pages import detector_of
from ..runtime.page_scores import score_layout
from ..runtime.verification import read_golden_page
from ..training.layout.runs import LayoutRun, load_layout_run
from ..training.layout.session import detection_card
from ..training.lineage import Lineage
from .assembly import Converted, Say, assemble, convert, mxnet_reference
from .golden import draw_line
from .parity import RELATIVE, strokes
from .request import ExportOptions

PAGES = ((1, 3), (2, 5), (3, 2), (4, 6), (5, 4))  # seed and number of lines of each golden page
TEXTS = ("the letters of a long journey", "Read it aloud, he said.", "a house by the sea, in 1914")


def export_layout(
    folder: Path,
    options: ExportOptions,
    output: Path,
    trained_on: Sequence[str] = (),
    terms: str | None = None,
    say: Say = lambda message: None,
) -> Bundle:
    """Convert, check and write the bundle of a run. Raises before anything is written."""
    check_target(output)
    run = load_layout_run(folder)
    if not has_weights(folder):
        raise CheckpointError(f"{folder} has no weights yet: they are written after the first validation")
    converted = convert(read_pair(folder), options)
    _check(converted, run.preset.network.multiple, say)
    bundle = _described(run, options, output, converted, _lineage(run, trained_on, terms))
    if options.score_on:
        bundle = _scored(bundle, options.score_on)
    write_bundle(output, bundle.description, bundle.files)
    return bundle


def _lineage(run: LayoutRun, trained_on: Sequence[str], terms: str | None) -> Lineage:
    names = list(trained_on) or [public_name(spec) for spec in run.request.data]
    sources = tuple(DataSource(name, terms or known_terms(name)) for name in dict.fromkeys(names))
    return run.start.joined(Lineage(sources, (run.training_stage(),)))


def _check(converted: Converted, multiple: int, say: Say) -> None:
    """Compare the exported network with MXNet in 64 bits on pages of several sizes; raise `GraphError` beyond the
    bound.
    """
    reference = mxnet_reference(converted.pair, say)
    if reference is None:
        return
    exported, largest = onnx_network(converted.stored), 0.0
    random = np.random.default_rng(0)
    for rows, columns in ((2, 3), (5, 4), (8, 11)):
        unit = max(multiple, 32)
        images = strokes(random, 1, rows * unit, columns * unit)
        theirs, ours = reference(images), exported(images)
        difference = float(np.abs(theirs - ours).max()) if theirs.shape == ours.shape else np.inf
        if not difference <= RELATIVE * max(1.0, float(np.abs(theirs).max())):
            raise GraphError(f"nothing was written: MXNet and ONNX Runtime disagree by {difference:.2g}: please report")
        largest = max(largest, difference)
    say(f"as MXNet on pages of three sizes: logits within {largest:.1e}")


def _described(run: LayoutRun, options: ExportOptions, path: Path, converted: Converted, lineage: Lineage) -> Bundle:
    preset = run.preset
    model = Layout(
        channels=list(preset.class_names),
        max_side=preset.max_side,
        multiple=preset.network.multiple,
        score_cards=_cards(run),
    )
    bundle = assemble(model, preset, lineage, options, path, converted)
    return replace(bundle, files=bundle.files | _golden(bundle))


def _scored(bundle: Bundle, specs: Sequence[str]) -> Bundle:
    """Replace the score cards of a bundle by those of what it finds on the pages of specs."""
    detector, cards = detector_of(bundle), []
    for spec in specs:
        matches = [score_layout(detector, sample) for sample in LayoutReader(spec)]
        cards.append(detection_card(public_name(spec), matches))
    model = msgspec.structs.replace(bundle.layout, score_cards=cards)
    return replace(bundle, description=msgspec.structs.replace(bundle.description, model=model))


def _cards(run: LayoutRun) -> list[DetectionCard]:
    path = run.path / SCORES
    if not path.is_file():
        return []
    return [decode_json(read_bounded(path, MAX_TEXT), DetectionCard, f"{path} is damaged", CheckpointError)]


def _golden(bundle: Bundle) -> dict[str, bytes]:
    detector = detector_of(bundle)
    images = {f"golden/{seed}.png": _page(seed, lines) for seed, lines in PAGES}
    read = {name: read_golden_page(detector, png) for name, png in images.items()}
    expected = [Golden(name, text, round(confidence, 4)) for name, (text, confidence) in read.items()]
    return images | {GOLDEN: msgspec.json.format(msgspec.json.encode(expected), indent=1) + b"\n"}


def _page(seed: int, lines: int) -> bytes:
    """Draw a small page with lines of a font."""
    page = np.full((420, 600), 245, np.uint8)
    random = np.random.default_rng(seed)
    for number in range(lines):
        line = np.asarray(draw_line(TEXTS[(seed + number) % len(TEXTS)], 26, float(random.uniform(-0.1, 0.2))))
        top, left = 20 + 62 * number, int(random.integers(10, 80))
        line = line[: 420 - top, : 600 - left]
        page[top : top + line.shape[0], left : left + line.shape[1]] = line
    buffer = io.BytesIO()
    Image.fromarray(page).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
