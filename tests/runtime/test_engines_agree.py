"""One text, whatever computes it: every preset, images of 30 to 3,000 pixels."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from small_networks import NETWORKS, images, network
from support import SAMPLE

pytest.importorskip("onnx")
mx = need_mxnet()

from gluon_htr.exporting.parity import strokes
from gluon_htr.graphs.pair import read_pair
from gluon_htr.networks.recognizer import build, export_pair
from gluon_htr.runtime.backends import mxnet_network, pair_network
from gluon_htr.runtime.recognizer import Recognizer
from gluon_htr.text.alphabet import Alphabet

ALPHABET = Alphabet("abcdefghijklmnopqrs")
WIDTHS = (30, 77, 333, 1000, 3000)


def readers(name: str, folder: Path) -> tuple[Recognizer, Recognizer]:
    """A random network that writes something at nearly every step, under MXNet and under ONNX Runtime."""
    preset = network(name)
    block = build(preset, ALPHABET.classes, seed=9)  # with which every network writes enough
    for key, parameter in block.collect_params().items():
        if key.startswith("decoder") and key.endswith("weight"):
            parameter.set_data(parameter.data() * 12)
    export_pair(block, folder)
    pair = read_pair(folder)
    engines = mxnet_network(pair), pair_network(pair, "onnx", threads=1)
    return tuple(Recognizer(engine, ALPHABET, preset.preprocessing, name) for engine in engines)  # type: ignore[return-value]


def lines(height: int) -> list[np.ndarray]:
    """Images of all `WIDTHS`, two of each."""
    random = np.random.default_rng(7)
    return [image for width in WIDTHS for image in strokes(random, 2, height, width)]


@pytest.mark.parametrize("name", NETWORKS)
def test_both_engines_read_the_same_text_at_every_width(name: str, tmp_path: Path) -> None:
    """A bundle would read what nobody has scored."""
    reference, reader = readers(name, tmp_path)
    images = lines(60)
    theirs = [read for _, read in reference.stream(images, batch_size=4)]
    ours = [read for _, read in reader.stream(images, batch_size=4)]
    assert [read.text for read in ours] == [read.text for read in theirs]
    assert sum(len(read.text) for read in ours) > 20, "blank texts are always equal"
    np.testing.assert_allclose([r.confidence for r in ours], [r.confidence for r in theirs], rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_reference_in_64_bits_is_the_same_network(name: str, tmp_path: Path) -> None:
    """An export would be measured against something that nobody has trained."""
    readers(name, tmp_path)  # leaves a pair there
    pair, pages = read_pair(tmp_path), images(network(name), 2)
    exact = mxnet_network(pair, "float64")(pages)
    assert exact.dtype == np.float64
    assert np.abs(exact - exact.astype(np.float32)).max() > 0, "it was computed in 32 bits"
    for other in (mxnet_network(pair), pair_network(pair, "onnx", threads=1)):
        np.testing.assert_allclose(other(pages), exact, atol=1e-3, rtol=1e-4)


def test_both_engines_read_real_lines_alike(tmp_path: Path) -> None:
    """Drawn strokes could hide what real ink shows."""
    archive = SAMPLE / "iam" / "lines.tgz"
    if not archive.is_file():
        pytest.skip("the real sample is not here")
    with tarfile.open(archive) as tar:
        files = [member for member in tar if member.isfile()][:24]
        images = [tar.extractfile(member).read() for member in files]  # type: ignore[union-attr]
    reference, reader = readers("words", tmp_path)
    ours, theirs = ([each.read(image).text for image in images] for each in (reader, reference))
    assert ours == theirs
    assert sum(map(len, ours)) > 20, "blank texts are always equal"
