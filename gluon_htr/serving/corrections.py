"""Corrections by users as training data: images, and `labels.tsv` (path, tab, text) in the layout of `listing:`.

The folder belongs to the person who runs the server. `labels.tsv` is read again for each correction, and only the text
of the corrected image changes in it.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from .._files import MAX_DATA, read_bounded
from .._storage import only_writer, write_atomically
from ..datasets.listing.editing import EditedList
from ..errors import AnnotationError, StorageError, UsageError
from ..text.normalization import normalize
from .image_files import check_image
from .request_errors import RequestRejected

LABELS = "labels.tsv"
MAX_CORRECTIONS = 10_000  # strangers must not fill the disk
MAX_BYTES = 2 << 30
MAX_CHARACTERS = 500
JOINERS = {0x200C: None, 0x200D: None}  # change the shapes of letters in Persian and Indic scripts; not "printable"


class CorrectionStore:
    """Folder of corrected images. A second correction of an image replaces its text.

    Raises `UsageError` if the folder cannot be used.
    """

    def __init__(self, folder: Path, max_pixels: int) -> None:
        self._folder, self._max_pixels = folder, max_pixels
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / ".writable", b"")
            (folder / ".writable").unlink()
            self._read()
        except (OSError, StorageError, AnnotationError) as error:
            raise UsageError(f"--corrections {folder} cannot be used: {error}") from None

    def add(self, image: bytes, text: str) -> int:
        """Store a correction and return their number. Raise `RequestRejected` or `ImageError`."""
        label = normalize(text)
        if not label or len(label) > MAX_CHARACTERS or not label.translate(JOINERS).isprintable():
            raise RequestRejected(400, f"the text of a correction must have 1 to {MAX_CHARACTERS} printable characters")
        suffix = check_image(image, self._max_pixels).lower()
        name = f"images/{hashlib.sha256(image).hexdigest()[:24]}.{suffix}"
        with self._lock:
            try:
                with only_writer(self._folder):  # other servers may keep corrections in it
                    return self._add(image, name, label)
            except AnnotationError as error:
                raise RequestRejected(409, f"the correction was not stored: {error}") from None
            except (OSError, StorageError):
                raise RequestRejected(503, "the server cannot store corrections: tell its operator") from None

    def _add(self, image: bytes, name: str, label: str) -> int:
        listed = self._read()
        name = self._same(image) or name
        if not (self._folder / name).is_file():
            self._check_space(len(image), len(listed.labels))
            write_atomically(self._folder / name, image)
        listed.set(name, label)
        write_atomically(self._folder / LABELS, listed.content())
        return len(listed.labels)

    def _read(self) -> EditedList:
        path = self._folder / LABELS
        return EditedList(read_bounded(path, MAX_DATA) if path.exists() else b"", LABELS)

    def _same(self, image: bytes) -> str | None:
        """Return the name of a stored image with this content, which a person may have renamed."""
        for path in sorted(self._folder.glob("images/*")):
            if path.is_file() and path.stat().st_size == len(image) and path.read_bytes() == image:
                return f"images/{path.name}"
        return None

    def _check_space(self, size: int, count: int) -> None:
        used = sum(path.stat().st_size for path in self._folder.glob("images/*"))
        if count >= MAX_CORRECTIONS or used + size > MAX_BYTES:
            raise RequestRejected(403, "the server has no space for more corrections: tell its operator")
