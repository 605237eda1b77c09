"""`results.parquet`: all lines of a batch in one table, in the order of the sources."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from .._storage import atomic_file
from .._text_files import printable
from .journal import Journal, RecordedPage
from .worker import page_file

GROUP = 1000  # pages that are in memory at once


def write_results(path: Path, journal: Journal, model: str, suffix: str) -> None:
    """Write the table.

    It has a row for each line: `page`, the address of the source; `number` of the page in it, from 1; `file`, the
    result in the output folder; `region` and `line`, as in that file; `text`; `confidence`; `polygon`, pairs of x and
    y in pixels of the page; `model`; `seconds` that the whole page took. A page without lines has one row, with nulls.
    Memory stays flat. model: digest of the models. suffix: of result files. Raises `ImportError` if pyarrow is missing,
    `StorageError` if the file cannot be written.
    """
    import pyarrow
    import pyarrow.parquet

    point = pyarrow.list_(pyarrow.int32(), 2)
    schema = pyarrow.schema(
        {
            "page": pyarrow.string(),
            "number": pyarrow.int32(),
            "file": pyarrow.string(),
            "region": pyarrow.string(),
            "line": pyarrow.string(),
            "text": pyarrow.string(),
            "confidence": pyarrow.float64(),
            "polygon": pyarrow.list_(point),
            "model": pyarrow.string(),
            "seconds": pyarrow.float64(),
        }
    )
    pages = journal.pages()
    with (
        atomic_file(path) as file,
        pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        while group := list(islice(pages, GROUP)):
            rows = [row for page in group for row in _rows(page, model, suffix)]
            writer.write_table(pyarrow.Table.from_pylist(rows, schema))


def _rows(page: RecordedPage, model: str, suffix: str) -> Iterator[dict[str, Any]]:
    where = {
        "page": printable(page.address),
        "number": page.number,
        "file": page_file(page.name, page.number if page.several else None, suffix),
        "model": model,
        "seconds": page.seconds,
    }
    if not page.rows:
        yield where
    for row in page.rows:
        points = [list(point) for point in zip(row.polygon[::2], row.polygon[1::2])]
        yield where | {
            "region": row.region,
            "line": row.line,
            "text": row.text,
            "confidence": row.confidence,
            "polygon": points,
        }
