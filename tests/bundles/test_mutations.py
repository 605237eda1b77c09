"""Bundles, graphs and parameters with bytes changed anywhere: an error of ours, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from letters import LETTERS, members, rehashed, zipped

from gluon_htr.bundles.reader import read_bundle
from gluon_htr.bundles.upgrade import current_files
from gluon_htr.bundles.writer import write_bundle
from gluon_htr.errors import HtrError
from gluon_htr.graphs.onnx.initializers import initializers
from gluon_htr.graphs.onnx.inspection import check_graph
from gluon_htr.graphs.params import parse_parameters

changes = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8)
few = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


def changed(content: bytes, places: list[tuple[float, int]]) -> bytes:
    """The content with other bytes at these places, given as shares of its length."""
    mutable = bytearray(content)
    for place, value in places:
        mutable[int(place * len(mutable))] = value
    return bytes(mutable)


@few
@given(changes, st.sampled_from(["model.onnx", "remainder.params", "symbol.json", "bundle.json"]))
def test_a_bundle_altered_by_somebody_who_knows_how_is_refused_or_read(
    tmp_path: Path, places: list[tuple[float, int]], name: str
) -> None:
    """A bundle from a stranger would crash whoever opens it."""
    source = read_bundle(LETTERS)
    write_bundle(tmp_path / "good.zip", source.description, current_files(source))
    files = members(tmp_path / "good.zip")
    files[name] = changed(files[name], places)
    try:
        files = files if name == "bundle.json" else rehashed(files)
        bundle = read_bundle(zipped(tmp_path / "x.zip", files))
        assert bundle.pair.parameters
    except HtrError as error:
        assert "\n" not in str(error)
    except (UnicodeDecodeError, json.JSONDecodeError):
        assert name == "bundle.json"  # `rehashed` itself could not read it


@few
@given(changes)
def test_an_altered_graph_is_refused_or_inspected(places: list[tuple[float, int]]) -> None:
    """A damaged download would end in a traceback of a parser."""
    content = changed(members()["model.onnx"], places)
    for read in (check_graph, initializers):
        try:
            read(content)  # type: ignore[operator]
        except HtrError as error:
            assert str(error)


@few
@given(changes, st.floats(0, 1))
def test_altered_or_cut_parameters_are_refused_or_read(places: list[tuple[float, int]], share: float) -> None:
    """A damaged checkpoint would take all memory, or end in a traceback."""
    content = changed(members()["model.params"], places)
    for data in (content, content[: int(share * len(content))]):
        try:
            parse_parameters(data)
        except HtrError as error:
            assert "model.params" in str(error)


def test_the_file_of_another_model_is_noticed(tmp_path: Path) -> None:
    """Halves of two bundles would be read together."""
    files = members()
    with pytest.raises(HtrError, match="altered"):
        read_bundle(zipped(tmp_path / "x.zip", files | {"model.params": files["model.params"][:-1] + b"\0\0"[:1]}))
