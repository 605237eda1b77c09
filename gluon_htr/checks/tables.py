"""Lists of images and labels with tabs, quoted where a label has quotation marks, as spreadsheets write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a list as a file; line ends and tabs within cells become spaces."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter="\t", lineterminator="\n")
    writer.writerow(header)
    writer.writerows([" ".join(cell.split()) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8", "backslashreplace")
