"""What people correct becomes data to train on: images, and `labels.tsv` (path, tab, text) as `listing:` reads it."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from .._storage import write_atomically
from ..text.normalization import normalize
from .image_files import check_image
from .request_errors import RequestRejected

LABELS = "labels.tsv"
MAX_CORRECTIONS = 10_000  # a disk is not for strangers to fill
MAX_BYTES = 2 << 30
MAX_CHARACTERS = 500


class CorrectionStore:
    """A folder of corrected images. The same image, corrected again, gets the later text."""

    def __init__(self, folder: Path, max_pixels: int) -> None:
        self._folder, self._most_pixels = folder, max_pixels
        self._turn = threading.Lock()
        self._labels = _load(folder / LABELS)
        self._bytes = sum(path.stat().st_size for path in folder.glob("images/*"))

    def add(self, image: bytes, text: str) -> int:
        """Keeps one; returns how many there are. Raises `RequestRejected`, `ImageError` or `StorageError`."""
        label = normalize(text)
        if not label or len(label) > MAX_CHARACTERS or not label.isprintable():
            raise RequestRejected(400, f"a correction has a text of 1 to {MAX_CHARACTERS} printable characters")
        kind = check_image(image, self._most_pixels).lower()
        name = f"images/{hashlib.sha256(image).hexdigest()[:24]}.{kind}"
        with self._turn:
            if name not in self._labels:
                self._make_room(len(image))
                write_atomically(self._folder / name, image)
                self._bytes += len(image)
            self._labels[name] = label
            rows = "".join(f"{path}\t{text}\n" for path, text in self._labels.items())
            write_atomically(self._folder / LABELS, rows.encode())
            return len(self._labels)

    def _make_room(self, size: int) -> None:
        if len(self._labels) >= MAX_CORRECTIONS or self._bytes + size > MAX_BYTES:
            raise RequestRejected(403, "no more corrections are kept here: tell those who run this server")


def _load(path: Path) -> dict[str, str]:
    """Path to text; what people have edited by hand is kept as far as it can be read."""
    if not path.is_file():
        return {}
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    return {row[0]: row[1] for row in rows if len(row) >= 2}
