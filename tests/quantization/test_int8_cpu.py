"""int8 on ordinary CPUs: a bundle that has it reads the same words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

onnx = pytest.importorskip("onnx")
from letters import LETTERS, WORDS, array, draw, members, rehashed, zipped
from support import PROJECT

from gluon_htr import load
from gluon_htr.bundles.catalog import SHIPPED
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.bundles.schema import INTEGER_MODEL, MODEL
from gluon_htr.datasets.store import Store
from gluon_htr.errors import BundleError, UsageError
from gluon_htr.images.decoding import decode
from gluon_htr.images.preprocessing import fit, to_network_input
from gluon_htr.quantization.int8_cpu import quantize_for_cpu, write_integer_bundle


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of letters with int8."""
    bundle = read_bundle(LETTERS)
    images = Store.collect([(word, word, "g", array(word)) for word in WORDS], [])
    path = tmp_path_factory.mktemp("int8") / "letters8.zip"
    write_integer_bundle(bundle, quantize_for_cpu(bundle.model, images), path)
    return path


def test_int8_reads_the_same_words(small: Path) -> None:
    """A smaller, faster model would read nonsense."""
    recognizer = load(small, precision="int8")
    assert [recognizer.read(draw(word)).text for word in WORDS] == WORDS


def test_it_is_int8_and_leaves_the_float_model_alone(small: Path) -> None:
    """Nothing would be gained, or the bundle would not be the one that was proven."""
    bundle = read_bundle(small)
    operators = [node.op_type for node in onnx.load_from_string(bundle.files[INTEGER_MODEL]).graph.node]
    assert {"DynamicQuantizeLSTM", "MatMulInteger", "QuantizeLinear"} <= set(operators)
    assert "LSTM" not in operators
    assert bundle.files[MODEL] == read_bundle(LETTERS).files[MODEL]


def test_no_convolution_is_left_in_float(tmp_path: Path) -> None:
    """A network with residual stages would be slower in int8: two thirds of its convolutions stayed in float."""
    bundle = read_bundle(SHIPPED / "latin-lines.zip")
    line = fit(decode(PROJECT / "examples" / "line.png"), bundle.image_reader.preprocessing.fit)
    content = quantize_for_cpu(bundle.model, Store.collect([("line", "", "g", line)], []))
    options = SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 3
    InferenceSession(content, options, providers=["CPUExecutionProvider"])
    operators = Counter(node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node)
    assert operators["QLinearConv"] == 12
    assert not operators["Conv"]
    values = np.unique(InferenceSession(content).run(None, {"image": to_network_input(line[None])})[0])
    assert len(values) > 256  # confidences would have steps


def test_no_text_depends_on_its_neighbors(small: Path) -> None:
    """An image would be read differently on another day: the LSTM's scales follow from the batch."""
    network = load(small, precision="int8").network
    pages = np.stack([array(word) for word in WORDS])
    together = network(pages)
    for page, logits in zip(pages, together):
        np.testing.assert_array_equal(network(page[None])[0], logits)


def test_where_there_is_no_int8_the_error_says_how_to_make_it(tmp_path: Path) -> None:
    """A user would read with float and believe that it was int8."""
    with pytest.raises(BundleError, match="gluon-htr quantize letters"):
        load(LETTERS, precision="int8")
    with pytest.raises(UsageError, match="mxnet"):
        load(LETTERS, engine="mxnet", precision="int8")
    with pytest.raises(UsageError, match="int4"):
        load(LETTERS, precision="int4")


def test_only_the_int8_model_may_have_the_runtimes_own_lstm(small: Path, tmp_path: Path) -> None:
    """A stranger's bundle could run operators that nobody has looked at."""
    files = members(small)
    path = zipped(tmp_path / "x.zip", rehashed(files | {MODEL: files[INTEGER_MODEL]}))
    with pytest.raises(BundleError, match=r"model\.onnx: it .*(microsoft|not accepted)"):
        read_bundle(path)
    other = files[INTEGER_MODEL].replace(b"DynamicQuantizeLSTM", b"DynamicQuantizeLSTN")
    with pytest.raises(BundleError, match=r"model\.int8\.onnx: .*another domain"):
        read_bundle(zipped(tmp_path / "y.zip", rehashed(files | {INTEGER_MODEL: other})))
