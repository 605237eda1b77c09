"""Two quantizers, one result: AMD Quark's and ours. Runs where Quark is installed, in an environment of its own."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from letters import WORDS, array

onnx = pytest.importorskip("onnx")
from small_featurizers import images

from gluon_htr.errors import MissingToolError, UsageError
from gluon_htr.images.preprocessing import to_network_input
from gluon_htr.quantization.dpu.flow import Calibration, quantize_model_with_quark
from gluon_htr.quantization.dpu.qdq import quantize, to_qdq
from gluon_htr.quantization.dpu.quark import quantize_with_quark
from gluon_htr.quantization.dpu.recipes import Recipe
from gluon_htr.quantization.dpu.running import session
from gluon_htr.quantization.dpu.sources import open_source
from gluon_htr.quantization.dpu.splitting import halves

INSTALLED = find_spec("quark") is not None and find_spec("torch") is not None


def _scales(model: Any) -> dict[str, float]:
    """What is rounded, by the names of the float network, to its scale."""
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    endings = (":float", ":q", "_QuantizeLinear_Input", "_quantized")
    found = {}
    for node in model.graph.node:
        if node.op_type == "QuantizeLinear" or (node.op_type == "DequantizeLinear" and node.input[0] in arrays):
            name = node.input[0]
            for ending in endings:
                name = name.removesuffix(ending)
            found[name] = float(arrays[node.input[1]])
    return found


@pytest.mark.skipif(not INSTALLED, reason="AMD Quark is not installed: it has an environment of its own")
def test_quark_chooses_the_same_scales_and_gives_the_same_numbers(tmp_path: Path) -> None:
    """One of the two would be wrong, and nobody would know which."""
    featurizer = halves(open_source("words")).featurizer
    pages = images(32, 48, 192)
    quantize_with_quark(featurizer, pages, tmp_path)
    theirs, ours = onnx.load(str(tmp_path / "featurizer.int8.onnx")), to_qdq(quantize(featurizer, pages))
    assert _scales(theirs) == _scales(ours)
    for page in pages[:8]:
        given = {"image": to_network_input(page[None])}
        np.testing.assert_array_equal(session(theirs).run(None, given)[0], session(ours).run(None, given)[0])


def test_what_quark_decides_itself_is_refused(tmp_path: Path) -> None:
    """A user would compare methods that made no difference."""
    with pytest.raises(UsageError, match="leave out --method and --bias-correction"):
        quantize_model_with_quark("words", Recipe(bias_correction=True), Calibration(["listing:x"]), tmp_path)


@pytest.mark.skipif(INSTALLED, reason="AMD Quark is installed")
def test_where_quark_is_missing_one_line_says_so(tmp_path: Path) -> None:
    """A user would see a traceback, or half a result."""
    featurizer = halves(open_source("words")).featurizer
    with pytest.raises(MissingToolError, match=r"gluon-htr\[quark\]"):
        quantize_with_quark(featurizer, np.stack([array(word) for word in WORDS]), tmp_path)
    assert not list(tmp_path.iterdir())
