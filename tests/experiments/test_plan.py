"""Plans: names, settings, and what happens when the file is edited."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import PROJECT, TINY

from gluon_htr import train
from gluon_htr.datasets.spec import parse_spec
from gluon_htr.errors import ConfigurationError, UsageError
from gluon_htr.experiments.plan import PlanFile, PlannedRun, make_plan, prepare, subsampled
from gluon_htr.experiments.schema import load_experiments
from gluon_htr.networks.presets import load_preset

BASE = f"""
[base]
preset = "{TINY}"
data = "iam-words:data?split=train*4"
validation = "iam-words:data?split=validation"
"""


def _plan(folder: Path, more: str = "", fraction: float = 1.0) -> list[PlannedRun]:
    (folder / "e.toml").write_text(BASE + more)
    return make_plan(load_experiments(folder / "e.toml"), folder / "runs", "cpu", fraction)


def test_a_grid_makes_a_run_of_each_combination_of_each_variant(tmp_path: Path) -> None:
    """A combination would be missing from the table, or two would train into one folder."""
    more = "[variants.a]\n[variants.b]\nnetwork.dropout = 0.3\n"
    more += "[grid]\nseed = [0, 1]\ntraining.schedule.rate = [0.01, 0.1]"
    runs = _plan(tmp_path, more)
    assert [run.name for run in runs][:4] == [f"a,seed={seed},rate={rate}" for seed in (0, 1) for rate in (0.01, 0.1)]
    assert len({run.folder for run in runs}) == 8
    prepare(runs[-1])
    preset = load_preset(runs[-1].preset_file)
    assert preset.network.dropout == 0.3
    assert preset.training["schedule"] == {"rate": 0.1, "warmup": 5}  # the other key stays
    arguments = runs[-1].arguments()
    assert arguments[arguments.index("--seed") + 1] == "1"


def test_values_that_make_no_name_are_numbered(tmp_path: Path) -> None:
    """Data with a slash would make folders inside folders, and long lists names that no file system takes."""
    runs = _plan(tmp_path, f'[grid]\ndata = ["mnist:{"x" * 30}", ["mnist:b", "mnist:c"]]\n')
    assert [run.name for run in runs] == ["data=1", "data=2"]
    assert runs[1].data == ["mnist:b", "mnist:c"]


def test_runs_that_differ_in_capitals_only_are_refused(tmp_path: Path) -> None:
    """On some file systems both would train into one folder."""
    with pytest.raises(ConfigurationError, match="two runs"):
        _plan(tmp_path, "[variants.a]\n[variants.A]\n")


@pytest.mark.parametrize(
    ("spec", "share"), [("mnist:x", 0.1), ("mnist:x*4", 0.4), ("mnist:x?split=train*0.5", 0.05), ("mnist:x*1000", 100)]
)
def test_a_subsample_multiplies_the_share_of_a_spec(spec: str, share: float) -> None:
    """A mixture of data would change its proportions."""
    parsed = parse_spec(subsampled(spec, 0.1))
    assert parsed.share == pytest.approx(share)
    assert parsed.options == parse_spec(spec).options


@pytest.mark.parametrize("fraction", [0.0, -1.0, 1.5, float("nan")])
def test_a_fraction_that_is_none_is_refused(fraction: float, tmp_path: Path) -> None:
    """A training without samples, or with more than there are, would begin."""
    with pytest.raises(UsageError, match="--subsample-fraction"):
        _plan(tmp_path, fraction=fraction)


def _mark_as_run(run: PlannedRun) -> None:
    run.folder.mkdir(parents=True)
    (run.folder / "run.toml").write_text("")


def test_only_runs_that_began_with_other_settings_are_refused(tmp_path: Path) -> None:
    """Figures of other settings would go into the table, or an edit of one variant would cost all others."""
    text = "[variants.a]\n[variants.b]\ntraining.epochs = {}\nworkers = {}\n[variants.c]\nseed = {}"
    runs = _plan(tmp_path, text.format(1, 0, 0))
    PlanFile(tmp_path / "runs", runs)
    for run in runs[:2]:
        _mark_as_run(run)
    plan = PlanFile(tmp_path / "runs", _plan(tmp_path, text.format(2, 3, 7)))
    assert list(plan.refused) == ["b"]  # c has not begun
    assert plan.refused["b"].startswith("began with training.epochs 1, not 2:")
    assert plan.entries["c"].settings["seed"] == 7
    assert not PlanFile(tmp_path / "runs", _plan(tmp_path, text.format(1, 3, 7))).refused  # restored; workers are free


def test_a_run_of_another_command_is_not_overwritten(tmp_path: Path) -> None:
    """A training of the user in the same folder would be continued with other settings."""
    runs = _plan(tmp_path)
    _mark_as_run(runs[0])
    assert "another command" in PlanFile(tmp_path / "runs", runs).refused["base"]


def test_a_damaged_plan_is_an_error_in_words(tmp_path: Path) -> None:
    """Users would see a traceback."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "plan.json").write_text('{"runs": [')
    with pytest.raises(ConfigurationError, match="damaged"):
        PlanFile(tmp_path / "runs", _plan(tmp_path))


def test_the_example_can_be_trained(tmp_path: Path) -> None:
    """A user's first sweep would end with an error."""
    runs = make_plan(load_experiments(PROJECT / "examples" / "word_networks.toml"), tmp_path, "cpu", 0.1)
    assert [run.preset_name for run in runs] == ["notebook", "words", "words-conv"]
    for run in runs:
        prepare(run)
        options = train.parser().parse_args(run.arguments())
        assert options.data == ["iam-words:data/iam?split=train*0.1"]
    assert options.budget == 38 * 60
