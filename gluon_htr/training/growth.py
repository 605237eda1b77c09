"""A pair of files for `train --init` whose network is a trained one with residual stages inserted."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from .._storage import write_atomically
from ..errors import UsageError
from ..graphs.params import load_parameters, pack_parameters
from ..networks.growing import grown, matched_stages
from ..networks.presets import load_preset
from ..text.alphabet import Alphabet
from .transfer import fitted, read_start


def initialize_grown(preset: str, init: str, alphabet: Alphabet, folder: Path, seed: int = 0) -> str:
    """Write what `networks.recognizer.initialize` writes, with the weights of `init` and their lineage.

    Returns in words what starts anew. Raises `UsageError` where nobody knows the network of `init`, or where that of
    the preset has not grown out of it.
    """
    from ..networks.recognizer import PARAMETERS, initialize

    start, network = read_start(init), load_preset(preset).network
    if start.network is None:
        raise UsageError(f"{init} does not say what network it has: start from a bundle or a run")
    matched_stages(start.network, network)  # raises before anything is written
    _, trained, words = fitted(start, alphabet, seed)
    initialize(preset, alphabet, folder, seed)
    fresh = {name: np.asarray(array) for name, array in load_parameters(folder / PARAMETERS).items()}
    parameters = grown(start.network, trained, network, fresh)
    write_atomically(folder / PARAMETERS, pack_parameters(parameters))
    write_atomically(folder / "lineage.json", msgspec.json.encode(start.lineage))
    return words
