"""An exported pair: the files `symbol.json` and `model.params` that `HybridBlock.export` of MXNet Gluon writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .._storage import write_atomically
from .._text_files import read_text
from ..errors import GraphError
from .params import load_parameters, pack_parameters

SYMBOL, PARAMETERS = "symbol.json", "model.params"


@dataclass(frozen=True)
class Pair:
    """A network: the text of `symbol.json`, and the arrays of `model.params` by their names (`arg:…`, `aux:…`)."""

    symbol: str
    parameters: Mapping[str, np.ndarray]


def read_pair(folder: Path) -> Pair:
    """Read the pair in `folder`. Raises `GraphError` or `ParametersError` if one of its files cannot be read."""
    return read_files(folder / SYMBOL, folder / PARAMETERS)


def read_files(symbol: Path, parameters: Path) -> Pair:
    """Read a pair from two files of any name. Raises as `read_pair` does."""
    try:
        text = read_text(symbol)
    except OSError as error:
        raise GraphError(f"{symbol} cannot be read: {error}") from None
    return Pair(text, load_parameters(parameters))


def write_pair(folder: Path, pair: Pair) -> None:
    """Write both files into `folder`, each complete or not at all. Raises `StorageError`."""
    write_atomically(folder / SYMBOL, pair.symbol.encode())
    write_atomically(folder / PARAMETERS, pack_parameters(pair.parameters))
