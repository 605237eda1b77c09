"""Files of a bundle in the current schema, from any schema."""

from __future__ import annotations

from pathlib import Path

from ..graphs.onnx.initializers import initializers
from ..graphs.onnx.restoring import remainder
from ..graphs.pair import PARAMETERS
from ..graphs.params import pack_parameters
from ..graphs.symbol import parse_graph
from .reader import Bundle
from .schema import DOCUMENT, REMAINDER
from .writer import write_bundle


def current_files(bundle: Bundle) -> dict[str, bytes]:
    """Return name → content of all files for `write_bundle`; weights are stored once.

    Raises `GraphError` or `ParametersError` if the pair is damaged.
    """
    files = {name: content for name, content in bundle.files.items() if name not in (DOCUMENT, PARAMETERS)}
    if REMAINDER not in files:
        pair = bundle.pair
        kept = remainder(parse_graph(pair.symbol), pair.parameters, initializers(bundle.model))
        files[REMAINDER] = pack_parameters(kept)
    return files


def write_current(bundle: Bundle, path: Path) -> None:
    """Write a bundle again, in the current schema. Raises `UsageError` and `StorageError` as `write_bundle` does."""
    write_bundle(path, bundle.description, current_files(bundle))
