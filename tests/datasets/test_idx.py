"""MNIST's files, whole and broken."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from gluon_htr.datasets.idx import read_idx
from gluon_htr.errors import DataError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
CONTENT = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 3, 4) + IMAGES.tobytes()


@pytest.mark.parametrize("name", ["images-idx3-ubyte", "images-idx3-ubyte.gz"])
@pytest.mark.parametrize("content", [CONTENT, gzip.compress(CONTENT)], ids=["plain", "gzipped"])
def test_values_are_read_plain_or_gzipped_whatever_the_name(name: str, content: bytes, tmp_path: Path) -> None:
    """Files that a browser has unpacked keep the name, and would be refused."""
    (tmp_path / name).write_bytes(content)
    np.testing.assert_array_equal(read_idx(tmp_path / name, 3), IMAGES)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "begins with nothing"),
        (b"<html>", "begins with 3c68746d"),
        (bytes([0, 0, 8, 1]) + struct.pack(">I", 2) + b"ab", "begins with 00000801, not with 00000803"),
        (bytes([0, 0, 13, 3]) + CONTENT[4:], "begins with 00000d03"),
        (CONTENT[:9], "cut off"),
        (CONTENT[:-1], "fewer than the 24 values"),
        (CONTENT + b"x", "more than the 24 values"),
        (CONTENT[:4] + b"\xff" * 12, "announces"),
        (gzip.compress(CONTENT)[:-12], "cut off"),
        (gzip.compress(CONTENT)[:20] + b"\0" * 20, "fetch it again"),
        (gzip.compress(CONTENT[:-1]), "fewer than"),
    ],
)
def test_a_broken_file_is_one_error_that_names_it(content: bytes, says: str, tmp_path: Path) -> None:
    """Half a download would be trained on, or end in a traceback."""
    file = tmp_path / "t10k-images-idx3-ubyte.gz"
    file.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(file, 3)
    assert str(file) in str(caught.value)
    assert says in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The user would get a traceback."""
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(tmp_path / "missing", 1)
