"""Another alphabet on the same network."""

from __future__ import annotations

import json

import numpy as np
import pytest
from letters import LETTERS

from gluon_htr.bundles.reader import read_bundle
from gluon_htr.errors import GraphError, ParametersError
from gluon_htr.graphs.decoder import resize_decoder
from gluon_htr.graphs.symbol import parse_graph

PAIR = read_bundle(LETTERS).trainable_pair  # five letters and the blank


def test_rows_follow_their_characters_and_the_blank() -> None:
    """Fine-tuning would start with the letters mixed up."""
    kept = np.array([4, -1, 0, -1, -1, -1, -1, 5])
    symbol, arrays = resize_decoder(PAIR.symbol, PAIR.parameters, kept, seed=1)
    old, new = PAIR.parameters["arg:decoder_weight"], arrays["arg:decoder_weight"]
    assert new.shape == (8, old.shape[1])
    for row, source in ((0, 4), (2, 0), (7, 5)):
        np.testing.assert_array_equal(new[row], old[source])
        assert arrays["arg:decoder_bias"][row] == PAIR.parameters["arg:decoder_bias"][source]
    assert np.abs(new[[1, 3, 4, 5, 6]]).min(axis=1).max() > 0
    assert not arrays["arg:decoder_bias"][[1, 3, 4, 5, 6]].any()
    others = [key for key in arrays if "decoder" not in key]
    assert all(np.array_equal(arrays[key], PAIR.parameters[key]) for key in others)
    nodes = {node["name"]: node["attrs"] for node in json.loads(symbol)["nodes"] if "attrs" in node}
    assert nodes["decoder_fwd"]["num_hidden"] == "8"
    assert nodes["decoder_weight"]["__shape__"].startswith("(8,")
    parse_graph(symbol)


def test_the_same_seed_gives_the_same_start() -> None:
    """A fine-tuning could not be repeated."""
    kept = np.array([-1, 5])
    one, other, third = (resize_decoder(PAIR.symbol, PAIR.parameters, kept, seed=s)[1] for s in (1, 1, 2))
    np.testing.assert_array_equal(one["arg:decoder_weight"], other["arg:decoder_weight"])
    assert not np.array_equal(one["arg:decoder_weight"], third["arg:decoder_weight"])


def test_what_does_not_fit_is_refused() -> None:
    """Rows would be taken from beyond the network's classes, or from a layer that is none."""
    with pytest.raises(ParametersError, match="6 classes"):
        resize_decoder(PAIR.symbol, PAIR.parameters, np.array([0, 9]), seed=0)
    lacking = {key: value for key, value in PAIR.parameters.items() if key != "arg:decoder_bias"}
    with pytest.raises(ParametersError, match="decoder_bias"):
        resize_decoder(PAIR.symbol, lacking, np.array([0, 5]), seed=0)
    headless = json.loads(PAIR.symbol)
    place = next(k for k, node in enumerate(headless["nodes"]) if node["op"] == "RNN")
    headless["heads"] = [[place, 0, 0]]
    with pytest.raises(GraphError, match="dense layer"):
        resize_decoder(json.dumps(headless), PAIR.parameters, np.array([0, 5]), seed=0)
