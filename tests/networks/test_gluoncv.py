"""ResNets of GluonCV as featurizers; most need the extra [gluoncv] in an environment of its own."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from needs_mxnet import need_mxnet

from gluon_htr.errors import ConfigurationError, MissingToolError
from gluon_htr.networks.configuration import Preset
from gluon_htr.networks.presets import parse_preset

mx = need_mxnet()
from gluon_htr.graphs.symbol import load_graph
from gluon_htr.networks.recognizer import build, export_pair

installed = importlib.util.find_spec("gluoncv") is not None
with_gluoncv = pytest.mark.skipif(not installed, reason="gluoncv is not installed: it has an environment of its own")


def _preset(name: str, stride: int) -> Preset:
    text = f"""
        description = "x"
        [preprocessing]
        rule = "box"
        height = 32
        width = 128
        [network]
        featurizer = "gluoncv:{name}"
        stride = {stride}
        encoder = {{ kind = "lstm", hidden = 8 }}
    """
    return parse_preset(text, where="own.toml")


@with_gluoncv
@pytest.mark.parametrize("stride", [2, 4, 8])
@pytest.mark.parametrize("name", ["resnet18_v1b", "resnet18_v1", "resnet34_v2", "resnet50_v1s"])
def test_any_resnet_is_cut_at_the_stride_and_exports(name: str, stride: int, tmp_path: Path) -> None:
    """A preset with a GluonCV featurizer could not be trained or exported."""
    recognizer = build(_preset(name, stride), 20)
    image = mx.nd.random.uniform(shape=(2, 1, 32, 256))
    assert recognizer(image).shape == (2, 256 // stride, 20)
    export_pair(recognizer, tmp_path)
    assert "features" in [node.name for node in load_graph(tmp_path / "symbol.json").nodes]


@with_gluoncv
@pytest.mark.parametrize(("name", "stride"), [("resnet18_v1b", 3), ("vgg16", 4), ("resnet7_v9", 4)])
def test_what_cannot_be_had_is_one_error(name: str, stride: int) -> None:
    """The user would get a traceback."""
    with pytest.raises(ConfigurationError, match=r"cannot be cut|no ResNet|multiple of"):
        build(_preset(name, stride), 20)


@pytest.mark.skipif(installed, reason="gluoncv is installed")
def test_without_gluoncv_the_error_says_how_to_get_it() -> None:
    """The user would get a traceback from an import."""
    with pytest.raises(MissingToolError, match=r"pip install 'gluon-htr\[gluoncv\]'"):
        build(_preset("resnet18_v1b", 4), 20)
