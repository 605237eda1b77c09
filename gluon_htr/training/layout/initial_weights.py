"""Initial weights of a network that finds lines: those of a bundle, a run, or an exported pair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from ...bundles.catalog import find_bundle
from ...bundles.reader import read_bundle, read_description
from ...bundles.run_folder import is_run
from ...bundles.schema import DOCUMENT, Layout
from ...errors import ParametersError, UsageError
from ...graphs.pair import SYMBOL, Pair, read_pair
from ...networks.layout_configuration import Fcn, LayoutPreset, UNet
from ...networks.presets import layout_preset_names, load_layout_preset
from ...runtime.loading_pages import is_layout_run
from ..initial_weights import default_preset
from ..lineage import NOTHING, Lineage
from .runs import load_layout_run


@dataclass(frozen=True)
class LayoutStart:
    """An exported pair, the lineage of its weights, and its network, as far as it is known."""

    pair: Pair
    lineage: Lineage
    network: UNet | Fcn | None = None


def load_layout_initial(model: str, preset: LayoutPreset) -> LayoutStart:
    """Load the weights that a training starts from.

    Raises `UsageError` if there is no such model, or if it has other classes than the preset, and what reading it
    raises.
    """
    path = find_bundle(model) or Path(model)
    if is_run(path):
        run = load_layout_run(path)
        start = LayoutStart(read_pair(path), run.lineage(), run.preset.network)
    elif (path / SYMBOL).is_file():
        start = LayoutStart(read_pair(path), NOTHING)
    else:
        bundle = read_bundle(path)
        about = bundle.description
        if not isinstance(about.model, Layout):
            raise UsageError(f"{model} reads {about.task}: give a model that finds the lines of pages")
        network = _network(about.network)
        start = LayoutStart(bundle.trainable_pair, Lineage(tuple(about.training_data), tuple(about.stints)), network)
    _check_classes(start.pair, preset, model)
    if start.network not in (None, preset.network):
        raise UsageError(f"{model} has another network than the preset: use its own preset")
    return start


def default_preset_of(init: str | None) -> str:
    """Return the preset of the model that a training starts from, whatever its task is; `words` without a model."""
    return (init and default_layout_preset(init)) or default_preset(init)


def default_layout_preset(model: str) -> str | None:
    """Return the shipped preset of a model that finds lines, `layout` if none has its network; None for others."""
    path = find_bundle(model) or Path(model)
    network: UNet | Fcn | None
    if is_run(path):
        if not is_layout_run(path):
            return None
        network = load_layout_run(path).preset.network
    elif path.is_file() or (path / DOCUMENT).is_file():
        about = read_description(path)
        if not isinstance(about.model, Layout):
            return None
        network = _network(about.network)
    else:
        return None
    return next((name for name in layout_preset_names() if load_layout_preset(name).network == network), "layout")


def _network(table: dict[str, object] | None) -> UNet | Fcn | None:
    return None if table is None else msgspec.convert(table, UNet | Fcn)


def _check_classes(pair: Pair, preset: LayoutPreset, model: str) -> None:
    head = pair.parameters.get("arg:head_weight")
    if head is None:
        raise ParametersError(f"{model} has no layer head: it is not a network that finds lines")
    if len(head) != len(preset.class_names):
        raise UsageError(f"{model} has {len(head)} classes, the preset {len(preset.class_names)}: use its own preset")
