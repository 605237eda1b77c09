"""Curves turn confidences into probabilities that hold."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from gluon_htr.text.calibration import MIN_READINGS, Curve, fit
from gluon_htr.text.reliability import reliability


def drawn(count: int, seed: int) -> tuple[list[float], list[bool]]:
    """Readings that are too sure of themselves: right with the square of their confidence."""
    random = np.random.default_rng(seed)
    sure = random.beta(5, 1, count)
    return sure.tolist(), (random.random(count) < sure**2).tolist()


def test_overconfidence_is_taken_back_on_other_readings() -> None:
    """A confidence of 0.98 would still be right nine times in ten."""
    curve = fit(*drawn(2000, 0))
    assert curve is not None
    sure, right = drawn(5000, 1)
    assert reliability(sure, right).calibration_error > 0.1
    calibrated = [curve.of(confidence) for confidence in sure]
    found = reliability(calibrated, right, 0.9)
    assert found.calibration_error < 0.03
    assert found.target is not None
    assert found.target.precision >= 0.88


@pytest.mark.parametrize("seed", range(8))
def test_a_curve_never_descends(seed: int) -> None:
    """The surer of two words would be marked, and the other not."""
    random = np.random.default_rng(seed)
    sure = random.choice([random.random(400), np.round(random.random(400), 1), np.full(400, 0.5)])  # ties as well
    curve = fit(sure.tolist(), (random.random(400) < 0.7).tolist())
    assert curve is not None
    values = [curve.of(x) for x in np.linspace(0, 1, 50)]
    assert values == sorted(values)
    assert 0 <= values[0] <= values[-1] <= 1
    assert msgspec.json.decode(msgspec.json.encode(curve), type=Curve) == curve


def test_readings_that_are_equally_sure_are_right_as_often_as_they_are() -> None:
    """Roundings would decide which of them count."""
    sure = 0.9 + np.arange(400) * 1e-9
    curve = fit(sure.tolist(), [k % 4 != 0 for k in range(400)])
    assert curve is not None
    assert curve.of(0.9) == pytest.approx(0.75, abs=1e-6)


def test_few_readings_make_no_curve() -> None:
    """Chance with twenty lines would be taken for calibration."""
    assert fit(*drawn(MIN_READINGS - 1, 0)) is None
    assert fit([0.5] * 200, [True] * 200) is None


@pytest.mark.parametrize(
    "content",
    [
        {"confidences": [0.1, 0.1], "probabilities": [0.1, 0.2]},
        {"confidences": [0.1, 0.2], "probabilities": [0.3, 0.2]},
        {"confidences": [0.1], "probabilities": [0.1, 0.2]},
        {"confidences": [], "probabilities": []},
        {"confidences": [0.1], "probabilities": [1.5]},
        {"confidences": [0.1] * 65, "probabilities": [0.1] * 65},
    ],
)
def test_curves_of_strangers_are_checked(content: dict[str, list[float]]) -> None:
    """A bundle could make confidences meaningless, or larger than 1."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(content, Curve)
