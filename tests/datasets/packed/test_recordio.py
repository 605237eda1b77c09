"""MXNet's record format."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from needs_mxnet import need_mxnet

from gluon_htr.datasets.packed.recordio import MAGIC, frame, pack_image, unframe, unpack_image

pieces = st.lists(st.one_of(st.binary(max_size=9), st.just(MAGIC)), max_size=8).map(b"".join)


@given(pieces)
def test_what_is_framed_comes_back(data: bytes) -> None:
    """An image that happens to hold the magic number would be cut off there."""
    record = frame(data)
    assert len(record) % 4 == 0
    assert unframe(record) == data


@settings(deadline=None)  # the first call imports MXNet
@given(st.lists(pieces, min_size=1, max_size=5))
def test_mxnet_reads_what_we_write(tmp_path_factory: pytest.TempPathFactory, datas: list[bytes]) -> None:
    """Records could be read by nobody else."""
    mx = need_mxnet()
    path = tmp_path_factory.mktemp("records") / "x.rec"
    path.write_bytes(b"".join(map(frame, datas)))
    file = mx.recordio.MXRecordIO(str(path), "r")
    found = [file.read() for _ in datas]
    file.close()
    assert [bytes(data or b"") for data in found] == datas


@given(pieces, st.integers(1, 40))
def test_a_record_that_is_cut_off_is_refused(data: bytes, lost: int) -> None:
    """Half an image would be taken for a whole one."""
    record = frame(data)
    with pytest.raises(ValueError, match=r"record|cut off"):
        unframe(record[: max(0, len(record) - 4 * lost)])


def test_texts_of_all_scripts_are_labels(tmp_path: Path) -> None:
    """Chinese or emoji labels would come back changed."""
    text = "naïve 手写 🖋"
    found, start = unpack_image(pack_image(text, 7, b"image"))
    assert found == text
    assert pack_image(text, 7, b"image")[start:] == b"image"
