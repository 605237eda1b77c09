"""Loading of a trained network that finds lines, and of a reader of pages."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from .._json import convert
from .._text_files import read_text
from ..bundles.catalog import find_bundle
from ..bundles.notice import note_license
from ..bundles.reader import Bundle, read_bundle
from ..bundles.run_folder import RUN, has_weights, is_run, task_of
from ..decoding.decoder import Decoder
from ..decoding.greedy import GREEDY
from ..errors import BundleError, CheckpointError
from ..graphs.pair import read_pair
from ..networks.layout_configuration import LayoutPreset
from ..pages.detection.classes import CLASSES, Classes
from .backends import onnx_network, pair_network
from .detector import Detector
from .loading import find_model, load_text_model
from .origin import Origin
from .page_reader import PageReader

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT = "pages"  # the built-in model that finds lines


def load_reader(
    model: str | Path | None = None,
    layout: str | Path | None = None,
    threads: int | None = None,
    providers: Sequence[str] = ("cpu",),
    precision: str = "float32",
    decoder: Decoder = GREEDY,
) -> PageReader:
    """Load a reader of whole pages.

    Args:
        model: A model that reads lines, as for `load`; None for the default.
        layout: A model that finds lines: the name or path of a bundle, the path of a run; None for the default.
        threads: Threads of the engine; None for one per core.
        providers: Execution providers in order of preference, as for `load`.
        precision: `float32`, or `int8` if the model that reads has it.
        decoder: Decoder of logits to text; greedy by default.

    Returns:
        A reader, which threads may share.

    Raises:
        ModelError: There is no such model.
        BundleError: A bundle is damaged, or is of another task.

    Example:
        >>> import gluon_htr
        >>> gluon_htr.load_reader().detector.name
        'pages'
    """
    detector = load_detector(layout, threads, providers)
    return PageReader(detector, load_text_model(model, "onnx", threads, providers, precision, decoder))


def load_detector(
    layout: str | Path | None = None, threads: int | None = None, providers: Sequence[str] = ("cpu",)
) -> Detector:
    """Load a model that finds lines. Raises as `load_reader` does."""
    if layout is None and find_bundle(DEFAULT) is None:
        raise BundleError("no model that finds lines ships with this version: give --layout a bundle or a run")
    path = find_model(DEFAULT if layout is None else layout, "layout")
    if is_run(path):
        return _from_run(path, threads, providers)
    return detector_of(read_bundle(path), threads, providers)


def detector_of(bundle: Bundle, threads: int | None = None, providers: Sequence[str] = ("cpu",)) -> Detector:
    """Build the detector of an open bundle. Raises `BundleError` if it is of another task."""
    about = bundle.layout
    note_license(bundle.description)
    classes = _classes(bundle, tuple(about.channels))
    network = onnx_network(bundle.model, threads, providers)
    origin = _origin(bundle.path, threads, providers)
    return Detector(network, classes, about.max_side, about.multiple, bundle.name, origin)


@lru_cache(maxsize=2)
def _loaded_again(path: str, threads: int | None, providers: tuple[str, ...]) -> Detector:
    return load_detector(Path(path), threads, providers)


def _origin(path: Path, threads: int | None, providers: Sequence[str]) -> Origin:
    providers = (providers,) if isinstance(providers, str) else tuple(providers)
    return Origin(_loaded_again, (str(path.resolve()), threads, providers))


def is_layout_run(path: Path) -> bool:
    """Test whether a folder is the run of a network that finds lines."""
    return task_of(path) == "layout"


def _classes(bundle: Bundle, channels: tuple[str, ...]) -> Classes:
    for name, known in CLASSES.items():
        if known == channels:
            return name
    raise BundleError(f"{bundle.path} has channels that this version does not know: {', '.join(channels)}")


def _from_run(run: Path, threads: int | None, providers: Sequence[str]) -> Detector:
    if not is_layout_run(run):
        raise CheckpointError(f"{run} reads text: here a model that finds lines is needed")
    if not has_weights(run):
        raise CheckpointError(f"{run} has no weights yet: they are written after the first validation")
    try:
        preset = convert(tomllib.loads(read_text(run / RUN))["preset"], LayoutPreset)
    except (OSError, KeyError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CheckpointError(f"{run / RUN} is damaged: {error}") from None
    network = pair_network(read_pair(run), "onnx", threads, providers)
    origin = _origin(run, threads, providers)
    return Detector(network, preset.classes, preset.max_side, preset.network.multiple, run.name, origin)
