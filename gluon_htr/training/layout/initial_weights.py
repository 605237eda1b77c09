"""Initial weights of a network that finds lines: those of a bundle, a run, or an exported pair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...bundles.catalog import find_bundle
from ...bundles.reader import read_bundle
from ...bundles.run_folder import is_run
from ...bundles.schema import Layout
from ...errors import ParametersError, UsageError
from ...graphs.pair import SYMBOL, Pair, read_pair
from ...networks.layout_configuration import LayoutPreset
from ..lineage import NOTHING, Lineage
from .runs import load_layout_run


@dataclass(frozen=True)
class LayoutStart:
    """An exported pair, and the lineage of its weights."""

    pair: Pair
    lineage: Lineage


def load_layout_initial(model: str, preset: LayoutPreset) -> LayoutStart:
    """Load the weights that a training starts from.

    Raises `UsageError` if there is no such model, or if it has other classes than the preset, and what reading it
    raises.
    """
    path = find_bundle(model) or Path(model)
    if is_run(path):
        run = load_layout_run(path)
        start = LayoutStart(read_pair(path), run.lineage())
    elif (path / SYMBOL).is_file():
        start = LayoutStart(read_pair(path), NOTHING)
    else:
        bundle = read_bundle(path)
        about = bundle.description
        if not isinstance(about.model, Layout):
            raise UsageError(f"{model} reads {about.task}: give a model that finds the lines of pages")
        start = LayoutStart(bundle.pair, Lineage(tuple(about.training_data), tuple(about.stints)))
    _check_classes(start.pair, preset, model)
    return start


def _check_classes(pair: Pair, preset: LayoutPreset, model: str) -> None:
    head = pair.parameters.get("arg:head_weight")
    if head is None:
        raise ParametersError(f"{model} has no layer head: it is not a network that finds lines")
    if len(head) != len(preset.class_names):
        raise UsageError(f"{model} has {len(head)} classes, the preset {len(preset.class_names)}: use its own preset")
