"""Comparison of the runs on the validation data: each with the first one, by the paired bootstrap of `compare`.

A comparison of several runs is several tests. Holm's correction (Holm 1979) keeps the chance of one false finding
among them at 5 %; the intervals are those of each test alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import msgspec

from .._storage import only_writer
from ..bundles.run_folder import PARAMETERS
from ..comparison.differences import MIN_GROUPS, Comparison, Difference, compare, significant
from ..comparison.readings import SCORES, Readings, matched, read_report, write_report
from ..datasets.loading import Track, load_data, untracked
from ..datasets.store import Store
from ..errors import DataError
from ..runtime.classifier import Classifier
from ..runtime.loading import load
from ..runtime.stores import classify_store, read_store
from ..text.metrics import Figure, score
from .plan import PlannedRun

Verdict = Literal["better", "worse", "no real difference", "too few groups"]


class Row(msgspec.Struct, frozen=True):
    """A run in the comparison. difference: to the first one, in the character error rate; None for itself."""

    name: str
    samples: int
    cer: Figure
    wer: Figure
    difference: Difference | None = None
    verdict: Verdict | None = None


def compare_runs(
    runs: Sequence[PlannedRun], threads: int | None = None, track: Track = untracked, say: Callable[[str], object] = id
) -> list[Row]:
    """Read the validation data with each run, and compare. Raises the errors of reading.

    What a run has read is kept as a report in `reports/NAME`, and is read again only if its weights are newer.
    """
    first: Readings | None = None
    found: list[tuple[PlannedRun, Readings, Comparison | None]] = []
    for run in runs:
        readings = _readings(run, threads, track, say)
        if first is None:
            first = readings
            found.append((run, readings, None))
            continue
        a, b = matched(first, readings)
        found.append((run, readings, compare(a.truths, a.texts, b.texts, a.groups)))
    tested = [one for _, _, one in found if one is not None]
    real = iter(significant([one.cer.p for one in tested]))
    return [_row(run.name, readings, one, one is not None and next(real)) for run, readings, one in found]


def _row(name: str, readings: Readings, found: Comparison | None, real: bool) -> Row:
    card = score(readings.truths, readings.texts, readings.groups)
    if found is None:
        return Row(name, card.samples, card.cer, card.wer)
    verdict: Verdict = "no real difference"
    if found.groups < MIN_GROUPS:
        verdict = "too few groups"
    elif real:
        verdict = "better" if found.cer.difference < 0 else "worse"
    return Row(name, card.samples, card.cer, card.wer, found.cer, verdict)


def report_of(run: PlannedRun) -> Path:
    """Return the folder with what a run reads in the validation data."""
    return run.folder.parent / "reports" / run.name


def _readings(run: PlannedRun, threads: int | None, track: Track, say: Callable[[str], object]) -> Readings:
    folder, validation = report_of(run), run.settings.validation
    weights = run.folder / PARAMETERS
    if (folder / SCORES).is_file() and (folder / SCORES).stat().st_mtime_ns >= weights.stat().st_mtime_ns:
        try:
            kept = read_report(folder)
        except DataError:  # damaged: it is written again
            kept = None
        if kept and list(kept.data) == [validation]:
            return replace(kept, name=run.name)
    store, texts = _read(run.folder, validation, threads, track)
    if not len(store):
        raise DataError(f"{validation} has no sample that can be read")
    if store.problems:
        say(f"{run.name}: {len(store.problems)} validation samples were left out, see {folder}/left_out.tsv")
    card = msgspec.to_builtins(score(store.texts, texts, store.groups))
    with only_writer(folder):
        write_report(folder, {"model": str(run.folder), "data": [validation], **card}, store, texts)
    return Readings(run.name, str(run.folder), (validation,), store.ids, store.texts, texts, store.groups)


def _read(folder: Path, spec: str, threads: int | None, track: Track) -> tuple[Store, list[str]]:
    model = load(folder, threads=threads)
    form = model.alphabet.normalization
    if isinstance(model, Classifier):
        store = load_data([spec], model.preprocessing, track=track, form=form)
        return store, classify_store(model.network, store, model.alphabet)
    store = load_data([spec], model.preprocessing, track=track, form=form, like_inference=True)
    return store, read_store(model.network, store, model.alphabet)
