"""Networks that contract tests run over: every preset at a small size, and small ones for what no preset uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from gluon_htr.networks.configuration import Lstm, Preset
from gluon_htr.networks.presets import load_preset, parse_preset, preset_names

CLASSES = 20
_VARIANTS = {
    "residual, two columns": """
        columns = 2
        featurizer = [
            { channels = 8, kernel = [5, 5], stride = [2, 2], norm = "none" },
            { channels = 8, residual = true, pool = [2, 1] },
            { channels = 8, residual = true, norm = "after", pool = [3, 1] },
        ]
        encoder = { kind = "lstm", hidden = 12, layers = 2 }
    """,
    "gated convolutions": """
        featurizer = [{ channels = 8, pool = [2, 2] }, { channels = 12, pool = [4, 2] }]
        encoder = { kind = "convolutions", channels = 16, layers = 2, dropout = 0.1 }
    """,
}
_SAME = {"line-conv"}  # line-lstm without its encoder: `words-conv` has none, either
NETWORKS = [*(name for name in preset_names() if name not in _SAME), *_VARIANTS]
_WIDEST = 256  # channels


def network(name: str) -> Preset:
    """A preset or a variant by its name in NETWORKS."""
    if name not in _VARIANTS:
        return _thinned(load_preset(name))
    text = f'description = "x"\n[preprocessing]\nrule = "box"\nheight = 24\nwidth = 64\n[network]\n{_VARIANTS[name]}'
    return parse_preset(text, where=name)


def _thinned(preset: Preset) -> Preset:
    """The same stages and layers with a quarter of the channels, where tests would take minutes otherwise."""
    network = preset.network
    stages, encoder = network.featurizer, network.encoder
    if isinstance(stages, str) or not isinstance(encoder, Lstm):
        return preset
    if max(stage.channels for stage in stages) <= _WIDEST and all(stage.pad_height for stage in stages):
        return preset
    stages = [replace(stage, channels=stage.channels // 4) for stage in stages]
    encoder = replace(encoder, hidden=encoder.hidden // 4)
    return replace(preset, network=replace(network, featurizer=stages, encoder=encoder))


def images(preset: Preset, count: int, seed: int = 0) -> np.ndarray:
    """(count, H, W) uint8: dark strokes on noisy paper at the preset's height, not wider than 64 pixels."""
    generator = np.random.default_rng(seed)
    height, width = preset.nominal_size[0], min(preset.nominal_size[1], 64)
    pages = generator.integers(225, 256, (count, height, width), np.uint8)
    for page in pages:
        for _ in range(width // 4):
            along = np.linspace(0, 1, 24)[:, None]
            ends = generator.random((2, 2)) * (6, 10) + generator.random(2) * (height - 8, width - 12)
            rows, columns = (ends[0] + along * (ends[1] - ends[0])).astype(int).T
            page[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)] = generator.integers(0, 120)
    return pages


def without_dropout(folder: Path) -> Path:
    """Sets the dropout of an exported pair to nothing, in place."""
    symbol = json.loads((folder / "symbol.json").read_text())
    for node in symbol["nodes"]:
        if node["op"] == "Dropout":
            node["attrs"]["p"] = "0.0"
    (folder / "symbol.json").write_text(json.dumps(symbol))
    return folder


def export_with_norms(name: str, folder: Path) -> Any:
    """Export a network whose batch norms have statistics and scales that matter; return its block."""
    import mxnet as mx

    from gluon_htr.networks.recognizer import build, export_pair

    recognizer = build(network(name), CLASSES, seed=2)
    generator = np.random.default_rng(4)
    for key, parameter in recognizer.collect_params().items():
        if "norm" in key:
            parameter.set_data(mx.nd.array(generator.uniform(0.3, 1.7, parameter.shape)))
    export_pair(recognizer, folder)
    return recognizer
