"""The training loop with a fake engine: when it validates, stops, keeps weights and continues."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from fakes import ALPHABET, FakeEngine, fake_batches, fake_run, spelled_store

from gluon_htr.errors import DivergenceError, TeamError
from gluon_htr.graphs.params import load_parameters
from gluon_htr.training import loop
from gluon_htr.training.loop import Callbacks, Trainer
from gluon_htr.training.runs import Run
from gluon_htr.training.team import Team
from gluon_htr.training.validation import TextExamination, TextValidation

pytest.importorskip("tomli_w")

TRAIN = spelled_store(["ab", "ba", "a", "b"] * 16)  # sixteen steps an epoch
VALIDATION = TextValidation(spelled_store(["ab", "ba", "a", "b"] * 4), ALPHABET)
STEPS = 16


def trainer(run: Run, skill: Callable[[int], float], **engine: object) -> Trainer:
    """A trainer of the fake engine over `TRAIN`."""
    return Trainer(run, FakeEngine(skill, **engine), fake_batches(TRAIN), VALIDATION)  # type: ignore[arg-type]


def validations(run: Run) -> list[tuple[int, float]]:
    """(epoch, CER) of every validation in the log."""
    entries = [json.loads(line) for line in (run.path / "log.jsonl").read_text().splitlines()]
    return [(entry["epoch"], entry["cer"]) for entry in entries if entry["event"] == "validation"]


def published(run: Run) -> float:
    """How many samples the weights read that the run offers to readers."""
    return float(load_parameters(run.parameters)["arg:reads"][0])


def test_a_training_ends_after_its_epochs_with_the_best_weights(tmp_path: Path) -> None:
    """The last weights would be kept, though the network had got worse."""
    run = fake_run(tmp_path)
    training = trainer(run, lambda step: {16: 8, 32: 12, 48: 4, 64: 2}.get(step, 0))
    assert training.finish(Callbacks())
    assert training.progress.step == 4 * STEPS
    assert [epoch for epoch, _ in validations(run)] == [1, 2, 3, 4]
    assert published(run) == 12
    found = training.final_examination()
    assert isinstance(found, TextExamination)
    assert sum(map(bool, found.texts)) == 12
    assert found.card.cer.value == pytest.approx(min(cer for _, cer in validations(run)))


@pytest.mark.parametrize(("patience", "epochs"), [(0, 8), (1, 4), (3, 6)])
def test_patience_counts_epochs_without_a_better_score(patience: int, epochs: int, tmp_path: Path) -> None:
    """A training would end at the first bad epoch, or never."""
    run = fake_run(tmp_path, epochs=8, patience=patience)
    training = trainer(run, lambda step: 8 if step >= 2 * STEPS else step / 16)  # nothing better after epoch 2
    assert training.finish(Callbacks())
    assert training.progress.step == epochs * STEPS


def test_patience_says_when_it_ends_the_training(tmp_path: Path) -> None:
    """A user would wait for epochs that never come."""
    run, messages, left = fake_run(tmp_path, epochs=8, patience=2), list[str](), list[int]()
    training = trainer(run, lambda step: 8 if step else 0)
    callbacks = Callbacks(on_message=messages.append, on_patience=left.append)
    assert training.finish(callbacks)
    assert left == [0, 2 * STEPS, STEPS, 0]
    told = [message for message in messages if "patience ends the training at epoch 4" in message]
    assert [message.partition(":")[0] for message in told] == ["epoch 2", "epoch 3"]
    assert training.progress.step == 4 * STEPS


def test_validations_take_a_bounded_part_of_the_time(tmp_path: Path) -> None:
    """Whoever trains on few lines and validates on many would mostly wait."""
    run = fake_run(tmp_path, epochs=12)
    many = TextValidation(spelled_store(["ab"] * 128), ALPHABET)  # four times as many are trained on in between
    training = Trainer(run, FakeEngine(lambda step: 4), fake_batches(TRAIN), many)
    assert training.finish(Callbacks())
    assert [epoch for epoch, _ in validations(run)] == [8, 12]


def test_a_loss_that_is_not_a_number_ends_the_training_with_the_sample(tmp_path: Path) -> None:
    """Weights of NaN would be saved over good ones."""
    run = fake_run(tmp_path)
    training = trainer(run, lambda step: step / 8, losses={20: math.nan})
    with pytest.raises(DivergenceError, match=r"epoch 2.*id-"):
        training.finish(Callbacks())
    assert load_parameters(run.last)["parameters/arg:reads"][0] == 2  # of the last validation, before it
    assert training.progress.step == 20


def test_a_stop_request_saves_and_a_resumed_run_sees_what_it_would_have_seen(tmp_path: Path) -> None:
    """A run that was interrupted would repeat or skip samples, or end with other weights."""

    def skill(step: int) -> float:
        return step % 13

    whole = fake_run(tmp_path / "whole")
    undisturbed = FakeEngine(skill)
    assert Trainer(whole, undisturbed, fake_batches(TRAIN), VALIDATION).finish(Callbacks())

    run, steps = fake_run(tmp_path / "stopped"), iter(range(100))
    first = FakeEngine(skill)
    stopped = Trainer(run, first, fake_batches(TRAIN), VALIDATION)
    assert not stopped.finish(Callbacks(should_stop=lambda: next(steps) == 22))
    assert len(first.seen) == 23
    second = FakeEngine(skill)
    resumed = Trainer(run, second, fake_batches(TRAIN), VALIDATION)
    resumed.resume()
    assert resumed.finish(Callbacks())
    seen = first.seen + second.seen
    assert [(seed, labels) for seed, labels, _ in seen] == [(seed, labels) for seed, labels, _ in undisturbed.seen]
    np.testing.assert_allclose([rate for *_, rate in seen], [rate for *_, rate in undisturbed.seen])
    assert validations(run) == validations(whole)
    assert published(run) == published(whole)


def test_resuming_publishes_the_best_weights_again(tmp_path: Path) -> None:
    """A run that was killed between two files would offer weights that belong to no validation."""
    run = fake_run(tmp_path)
    training = trainer(run, lambda step: step / 8)
    steps = iter(range(100))
    assert not training.finish(Callbacks(should_stop=lambda: next(steps) == 20))
    good = published(run)
    run.parameters.unlink()
    resumed = trainer(run, lambda step: step / 8)
    resumed.resume()
    assert published(run) == good


def test_a_training_from_other_weights_keeps_them_unless_it_is_better_beyond_chance(tmp_path: Path) -> None:
    """A hand that was read well would be read worse after adapting."""
    worse = fake_run(tmp_path / "worse", init="other")
    training = trainer(worse, lambda step: 12 if step == 0 else 11)
    assert training.finish(Callbacks())
    assert not training.gained
    assert published(worse) == 12
    start, lowest = training.progress.start_error, training.progress.lowest
    assert start is not None
    assert lowest is not None
    assert start < lowest
    better = fake_run(tmp_path / "better", init="other")
    training = trainer(better, lambda step: 2 if step == 0 else 14)
    assert training.finish(Callbacks())
    assert training.gained
    assert published(better) == 14


def test_a_budget_ends_a_training_within_an_epoch_and_validates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training of ten minutes would go on for hours, or end without a score."""
    clock = iter(range(10_000))
    monkeypatch.setattr(loop.time, "monotonic", lambda: float(next(clock)))  # a second at each look
    run = fake_run(tmp_path, budget=50.0, epochs=1000)
    training = trainer(run, lambda step: 8)
    assert training.finish(Callbacks())
    assert training.progress.step < 60
    assert training.progress.validated == training.progress.step
    assert published(run) == 8


