"""Exponential moving average of the weights (Tarvainen and Valpola 2017), which is scored and kept."""

from __future__ import annotations

from .engines.interface import Arrays

EVERY = 8  # steps between updates: fetching the weights costs more than averaging them


def update(average: Arrays | None, parameters: Arrays, decay: float, step: int) -> Arrays:
    """Compute the average after `step` steps.

    The decay is smaller at first, so that the random initialization is soon forgotten.
    """
    if average is None or decay == 0:
        return parameters
    kept = min(decay**EVERY, step / (step + 10 * EVERY))
    return {name: kept * average[name] + (1 - kept) * value for name, value in parameters.items()}
