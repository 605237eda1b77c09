"""`.params` files without mxnet: the same bytes, and no trust in damaged ones."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from needs_mxnet import need_mxnet

from gluon_htr.errors import ParametersError
from gluon_htr.graphs.params import load_parameters, pack_parameters, parse_parameters

ARRAYS = {
    "arg:weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "aux:mean": np.array([1.5], np.float64),
    "arg:half": np.ones((3, 1), np.float16),
    "arg:bytes": np.arange(5, dtype=np.uint8),
    "arg:long": np.array([-(2**40)], np.int64),
    "arg:größe": np.array([[7]], np.int32),
    "arg:signed": np.array([-1], np.int8),
}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """A model would change each time it is saved."""
    (tmp_path / "model.params").write_bytes(pack_parameters(ARRAYS))
    again = load_parameters(tmp_path / "model.params")
    assert list(again) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert again[name].dtype == array.dtype
        np.testing.assert_array_equal(again[name], array)


def test_mxnet_reads_and_writes_the_same_bytes(tmp_path: Path) -> None:
    """MXNet could not load what was trained elsewhere, or we not what MXNet saved."""
    mx = need_mxnet()
    arrays = {name: array for name, array in ARRAYS.items() if array.dtype != np.int64}
    mx.nd.save(str(tmp_path / "theirs"), {name: mx.nd.array(a, dtype=a.dtype) for name, a in arrays.items()})
    assert (tmp_path / "theirs").read_bytes() == pack_parameters(arrays)
    (tmp_path / "ours").write_bytes(pack_parameters(arrays))
    read = mx.nd.load(str(tmp_path / "ours"))
    assert all((read[name].asnumpy() == array).all() for name, array in arrays.items())


@pytest.mark.parametrize("share", np.linspace(0, 0.999, 40))
def test_a_file_cut_off_anywhere_is_refused(share: float) -> None:
    """Half of a model would be taken for a whole one."""
    data = pack_parameters(ARRAYS)
    with pytest.raises(ParametersError, match=r"cut off|damaged"):
        parse_parameters(data[: int(len(data) * share)])


def test_something_else_is_refused_by_name(tmp_path: Path) -> None:
    """The user would not learn which file is wrong."""
    (tmp_path / "page.params").write_text("<html>404 not found, sorry about that</html>")
    with pytest.raises(ParametersError, match=r"page.params is not an MXNet parameter file"):
        load_parameters(tmp_path / "page.params")
    with pytest.raises(ParametersError, match=r"absent.params cannot be read"):
        load_parameters(tmp_path / "absent.params")


def test_a_shape_that_nothing_can_have_is_refused() -> None:
    """A foreign bundle would end a command with "please report it"."""
    data = pack_parameters({"arg:a": np.zeros((0, 2, 3), np.float32)})
    hostile = data.replace(struct.pack("<3q", 0, 2, 3), struct.pack("<3q", 0, 2**62, 2**62))
    assert hostile != data
    with pytest.raises(ParametersError, match="impossible shape"):
        parse_parameters(hostile)


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
def test_altered_bytes_never_crash_or_ask_for_absurd_memory(place: int, junk: bytes) -> None:
    """A hostile file could end a server with MemoryError or a traceback."""
    data = bytearray(pack_parameters(ARRAYS))
    place %= len(data)
    data[place : place + len(junk)] = junk
    try:
        arrays = parse_parameters(bytes(data))
    except ParametersError:
        return
    assert sum(array.nbytes for array in arrays.values()) <= len(data)
