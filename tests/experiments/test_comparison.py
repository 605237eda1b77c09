"""Comparison of runs, their tables, curves and trackers, from reports as sweep keeps them."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support import TINY

from gluon_htr.comparison.readings import write_report
from gluon_htr.datasets.store import Store
from gluon_htr.errors import HtrError, MissingToolError, StorageError
from gluon_htr.experiments.comparison import Row, compare_runs, report_of
from gluon_htr.experiments.following import Progress
from gluon_htr.experiments.picture import draw_curves
from gluon_htr.experiments.plan import make_plan
from gluon_htr.experiments.schema import Experiments
from gluon_htr.experiments.table import as_tsv, live_rows, result_rows
from gluon_htr.experiments.trackers import load_tracker

TRUTHS = ["abcdefghij"] * 40
JOURNAL = [
    {"time": 1.0, "event": "train", "step": 5, "loss": 2.5, "rate": 0.1},
    {"time": 2.0, "event": "validation", "step": 10, "cer": 0.5, "wer": float("nan")},
    {"time": 2.0, "event": "note", "step": 10, "text": "so early"},
]


def _rows(folder: Path, texts: dict[str, list[str]], groups: int = 40) -> list[Row]:
    """The comparison of runs that read these texts; the first reads each tenth letter wrong."""
    base = {"preset": str(TINY), "data": "mnist:x", "validation": "mnist:x"}
    runs = make_plan(Experiments(base, {name: {} for name in texts}, {}), folder, "cpu")
    pixels = np.zeros((2, 2), np.uint8)
    samples = [(f"{k}.png", truth, f"w{k % groups}", pixels) for k, truth in enumerate(TRUTHS)]
    for run in runs:
        run.folder.mkdir(parents=True, exist_ok=True)
        (run.folder / "model.params").touch()
        card = {"model": run.name, "data": ["mnist:x"], "samples": len(TRUTHS)}
        write_report(report_of(run), card, Store.collect(samples, []), texts[run.name])
    return compare_runs(runs)


def test_a_real_difference_is_told_from_chance(tmp_path: Path) -> None:
    """A variant would be chosen that is no better, or one that is better left out."""
    first = ["abcdefghi-"] * 40
    chance = ["abcdefgh--", "abcdefghij", *first[2:]]  # one line better, one worse
    rows = _rows(tmp_path, {"first": first, "chance": chance, "good": TRUTHS[:30] + first[30:], "bad": [""] * 40})
    assert [row.verdict for row in rows] == [None, "no real difference", "better", "worse"]
    assert [round(row.cer.value, 6) for row in rows] == [0.1, 0.1, 0.025, 1.0]
    better = rows[2].difference
    assert better is not None
    assert round(better.difference, 6) == -0.075
    assert better.low < -0.075 < better.high < 0
    table = result_rows(rows)
    assert "difference to first" in table[0]
    assert "-7.50 [" in table[3]
    cells = [line.split("\t") for line in as_tsv(rows).splitlines()]
    assert cells[3][:2] + cells[3][5:6] + cells[3][-1:] == ["good", "0.025000", "-0.075000", "better"]


def test_few_writers_prove_nothing(tmp_path: Path) -> None:
    """Lines of one writer are not independent: a variant that suits him would seem better for all."""
    rows = _rows(tmp_path, {"first": ["abcdefghi-"] * 40, "good": TRUTHS}, groups=3)
    assert rows[1].verdict == "too few groups"


def test_many_variants_do_not_make_a_finding_of_chance(tmp_path: Path) -> None:
    """Of twenty variants that are no better, one would be: each has its chance of 5 %."""
    first = ["abcdefghi-"] * 40
    lucky = TRUTHS[:5] + first[5:]  # p is about 0.01
    alone = _rows(tmp_path / "alone", {"first": first, "lucky": lucky})
    others = {f"same {k}".replace(" ", "-"): first for k in range(19)}
    among = _rows(tmp_path / "among", {"first": first, "lucky": lucky, **others})
    assert alone[1].difference == among[1].difference
    assert (alone[1].verdict, among[1].verdict) == ("better", "no real difference")


def test_a_report_older_than_the_weights_is_read_again(tmp_path: Path) -> None:
    """The table would have figures of earlier weights."""
    _rows(tmp_path, {"first": TRUTHS})
    base = {"preset": str(TINY), "data": "mnist:x", "validation": "mnist:x"}
    (run,) = make_plan(Experiments(base, {"first": {}}, {}), tmp_path, "cpu")
    assert compare_runs([run])[0].cer.value == 0
    os.utime(run.folder / "model.params", (2e9, 2e9))
    with pytest.raises(HtrError, match=r"run\.toml"):  # it goes to the model, which is not there
        compare_runs([run])


def test_the_curves_of_all_runs_are_one_picture() -> None:
    """Users would look through a folder for each run; a run without entries would end the command."""
    picture = Image.open(io.BytesIO(draw_curves({"a": JOURNAL, "b": [], "c$": JOURNAL * 2})))
    assert picture.size[0] > 800
    colors = {color for _, color in picture.convert("RGB").getcolors(1 << 20) or []}
    assert (0x1F, 0x77, 0xB4) in colors  # the first line
    assert (0x2C, 0xA0, 0x2C) in colors  # the third one


def test_the_live_table_follows_logs_that_are_being_written(tmp_path: Path) -> None:
    """A line that is half written would be lost, or read twice."""
    lines = [json.dumps(entry) + "\n" for entry in JOURNAL]
    one = Progress("a")
    one.follow(tmp_path)
    (tmp_path / "log.jsonl").write_text(lines[0] + lines[1][:20])
    one.follow(tmp_path)
    assert (one.step, one.loss, one.error) == (5, 2.5, None)
    (tmp_path / "log.jsonl").write_text("".join(lines))
    one.follow(tmp_path)
    assert (one.step, one.error) == (10, 0.5)
    one.begin("gpu:1")
    header, row = live_rows([one])
    assert row.split()[:7] == ["a", "running", "gpu:1", "10", "2.5", "50.00", "%"]
    assert len(header) < 100


class _Tracker(ModuleType):
    """MLflow and W&B, as far as they are used. Both were tried with the real packages; the tests have neither."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.calls: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        if name not in ("set_experiment", "start_run", "log_params", "log_metrics", "init", "log", "finish"):
            raise AttributeError(name)

        def call(*arguments: Any, **more: Any) -> _Tracker:
            self.calls.append((name, arguments, more))
            return self

        return call

    def __enter__(self) -> _Tracker:
        return self

    def __exit__(self, *exception: object) -> None:
        self.calls.append(("end", (), {}))


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_a_tracker_gets_settings_and_finite_figures(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves would have holes or steps in the wrong order, or an upload would end at a NaN."""
    tracker = _Tracker(name)
    monkeypatch.setitem(sys.modules, name, tracker)
    load_tracker(name)("words", "wide", {"training.epochs": 3}, JOURNAL)
    log = [(arguments[0], more["step"]) for call, arguments, more in tracker.calls if call in ("log", "log_metrics")]
    assert log == [({"train/loss": 2.5, "train/rate": 0.1}, 5), ({"validation/cer": 0.5}, 10)]
    assert any("training.epochs" in str(call) for call in tracker.calls)
    assert tracker.calls[-1][0] in ("end", "finish")


def test_a_tracker_that_is_missing_or_fails_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of training would end with a traceback of another program."""
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingToolError, match="pip install wandb"):
        load_tracker("wandb")
    monkeypatch.setitem(sys.modules, "mlflow", ModuleType("mlflow"))
    with pytest.raises(StorageError, match="mlflow did not take wide: AttributeError"):
        load_tracker("mlflow")("words", "wide", {}, JOURNAL)
