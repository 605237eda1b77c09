"""The journal of a batch: which pages there are, and what became of each, in SQLite.

A page is recorded after its file is written, in one transaction with its lines. Killed at any moment, a batch goes on
with the pages that are not recorded; their files are written again with the same content. Write-ahead logging
(https://sqlite.org/wal.html) keeps the file consistent, and lets other programs read it meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec

from .._storage import storage_error
from .._text_files import printable
from ..errors import StorageError, UsageError
from ..pages.files import is_remote
from .tasks import PageRead, Row, Source, Task

VERSION = 1
REPORT_NAME = "report"  # of the report of a batch, which is report.html: no result of a page has it
_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS source (
    id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
    pages INTEGER, sha256 TEXT, kind TEXT, reason TEXT, lost INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS page (
    source INTEGER NOT NULL REFERENCES source, number INTEGER NOT NULL, state TEXT NOT NULL, seconds REAL,
    lines INTEGER, kind TEXT, reason TEXT, lost INTEGER NOT NULL DEFAULT 0, rows BLOB,
    PRIMARY KEY (source, number)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting ON page (source, number) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS unopened ON source (id) WHERE pages IS NULL AND reason IS NULL;
"""
_LAST = 1 << 60  # higher than the number of any page
_PAGE = re.compile(r"-\d{4,}$")  # ends the name of a page of several
_pack, _unpack = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(tuple[Row, ...]).decode


@dataclass(frozen=True)
class Counts:
    """Pages of a batch. A source that is not opened yet counts as one waiting page."""

    waiting: int
    done: int
    failed: int

    @property
    def total(self) -> int:
        """Count all pages."""
        return self.waiting + self.done + self.failed


@dataclass(frozen=True)
class RecordedPage:
    """A page that was read."""

    address: str
    name: str
    number: int
    several: bool
    seconds: float
    rows: tuple[Row, ...]


