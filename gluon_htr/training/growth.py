"""A pair of files for `train --init`: a trained network with residual stages inserted."""

from __future__ import annotations

from pathlib import Path

import msgspec

from .._storage import write_atomically
from ..errors import UsageError
from ..graphs.pair import Pair, read_pair, write_pair
from ..networks.configuration import Network
from ..networks.growing import grown, has_same_encoder, matched_stages
from ..networks.presets import load_preset
from ..text.alphabet import Alphabet
from .initial_weights import LINEAGE, load_initial, remap_alphabet


def initialize_grown(preset: str, init: str, alphabet: Alphabet, folder: Path, seed: int = 0) -> str:
    """Write the files of `networks.recognizer.initialize`, with the weights of `init` and their lineage.

    Return a message about the initial weights. Raises `UsageError` if the network of `init` is unknown, or if that of
    the preset has not grown out of it.
    """
    from ..networks.recognizer import initialize

    start, network = load_initial(init), load_preset(preset).network
    if not isinstance(start.network, Network | None):
        raise UsageError(f"{init} reads single characters: only networks of lines and words can be grown")
    if start.network is None:
        raise UsageError(f"the network of {init} is unknown: start from a bundle or a run")
    matched_stages(start.network, network)  # raises before anything is written
    trained, words = remap_alphabet(start, alphabet, seed)
    initialize(preset, alphabet, folder, seed)
    new = read_pair(folder)
    parameters = grown(start.network, dict(trained.parameters), network, dict(new.parameters))
    write_pair(folder, Pair(new.symbol, parameters))
    write_atomically(folder / LINEAGE, msgspec.json.encode(start.lineage))
    return words if has_same_encoder(start.network, network) else f"{words}; of these only the featurizer's are kept"
