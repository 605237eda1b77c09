"""Pairs of files for a training that starts from a grown network."""

from __future__ import annotations

from pathlib import Path

import pytest
from letters import LETTERS
from needs_mxnet import need_mxnet
from support import TINY

from gluon_htr.bundles.reader import read_bundle
from gluon_htr.errors import ConfigurationError, UsageError
from gluon_htr.networks.presets import load_preset
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.growth import initialize_grown
from gluon_htr.training.initial_weights import check_network, load_initial

need_mxnet()

RESIDUAL = "[[network.featurizer]]\nchannels = 12\nresidual = true\n\n[network.encoder]"


@pytest.fixture
def deeper(tmp_path: Path) -> Path:
    """A preset: the small network with a residual stage at the end of its featurizer."""
    path = tmp_path / "deeper.toml"
    path.write_text(TINY.read_text().replace("[network.encoder]", RESIDUAL))
    return path


def test_a_grown_pair_knows_where_it_comes_from(deeper: Path, tmp_path: Path) -> None:
    """A bundle of it would be given away as if its weights had never seen data with terms."""
    words = initialize_grown(str(deeper), str(LETTERS), Alphabet("abcdef"), tmp_path / "pair")
    assert "f" in words
    start = load_initial(str(tmp_path / "pair"))
    known = read_bundle(LETTERS).description
    assert list(start.lineage.data) == list(known.training_data)
    assert list(start.lineage.stints) == list(known.stints)
    assert start.alphabet == Alphabet("abcdef")
    assert start.network is not None
    assert len(start.network.featurizer) == 3
    with pytest.raises(UsageError, match="another network"):
        check_network(start, load_preset(TINY), "tiny")


def test_a_damaged_lineage_is_not_passed_over(deeper: Path, tmp_path: Path) -> None:
    """Weights of restricted data would count as fresh ones."""
    initialize_grown(str(deeper), str(LETTERS), Alphabet("abcde"), tmp_path / "pair")
    (tmp_path / "pair" / "lineage.json").write_text('{"data": 3}')
    with pytest.raises(UsageError, match="lineage"):
        load_initial(str(tmp_path / "pair"))


def test_a_network_that_did_not_grow_out_of_the_start_is_refused(tmp_path: Path) -> None:
    """Fresh weights would pass for trained ones."""
    (tmp_path / "other.toml").write_text(TINY.read_text().replace("channels = 12", "channels = 10"))
    with pytest.raises(ConfigurationError, match="stage 2"):
        initialize_grown(str(tmp_path / "other.toml"), str(LETTERS), Alphabet("abcde"), tmp_path / "pair")
    assert not (tmp_path / "pair" / "model.params").exists()