def test_a_network_that_only_emits_blanks_is_explained(tmp_path: Path) -> None:
    """A beginner would take the first plateau for a fault, or a collapse for a plateau."""
    messages: list[str] = []
    assert trainer(fake_run(tmp_path), lambda step: 0).finish(Callbacks(on_message=messages.append))
    assert sum("blanks" in message for message in messages) == 4


def test_callbacks_hear_of_every_step(tmp_path: Path) -> None:
    """A progress bar would stand still, or run past its end."""
    started: list[tuple[int, int]] = []
    steps: list[tuple[int, float, float]] = []
    callbacks = Callbacks(
        on_start=lambda total, done: started.append((total, done)),
        on_step=lambda samples, loss, share: steps.append((samples, loss, share)),
    )
    assert trainer(fake_run(tmp_path), lambda step: 4).finish(callbacks)
    assert started == [(4 * len(TRAIN), 0)]
    assert sum(samples for samples, *_ in steps) == 4 * len(TRAIN)
    shares = [share for *_, share in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1


class _Breaking(Team):
    """A team that loses another process at its n-th sum."""

    def __init__(self, last: int) -> None:
        self._left = last

    def total(self, values: Sequence[float]) -> list[float]:
        self._left -= 1
        if self._left < 0:
            raise TeamError("another process has ended")
        return list(values)


@pytest.mark.parametrize("sums", [5, 16, 21])  # within an epoch, at its validation, in the next one
def test_a_lost_process_leaves_a_checkpoint_that_repeats_nothing(sums: int, tmp_path: Path) -> None:
    """Batches would be trained on twice, or a validation be left out, after a machine was lost."""

    def skill(step: int) -> float:
        return step / 8

    whole = fake_run(tmp_path / "whole")
    assert trainer(whole, skill).finish(Callbacks())
    run = fake_run(tmp_path / "run")
    broken = Trainer(run, FakeEngine(skill), fake_batches(TRAIN), VALIDATION, _Breaking(sums))
    with pytest.raises(TeamError):
        broken.finish(Callbacks())
    again = trainer(run, skill)
    if run.last.exists():
        again.resume()
        assert again.progress.step == 16 * (sums > 17)
    assert again.finish(Callbacks())
    assert dict(validations(run)) == dict(validations(whole))
    assert published(run) == published(whole)
