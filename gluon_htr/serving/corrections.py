"""Corrections by users as training data: images, and `labels.tsv` (path, tab, text) in the layout of `listing:`."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from .._storage import write_atomically
from ..text.normalization import normalize
from .image_files import check_image
from .request_errors import RequestRejected

LABELS = "labels.tsv"
MAX_CORRECTIONS = 10_000  # strangers must not fill the disk
MAX_BYTES = 2 << 30
MAX_CHARACTERS = 500


class CorrectionStore:
    """Folder of corrected images. A second correction of an image replaces its text."""

    def __init__(self, folder: Path, max_pixels: int) -> None:
        self._folder, self._max_pixels = folder, max_pixels
        self._lock = threading.Lock()
        self._labels = _read_labels(folder / LABELS)
        self._bytes = sum(path.stat().st_size for path in folder.glob("images/*"))

    def add(self, image: bytes, text: str) -> int:
        """Store a correction and return their number. Raise `RequestRejected`, `ImageError` or `StorageError`."""
        label = normalize(text)
        if not label or len(label) > MAX_CHARACTERS or not label.isprintable():
            raise RequestRejected(400, f"the text of a correction must have 1 to {MAX_CHARACTERS} printable characters")
        suffix = check_image(image, self._max_pixels).lower()
        name = f"images/{hashlib.sha256(image).hexdigest()[:24]}.{suffix}"
        with self._lock:
            if name not in self._labels:
                self._check_space(len(image))
                write_atomically(self._folder / name, image)
                self._bytes += len(image)
            self._labels[name] = label
            rows = "".join(f"{path}\t{text}\n" for path, text in self._labels.items())
            write_atomically(self._folder / LABELS, rows.encode())
            return len(self._labels)

    def _check_space(self, size: int) -> None:
        if len(self._labels) >= MAX_CORRECTIONS or self._bytes + size > MAX_BYTES:
            raise RequestRejected(403, "the server has no space for more corrections: tell its operator")


def _read_labels(path: Path) -> dict[str, str]:
    """Read path and text of each row, skipping rows that somebody has edited beyond recognition."""
    if not path.is_file():
        return {}
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    return {row[0]: row[1] for row in rows if len(row) >= 2}
