"""Powers of two as scales: the exponent of every tensor, chosen from its values for real images.

A tensor's numbers are q · 2^-k with q in -128 … 127, one k per tensor, no zero point: the numbers that a DPU multiplies
and shifts (UG1414 3.5, "Quantizing the Model"). There are two ways to choose k, by the names of AMD's quantizers:

- `nonoverflow`: the largest k under which the largest number still fits.
- `minmse`: the k with the smallest mean squared error; a few large numbers may be clipped for finer steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, log2

import numpy as np

METHODS = ("minmse", "nonoverflow")
FINER = 6  # candidates of minmse beyond nonoverflow's: each halves the range
LOW, HIGH = -128, 127
_MAX_EXPONENT = 20  # of an exponent: a tensor of zeros has no scale of its own


def quantized(values: np.ndarray, exponent: int) -> np.ndarray:
    """Round values to integers, to even at halves, clipped to the range of int8; still float64."""
    return np.clip(np.rint(values.astype(np.float64) * 2.0**exponent), LOW, HIGH)


def nonoverflow(largest: float) -> int:
    """Return the largest exponent under which a number of this size fits."""
    return min(_MAX_EXPONENT, floor(log2((HIGH + 0.5) / largest))) if largest > 0 else _MAX_EXPONENT


class SquaredErrors:
    """Sums of squared errors of one tensor under every candidate, over any number of batches."""

    def __init__(self, largest: float) -> None:
        first = nonoverflow(largest)
        self.candidates = range(first, first + FINER) if largest > 0 else range(first, first + 1)
        self.sums = np.zeros(len(self.candidates))

    def add(self, values: np.ndarray) -> None:
        for place, exponent in enumerate(self.candidates):
            error = values - np.float32(2.0**-exponent) * np.clip(
                np.rint(values * np.float32(2.0**exponent)), LOW, HIGH
            )
            self.sums[place] += float(np.square(error, dtype=np.float64).sum())

    @property
    def best(self) -> int:
        """The coarsest of the candidates with the smallest error."""
        return self.candidates[int(self.sums.argmin())]


def exponent_of(values: np.ndarray, method: str) -> int:
    """Choose the exponent of a known tensor: weights and biases."""
    return exponents_of([{"": values}], [""], method)[""]


def exponents_of(batches: Iterable[dict[str, np.ndarray]], names: Iterable[str], method: str) -> dict[str, int]:
    """Choose the exponents of tensors that come in batches; `batches` is iterated twice under `minmse`."""
    largest = dict.fromkeys(names, 0.0)
    for batch in batches:
        for name in largest:
            largest[name] = max(largest[name], float(np.abs(batch[name]).max(initial=0)))
    if method == "nonoverflow":
        return {name: nonoverflow(value) for name, value in largest.items()}
    errors = {name: SquaredErrors(value) for name, value in largest.items()}
    for batch in batches:
        for name, found in errors.items():
            found.add(batch[name])
    return {name: found.best for name, found in errors.items()}
