"""Checkpoints: whole, or the one before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gluon_htr.errors import CheckpointError
from gluon_htr.training.checkpoints import Checkpoint, Progress, load_checkpoint, save_checkpoint
from gluon_htr.training.ordered import BatchPosition


def checkpoint() -> Checkpoint:
    random = np.random.default_rng(0)
    arrays = {"arg:w": random.standard_normal((3, 4)).astype(np.float32), "aux:m": np.ones(2, np.float32)}
    state = {"steps": np.array([7], np.int64), "mean:w": arrays["arg:w"] / 3}
    return Checkpoint(
        arrays,
        {k: v / 2 for k, v in arrays.items()},
        state,
        Progress(BatchPosition(2, 5), 77, 900, 12.5, 0.25, 2, [3], 70),
    )


def test_everything_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    """A resumed run would not be the run that was stopped."""
    save_checkpoint(tmp_path / "last.params", checkpoint())
    loaded = load_checkpoint(tmp_path / "last.params")
    assert loaded.progress == checkpoint().progress
    for group in ("parameters", "average", "optimizer"):
        ours, theirs = getattr(checkpoint(), group), getattr(loaded, group)
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[k], theirs[k]) and ours[k].dtype == theirs[k].dtype for k in ours)


def test_a_fresh_run_without_a_best_comes_back(tmp_path: Path) -> None:
    """A run stopped before its first validation could not go on."""
    fresh = Checkpoint({}, {}, {}, Progress())
    save_checkpoint(tmp_path / "last.params", fresh)
    assert load_checkpoint(tmp_path / "last.params").progress == Progress()


@pytest.mark.parametrize("keep", [0, 10, 100, -1])
def test_a_torn_checkpoint_is_an_error_not_a_crash(keep: int, tmp_path: Path) -> None:
    """A copy that broke off would be trained on."""
    save_checkpoint(tmp_path / "last.params", checkpoint())
    content = (tmp_path / "last.params").read_bytes()
    (tmp_path / "last.params").write_bytes(content[:keep])
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        load_checkpoint(tmp_path / "last.params")


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    """A user would not know which file is gone."""
    with pytest.raises(CheckpointError, match=r"last\.params"):
        load_checkpoint(tmp_path / "last.params")
