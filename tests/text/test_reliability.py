"""Confidences are measured against what is right."""

from __future__ import annotations

import numpy as np
import pytest

from gluon_htr.text.reliability import reliability, threshold_for, words_right


def test_the_calibration_error_is_that_of_the_paper() -> None:
    """Figures could not be compared with those of anybody else."""
    sure = [0.95] * 10 + [0.55] * 10
    right = [True] * 9 + [False] + [True] * 3 + [False] * 7
    found = reliability(sure, right)
    assert found.calibration_error == pytest.approx(0.5 * 0.05 + 0.5 * 0.25)
    assert [(one.count, one.right) for one in found.bins] == [(10, 0.3), (10, 0.9)]
    assert reliability([1.0, 0.0], [True, False]).calibration_error == 0


def test_confidences_that_are_true_keep_their_promise() -> None:
    """A person would check too little or too much."""
    random = np.random.default_rng(0)
    sure = random.beta(4, 1, 20_000)
    found = reliability(sure.tolist(), (random.random(20_000) < sure).tolist(), 0.9)
    assert found.calibration_error < 0.01
    assert found.target is not None
    assert found.target.precision == pytest.approx(0.9, abs=0.01)
    assert 0.4 < found.target.coverage < 0.9
    precision = [point.precision for point in found.risk_coverage]
    assert precision[0] > precision[-1] == pytest.approx(found.right)
    assert found.risk_coverage[-1].coverage == 1


@pytest.mark.parametrize(
    ("sure", "threshold"),
    [
        ([0.9, 0.8, 0.7], 0.7),
        ([0.9, 0.8, 0.1], 0.8),
        ([0.5, 0.4], 2.0),
        ([1.0, 0.6, 0.6, 0.6], 1.0),  # equal ones together or not at all
        ([0.79, 0.79], 2.0),
    ],
)
def test_what_is_accepted_is_right_often_enough_on_average(sure: list[float], threshold: float) -> None:
    """The first of several equally sure words would pass, and the others not."""
    assert threshold_for(np.array(sure), 0.8) == threshold


def test_right_words_are_found_behind_a_wrong_one() -> None:
    """After one missing word, all others would count as wrong."""
    assert words_right("a bead in the cab", ["bead", "im", "the", "cab", "!"]) == [True, False, True, True, False]
    assert words_right("", ["x"]) == [False]
    assert words_right("a b", []) == []


def test_nothing_has_no_reliability() -> None:
    """A division by zero would end an evaluation."""
    with pytest.raises(ValueError, match="0 confidences"):
        reliability([], [])
