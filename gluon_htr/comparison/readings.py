"""Readings of samples: of a model, or of a report that `evaluate` wrote.

A report is a folder with scores.json (the score card), texts.tsv (id, reference and reading of each sample) and
groups.tsv (id and group, in the same order). Reports of older versions have no groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from .._files import MAX_DATA, MAX_TEXT, read_bounded
from .._json import decode_json
from .._storage import write_atomically
from .._text_files import read_text
from ..bundles.run_folder import is_run
from ..datasets.loading import Track, load_data
from ..datasets.sample import Problem
from ..datasets.store import Store, digest
from ..errors import DataError, UsageError
from ..runtime.classifier import Classifier
from ..runtime.recognizer import Recognizer
from ..runtime.stores import classify_store, read_store
from ..text.normalization import normalize

SCORES, TEXTS, GROUPS, LEFT_OUT = "scores.json", "texts.tsv", "groups.tsv", "left_out.tsv"


@dataclass(frozen=True)
class Readings:
    """Samples and what was read in them; the sequences are parallel.

    groups: empty where they are not known. problems: samples that were left out just now.
    """

    name: str
    model: str
    data: tuple[str, ...]
    ids: Sequence[str]
    truths: Sequence[str]
    texts: Sequence[str]
    groups: Sequence[str] = ()
    problems: Sequence[Problem] = ()

    def select(self, positions: Sequence[int]) -> Readings:
        """Return the samples at `positions`."""
        columns = (self.ids, self.truths, self.texts, self.groups)
        ids, truths, texts, groups = ([column[k] for k in positions] if column else [] for column in columns)
        return replace(self, ids=ids, truths=truths, texts=texts, groups=groups)


class _Card(msgspec.Struct):
    """The part of a score card that is needed here."""

    model: str
    data: list[str]
    samples: int
    decoder: str = "greedy"
    samples_sha256: str | None = None


def report_at(path: Path) -> Path | None:
    """Return the folder of the report that a path names, or None if it is not a report.

    Raises `DataError` for a report without the texts of lines, such as one of pages.
    """
    folder = path.parent if path.name == SCORES else path
    if (folder / TEXTS).is_file():
        return folder
    if (folder / SCORES).is_file() and not is_run(folder):
        raise DataError(f"{folder} has no {TEXTS}: only reports of lines can be compared")
    return None


def write_report(folder: Path, card: dict[str, Any], store: Store, texts: Sequence[str]) -> None:
    """Write the score card, the texts, the groups and what was left out of an evaluation."""
    rows = zip(store.ids, store.texts, texts)
    content = card | {"samples_sha256": digest(store.ids, store.texts)}
    write_atomically(folder / TEXTS, "".join(f"{name}\t{truth}\t{text}\n" for name, truth, text in rows).encode())
    groups = "".join(f"{name}\t{group}\n" for name, group in zip(store.ids, store.groups))
    write_atomically(folder / GROUPS, groups.encode())
    write_left_out(folder, store.problems)
    write_atomically(folder / SCORES, msgspec.json.format(msgspec.json.encode(content)) + b"\n")


def write_left_out(folder: Path, problems: Sequence[Problem]) -> None:
    """Write what was left out of an evaluation, with the reasons."""
    rows = "".join(f"{problem.id}\t{problem.reason}\n" for problem in problems)
    write_atomically(folder / LEFT_OUT, rows.encode())


def read_report(folder: Path) -> Readings:
    """Read a report. Raises `DataError` if it is damaged."""
    where = f"{folder / SCORES} is not a score card of evaluate --report"
    card = decode_json(read_bounded(folder / SCORES, MAX_TEXT), _Card, where, DataError)
    rows = _table(folder / TEXTS, 3)
    groups = _table(folder / GROUPS, 2) if (folder / GROUPS).is_file() else []
    ids, truths, texts = ([row[k] for row in rows] for k in range(3))
    whole = card.samples == len(rows) and card.samples_sha256 in (None, digest(ids, truths))
    if not whole or (groups and [row[0] for row in groups] != ids):
        raise DataError(f"{folder} mixes files of several evaluations, or was altered: run evaluate --report again")
    model = f"{card.model}, {card.decoder}"
    return Readings(f"{folder} ({model})", card.model, tuple(card.data), ids, truths, texts, [row[1] for row in groups])


def _table(path: Path, columns: int) -> list[list[str]]:
    rows = [row.rsplit("\t", columns - 1) for row in read_text(path, MAX_DATA).split("\n")[:-1]]
    if bad := next((k for k, row in enumerate(rows, 1) if len(row) != columns), 0):
        raise DataError(f"{path}, line {bad}: there must be {columns} columns, separated by tabs")
    return rows


def read_with(recognizer: Recognizer, name: str, specs: Sequence[str], track: Track) -> Readings:
    """Read data with a model, and its decoder. name: what the user calls it.

    Raises the errors of loading data, and `UsageError` for a model of single characters and longer texts.
    """
    form = recognizer.alphabet.normalization
    store = load_data(specs, recognizer.preprocessing, track=track, form=form, like_inference=True)
    if isinstance(recognizer, Classifier):
        texts = read_characters(recognizer, store)
    else:
        texts = read_store(recognizer.network, store, recognizer.alphabet, recognizer.decoder)
    return Readings(name, name, tuple(specs), store.ids, store.texts, texts, store.groups, store.problems)


def read_characters(classifier: Classifier, store: Store) -> list[str]:
    """Read a store with a model of single characters. Raises `UsageError` for texts of more than one character."""
    if long := [k for k, text in enumerate(store.texts) if len(text) != 1]:
        raise UsageError(
            f"{len(long)} of {len(store)} samples are not single characters ({store.ids[long[0]]}: "
            f"{store.texts[long[0]]!r:.40}), and {classifier.name} reads single characters: use a line or word model"
        )
    return classify_store(classifier.network, store, classifier.alphabet)


def matched(a: Readings, b: Readings) -> tuple[Readings, Readings]:
    """Bring two readings of the same samples into the order of the first, with references in one normal form.

    Raises `UsageError` if the samples differ, `DataError` if none of them has a text.
    """
    if not any(map(str.strip, a.truths)):
        raise DataError(f"{a.name} has no sample with a text to compare by")
    for form in ("NFC", "NFKC"):  # that of the looser alphabet
        a, b = (
            replace(
                one,
                truths=[normalize(text, form) for text in one.truths],
                texts=[normalize(text, form) for text in one.texts],
            )
            for one in (a, b)
        )
        keys_a, keys_b = (list(zip(one.ids, one.truths)) for one in (a, b))
        order_a, order_b = (sorted(range(len(keys)), key=keys.__getitem__) for keys in (keys_a, keys_b))
        if [keys_a[k] for k in order_a] == [keys_b[k] for k in order_b]:
            place = dict(zip(order_a, order_b))
            return a, b.select([place[k] for k in range(len(order_a))])
    odd = sorted(set(keys_a) ^ set(keys_b)) or sorted(keys_a)
    raise UsageError(
        f"A and B are of different samples: {len(a.ids)} of {' '.join(a.data)} and {len(b.ids)} of {' '.join(b.data)}; "
        f"{odd[0][0]} ('{odd[0][1]}') is not in both. Evaluate both on the same data"
    )
