"""Counts that a person can check by hand."""

from __future__ import annotations

from needs_mxnet import need_mxnet
from small_networks import CLASSES, NETWORKS, network

mx = need_mxnet()
import pytest

from gluon_htr.networks.recognizer import build
from gluon_htr.networks.summary import summarize


def test_the_notebook_network_is_counted_as_by_hand() -> None:
    """A preset's cost would be stated wrong."""
    summary = summarize(network("notebook"), 80)
    first, others = 32 * 9 * 32 * 128, 32 * 32 * 9
    convolutions = first + others * 32 * 128 + 2 * others * 16 * 64
    lstm = 32 * 2 * 4 * 200 * (1024 + 200)
    assert summary.macs == convolutions + lstm + 32 * 400 * 80
    assert summary.steps == 32


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_and_steps_are_those_of_the_network(name: str) -> None:
    """A preset's cost would be that of another network."""
    preset = network(name)
    summary, recognizer = summarize(preset, CLASSES), build(preset, CLASSES)
    trained = [p for p in recognizer.collect_params().values() if p.grad_req != "null"]
    assert (
        summary.parameters == sum(p.data().size for p in trained) == sum(layer.parameters for layer in summary.layers)
    )
    assert summary.steps == summary.width // preset.network.step_width
    assert all(layer.macs > 0 for layer in summary.layers if layer.operator in ("Convolution", "RNN", "FullyConnected"))
