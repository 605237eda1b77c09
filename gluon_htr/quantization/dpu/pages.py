"""Networks that find lines on a DPU: pages of one size, the whole network in int8, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from ..._files import MAX_WEIGHTS, read_bounded
from ..._storage import write_atomically
from ...bundles.catalog import find_bundle
from ...bundles.reader import Bundle
from ...datasets.layout.reader import LayoutReader
from ...datasets.loading import Track, untracked
from ...errors import ModelError
from ...images.polarity import dark_on_light
from ...images.preprocessing import to_network_input
from ...pages.detection.detector import find, probabilities
from ...pages.scaling import scaled
from ...pages.scoring import Matches, Place, match
from ...runtime.loading_pages import detector_of
from .graphs import StaticGraph, fixed, parse, read_model
from .recipes import (
    FEATURIZER,
    INTEGER,
    Recipe,
    Scales,
    prepared_network,
    quantized_by,
    quantized_width,
    write_quantized,
)
from .running import session
from .sources import page_size


@dataclass(frozen=True)
class LayoutComparison:
    """Matched lines of the float and of the quantized network on the same pages."""

    before: Matches
    after: Matches


def open_layout(model: str, width: int | None = None) -> tuple[Bundle, StaticGraph]:
    """Open a bundle that finds lines, with its network for one upright page.

    Raises `ModelError` if it is no bundle, `BundleError` if it is of another task.
    """
    graph, bundle = read_model(find_bundle(model) or Path(model))
    if bundle is None:
        raise ModelError(f"{model} does not say what its classes are: give the bundle that it comes from")
    return bundle, fixed(graph, {"batch": 1} | page_size(bundle.layout, width), model)


def quantize_layout(
    model: str,
    recipe: Recipe,
    specs: Sequence[str],
    max_images: int,
    output: Path,
    width: int | None = None,
    track: Track = untracked,
) -> Scales:
    """Write the network for one size of pages, in float32 and in int8, and its scales into a folder."""
    _, network = open_layout(model, width)
    network = prepared_network(recipe, network)
    pages = [page for page, _ in _pages(specs, network, track, max_images)]
    quantized = quantized_by(recipe, network, np.stack(pages))
    write_atomically(output / FEATURIZER, network.model.SerializeToString())
    return write_quantized(quantized, recipe, len(pages), output)


def compare_layout(
    model: str, folder: Path, specs: Sequence[str], width: int | None = None, track: Track = untracked
) -> LayoutComparison:
    """Find the lines of the same pages with both networks of a folder.

    Raises `UsageError` if it was quantized for pages of another width.
    """
    graphs = []
    for name in (FEATURIZER, INTEGER):
        if not (folder / name).is_file():
            raise ModelError(f"{folder} has no {name}: give the output folder of gluon-htr dpu quantize")
        graphs.append(parse(read_bounded(folder / name, MAX_WEIGHTS), str(folder / name)))
    bundle, network = open_layout(model, quantized_width(graphs[0], folder, width))
    totals = [Matches(), Matches()]
    finders = [_finder(graph, bundle) for graph in graphs]
    for page, truth in _pages(specs, network, track):
        for place, finder in enumerate(finders):
            totals[place] += match(truth, finder(page))
    return LayoutComparison(totals[0], totals[1])


def _finder(graph: onnx.ModelProto, bundle: Bundle) -> Callable[[np.ndarray], list[Place]]:
    """Return a function that finds the lines of a scaled page."""
    run, source = session(graph), graph.graph.input[0].name
    classes = detector_of(bundle, 1).classes

    def find_in(page: np.ndarray) -> list[Place]:
        logits = run.run(None, {source: to_network_input(page[None])})[0][0]
        scale = np.array(page.shape[::-1]) / np.array(logits.shape[:0:-1])
        return [(line.polygon, line.baseline) for line in find(probabilities(logits), classes, scale)]

    return find_in


def _pages(
    specs: Sequence[str], network: StaticGraph, track: Track, max_images: int | None = None
) -> list[tuple[np.ndarray, list[Place]]]:
    """Load pages on the network's canvas with their lines in its pixels, evenly out of all."""
    _, _, height, width = network.shapes[network.model.graph.input[0].name]
    samples = [sample for spec in specs for sample in LayoutReader(spec)]
    if max_images and len(samples) > max_images:
        samples = [samples[k] for k in np.linspace(0, len(samples) - 1, max_images).astype(int).tolist()]
    found = []
    with track(" ".join(specs), len(samples)) as advance:
        for sample in samples:
            page = dark_on_light(sample.image())
            side = min(height / page.shape[0], width / page.shape[1]) * max(page.shape)
            small, zoom = scaled(page, int(side))
            below, right = height - small.shape[0], width - small.shape[1]
            canvas = np.pad(small, ((0, below), (0, right)), mode="edge")
            found.append((canvas, [(polygon * zoom, baseline * zoom) for polygon, baseline in sample.places]))
            advance(1)
    return found
