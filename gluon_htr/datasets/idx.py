"""MNIST's idx files, plain or gzipped: arrays of unsigned bytes behind a header of a few big-endian numbers.

    0, 0, 0x08 (unsigned bytes), the number of dimensions    4 bytes, the "magic number"
    the size of each dimension                               4 bytes each
    the values, the last dimension running fastest           1 byte each

The format is that of Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits". EMNIST,
Fashion-MNIST and Kuzushiji-MNIST use it as well.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from .._files import check_regular
from ..errors import DataError

UNSIGNED_BYTES = 0x08
MAX_BYTES = 1 << 30  # bytes of values; EMNIST's largest file has 548 MB
GZIP = b"\x1f\x8b"


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Read the values of a file with this many dimensions: (size, …) uint8.

    Gzipped files are recognized by their first bytes, since browsers unpack such files and keep their names. Raises
    `DataError` if it cannot be read, has another format, or has fewer or more values than it announces.
    """
    try:
        check_regular(path)
        with open(path, "rb") as file:
            zipped = file.read(2) == GZIP
            file.seek(0)
            if not zipped:
                return _read(file, path, dimensions)
            with gzip.open(file) as unzipped:
                return _read(cast(BinaryIO, unzipped), path, dimensions)
    except EOFError:
        raise DataError(f"{path} is cut off: fetch it again") from None
    except (OSError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({getattr(error, 'strerror', '') or error}): fetch it again") from None


def _read(file: BinaryIO, path: Path, dimensions: int) -> np.ndarray:
    sizes = _sizes(file.read(4 + 4 * dimensions), path, dimensions)
    count = math.prod(sizes)
    if count > MAX_BYTES:
        raise DataError(f"{path} announces {count:,} values ({' × '.join(map(str, sizes))}): it is not such a file")
    values = file.read(count + 1)
    if len(values) != count:
        found = "fewer" if len(values) < count else "more"
        raise DataError(f"{path} has {found} than the {count:,} values that it announces: fetch it again")
    return np.frombuffer(values, np.uint8).reshape(sizes)


def _sizes(header: bytes, path: Path, dimensions: int) -> tuple[int, ...]:
    """Parse the header. Raises `DataError` for that of another file."""
    magic = bytes((0, 0, UNSIGNED_BYTES, dimensions))
    if header[:4] != magic:
        raise DataError(
            f"{path} begins with {header[:4].hex() or 'nothing'}, not with {magic.hex()} as idx files of "
            f"{dimensions} dimensions do: it is another file, or damaged"
        )
    if len(header) < 4 + 4 * dimensions:
        raise DataError(f"{path} is cut off: fetch it again")
    return struct.unpack(f">{dimensions}I", header[4:])
