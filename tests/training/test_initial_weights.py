"""Where a training may start from, and what another alphabet makes of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from letters import LETTERS, array
from needs_mxnet import need_mxnet
from support import TINY

from gluon_htr.bundles.reader import read_bundle
from gluon_htr.errors import UsageError
from gluon_htr.graphs.pair import Pair, write_pair
from gluon_htr.networks.presets import load_preset
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.engines import OptimizerSettings, create_engine
from gluon_htr.training.initial_weights import InitialWeights, check_network, load_initial, remap_alphabet


def test_a_bundle_a_run_and_a_pair_are_starts(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user would have to export before going on with other data."""
    monkeypatch.setenv("GLUON_HTR_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    shutil.copy(LETTERS, tmp_path / "models" / "letters.zip")
    preset = load_preset(TINY)
    for init in (str(LETTERS), "letters", str(run)):
        start = load_initial(init)
        assert "".join(start.alphabet.characters) == "abcde"
        assert start.network == preset.network
        check_network(start, preset, "tiny")


def test_a_pair_of_unknown_origin_is_a_start(tmp_path: Path) -> None:
    """Weights from elsewhere could not be gone on with."""
    bundle = read_bundle(LETTERS)
    write_pair(tmp_path, bundle.trainable_pair)
    (tmp_path / "alphabet.json").write_bytes(bundle.alphabet.to_json())
    start = load_initial(str(tmp_path))
    assert start.network is None
    check_network(start, load_preset("lines"), "lines")  # nothing is known that could differ
    (tmp_path / "preset.toml").write_text(TINY.read_text())
    with pytest.raises(UsageError, match="16 pixels high"):
        check_network(load_initial(str(tmp_path)), load_preset("lines"), "lines")


def _start() -> InitialWeights:
    return load_initial(str(LETTERS))


def test_the_same_alphabet_changes_nothing() -> None:
    """Going on with more data would lose what was learned."""
    pair, words = remap_alphabet(_start(), Alphabet("abcde"), seed=0)
    assert pair.symbol == _start().pair.symbol
    assert all(np.array_equal(pair.parameters[key], value) for key, value in _start().pair.parameters.items())
    assert "anew" not in words


@pytest.mark.parametrize("engine", ["mxnet", pytest.param("torch", marks=pytest.mark.torch)])
def test_both_engines_take_the_new_alphabet(engine: Literal["mxnet", "torch"]) -> None:
    """The network would be refused, or write the wrong letters."""
    pytest.importorskip("torch") if engine == "torch" else need_mxnet()
    changed, words = remap_alphabet(_start(), Alphabet("ecxba"), seed=0)
    assert words.endswith("kept the blank and 4 characters; initialized at random: x; dropped d")
    page = np.stack([array("bead"), array("cab")])
    pairs = (_start().pair, changed)
    old, new = (create_engine(engine, pair, OptimizerSettings()).predict(page) for pair in pairs)
    assert new.shape == old.shape
    np.testing.assert_allclose(new[:, :, [4, 3, 1, 0, 5]], old[:, :, [0, 1, 2, 4, 5]], atol=1e-5)


def test_letters_with_marks_start_as_the_bare_ones() -> None:
    """Whoever adapts to French would teach the shape of an e four times over, and lose the e on the way."""
    pair, words = remap_alphabet(_start(), Alphabet("abcdeéçœ"), seed=0)
    assert words.endswith("kept the blank and 5 characters; initialized é from e, ç from c; initialized at random: œ")
    weight, bias = (np.asarray(pair.parameters[f"arg:decoder_{kind}"]) for kind in ("weight", "bias"))
    for new, old in ((5, 4), (6, 2)):
        np.testing.assert_array_equal(weight[new], weight[old])
        assert bias[new] < bias[old] - 1  # until it is learned, what was read is read


def test_a_symbol_in_other_words_is_still_edited() -> None:
    """A pair that an older MXNet wrote, with `param` in place of `attrs`, would keep its classes."""
    start = _start()
    content = json.loads(start.pair.symbol)
    for node in content["nodes"]:
        if "attrs" in node:
            node["param"] = node.pop("attrs")
    older = InitialWeights("older", Pair(json.dumps(content), start.pair.parameters), start.alphabet)
    symbol = remap_alphabet(older, Alphabet("abcdefg"), seed=0)[0].symbol
    nodes = {node["name"]: node.get("param") for node in json.loads(symbol)["nodes"]}
    assert nodes["decoder_fwd"]["num_hidden"] == "8"