class Journal:
    """The journal of one batch. A context manager; all methods raise `StorageError` if the file cannot be written.

    path: of the file, which is made if it does not exist. Raises `UsageError` if it is not a journal of this version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.text_factory = os.fsdecode  # names of files may be no UTF-8
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise self._storage_error(error) from None
            raise UsageError(f"{path} is not the journal of a batch, or is damaged: use another folder") from None
        version = self.setting("version", str(VERSION))
        if version != str(VERSION):
            raise UsageError(f"{path} was written by another version of gluon_htr: use another folder")
        self._base = self.setting("folder", os.getcwd())
        if not os.path.isdir(self._base):  # the batch has been moved, with its sources
            self._base = self.setting("folder", os.getcwd(), replace=True)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exception: object) -> None:
        is_empty = False
        with contextlib.suppress(sqlite3.Error):
            is_empty = self._one("SELECT id FROM source LIMIT 1") is None
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._database.close()
        if is_empty:  # no batch has begun
            self._path.unlink(missing_ok=True)

    def setting(self, key: str, value: str, replace: bool = False) -> str:
        """Return the setting of the batch, which is `value` if it has none yet, or if it is to be replaced."""
        instead = "REPLACE" if replace else "IGNORE"
        with self._transaction():
            row = (key, os.fsencode(value))  # it may be a path that is no UTF-8
            self._database.execute(f"INSERT OR {instead} INTO setting VALUES (?, CAST(? AS TEXT))", row)
        return str(self._one("SELECT value FROM setting WHERE key = ?", key))

    def add(self, sources: Iterable[Source]) -> None:
        """Add sources. Those that are known keep their place and their name.

        Paths are relative to the folder in which the batch began, wherever it goes on.
        """
        with self._transaction():
            known, names, several = set(), set(), set()
            for address, name, pages in self._database.execute("SELECT address, name, pages FROM source"):
                known.add(self._whole(address))
                names.add(name)
                if pages is not None and pages > 1:
                    several.add(name)
            self._database.executemany(
                "INSERT INTO source (address, name) VALUES (CAST(? AS TEXT), ?)",
                _named(map(self._here, sources), known, names, several),
            )

    def _here(self, source: Source) -> tuple[Source, str]:
        """Return a source with its whole address; its own is one that is right from the batch's folder, too."""
        whole = source.address if is_remote(source.address) else os.path.abspath(source.address)
        return (source if os.getcwd() == self._base else source._replace(address=whole)), whole

    def _whole(self, address: str) -> str:
        return address if is_remote(address) else os.path.normpath(os.path.join(self._base, address))

    def _task(self, source: int, address: str, *more: Any) -> Task:
        return Task(source, address if os.getcwd() == self._base else self._whole(address), *more)

    def waiting(self, after: tuple[int, int] = (0, 0)) -> Iterator[Task]:
        """Yield what is still to be read, in order; sources and pages that are added meanwhile, too.

        Those that have cost a worker are left out: `waiting_again` returns them.

        after: source and page before the first.
        """
        source, number = after
        while True:
            page = self._database.execute(
                "SELECT source.id, address, name, number, sha256 FROM page JOIN source ON source.id = page.source "
                "WHERE state = 'waiting' AND page.lost = 0 AND (page.source, number) > (?, ?) "
                "ORDER BY page.source, number LIMIT 1",
                (source, number),
            ).fetchone()
            unopened = self._database.execute(
                "SELECT id, address, name FROM source WHERE pages IS NULL AND reason IS NULL AND lost = 0 AND id > ? "
                "ORDER BY id LIMIT 1",
                (source,),
            ).fetchone()
            if page and (not unopened or page[0] < unopened[0]):
                source, number = page[0], page[3]
                yield self._task(*page)
            elif unopened:
                source, number = unopened[0], _LAST  # `record_several` returns its pages
                yield self._task(*unopened)
            else:
                return

    def waiting_again(self) -> list[Task]:
        """Return what is still to be read and has cost a worker."""
        pages = self._database.execute(
            "SELECT source.id, address, name, number, sha256 FROM page JOIN source ON source.id = page.source "
            "WHERE state = 'waiting' AND page.lost > 0 ORDER BY page.source, number"
        )
        unopened = self._database.execute(
            "SELECT id, address, name FROM source WHERE pages IS NULL AND reason IS NULL AND lost > 0 ORDER BY id"
        )
        return [self._task(*row) for rows in (pages, unopened) for row in rows]

    def record_read(self, task: Task, read: PageRead) -> None:
        """Record a page with its lines."""
        with self._transaction():
            if task.number is None:
                self._opened(task, 1, read.sha256)
            rows = zlib.compress(_pack(read.rows))
            self._database.execute(
                "INSERT INTO page (source, number, state, seconds, lines, rows) VALUES (?, ?, 'done', ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET state = 'done', seconds = excluded.seconds, lines = excluded.lines, "
                "rows = excluded.rows, kind = NULL, reason = NULL",
                (task.source, read.number, read.seconds, len(read.rows), rows),
            )

    def record_several(self, task: Task, pages: int, sha256: str) -> list[Task]:
        """Record how many pages a source has. Return those that are to be read."""
        with self._transaction():
            self._opened(task, pages, sha256)
            name = self._keep_apart(task)
            numbers = ((task.source, number) for number in range(1, pages + 1))
            self._database.executemany(
                "INSERT OR IGNORE INTO page (source, number, state) VALUES (?, ?, 'waiting')", numbers
            )
        return [Task(task.source, task.address, name, number, sha256) for number in range(1, pages + 1)]

    def record_failed(self, task: Task, kind: str, reason: str) -> None:
        """Record why a page, or a source that could not be opened, is given up."""
        reason = printable(reason)
        with self._transaction():
            if task.number is None:
                self._database.execute(
                    "UPDATE source SET kind = ?, reason = ? WHERE id = ?", (kind, reason, task.source)
                )
            else:
                self._database.execute(
                    "UPDATE page SET state = 'failed', kind = ?, reason = ? WHERE source = ? AND number = ?",
                    (kind, reason, task.source, task.number),
                )

    def record_lost(self, task: Task) -> int:
        """Count the workers that a page has cost, with this one."""
        table, where, key = (
            ("source", "id = ?", (task.source,))
            if task.number is None
            else ("page", "source = ? AND number = ?", (task.source, task.number))
        )
        with self._transaction():
            self._database.execute(f"UPDATE {table} SET lost = lost + 1 WHERE {where}", key)
        return int(str(self._one(f"SELECT lost FROM {table} WHERE {where}", *key)))

    def retry_failed(self) -> None:
        """Let all failed pages wait again."""
        with self._transaction():
            self._database.execute(
                "UPDATE source SET kind = NULL, reason = NULL, lost = 0, sha256 = NULL WHERE reason IS NOT NULL"
            )
            self._database.execute(
                "UPDATE source SET sha256 = NULL WHERE id IN (SELECT source FROM page WHERE state = 'failed')"
            )
            self._database.execute(
                "UPDATE page SET state = 'waiting', kind = NULL, reason = NULL, lost = 0 WHERE state = 'failed'"
            )

    def counts(self) -> Counts:
        """Count pages by what became of them."""
        states: dict[str, int] = dict(self._database.execute("SELECT state, COUNT(*) FROM page GROUP BY state"))
        unopened = self._one("SELECT COUNT(*) FROM source WHERE pages IS NULL AND reason IS NULL")
        failed = self._one("SELECT COUNT(*) FROM source WHERE reason IS NOT NULL")
        return Counts(
            states.get("waiting", 0) + int(str(unopened)),
            states.get("done", 0),
            states.get("failed", 0) + int(str(failed)),
        )

    def pages(self) -> Iterator[RecordedPage]:
        """Yield the pages that were read, in the order of the sources."""
        query = (
            "SELECT address, name, number, pages > 1, seconds, rows FROM page JOIN source ON source.id = page.source "
            "WHERE state = 'done' ORDER BY source.id, number"
        )
        for address, name, number, several, seconds, rows in self._database.execute(query):
            yield RecordedPage(address, name, number, bool(several), seconds, _unpack(zlib.decompress(rows)))

    def failures(self) -> Iterator[tuple[str, int | None, str, str]]:
        """Yield address, page or None, kind and reason of everything that failed, in order."""
        query = (
            "SELECT address, NULL AS number, kind, reason, id FROM source WHERE reason IS NOT NULL UNION ALL "
            "SELECT address, number, page.kind, page.reason, id FROM page JOIN source ON source.id = page.source "
            "WHERE state = 'failed' ORDER BY 5, 2"
        )
        for address, number, kind, reason, _ in self._database.execute(query):
            yield address, number, kind, reason

    def _opened(self, task: Task, pages: int, sha256: str) -> None:
        self._database.execute("UPDATE source SET pages = ?, sha256 = ? WHERE id = ?", (pages, sha256, task.source))

    def _keep_apart(self, task: Task) -> str:
        """Rename a source whose pages would have the name of another source: `book-0001`."""
        name = task.name
        same = "(name = ? AND id != ?) OR name GLOB ? || '-[0-9][0-9][0-9][0-9]*'"
        while self._one(f"SELECT id FROM source WHERE {same}", name, task.source, _literal(name)):
            name += "~"
        self._database.execute("UPDATE source SET name = ? WHERE id = ?", (name, task.source))
        return name

    def _one(self, query: str, *values: object) -> object:
        row = self._database.execute(query, values).fetchone()
        return None if row is None else row[0]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield
            self._database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise self._storage_error(error) from None
        finally:
            if self._database.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")

    def _storage_error(self, error: sqlite3.Error) -> StorageError:
        if "full" in str(error):
            return StorageError(f"the disk is full: {self._path} could not be written. Free some space and repeat")
        return storage_error(self._path, OSError(None, str(error)))


def _named(
    sources: Iterable[tuple[Source, str]], known: set[str], names: set[str], several: set[str]
) -> Iterator[tuple[bytes, str]]:
    """Yield the address and the name of new sources. No two have one name, nor that of a page of another.

    sources: with their whole addresses, as in `known`. several: names of the sources with several pages.
    """
    names.add(REPORT_NAME)
    for source, whole in sources:
        if whole in known:
            continue
        known.add(whole)
        name = source.name
        if name in names or (several and _PAGE.sub("", name) in several):
            wished = chain((name + source.suffix,), (f"{name}~{number}" for number in count(2)))
            name = next(each for each in wished if each not in names and _PAGE.sub("", each) not in several)
        names.add(name)
        yield os.fsencode(source.address), name


def _literal(text: str) -> str:
    """Quote a text for GLOB."""
    return re.sub(r"[*?\[]", r"[\g<0>]", text)
