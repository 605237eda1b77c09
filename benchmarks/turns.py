"""Contestants measured in turn within one run, so that what disturbs the machine disturbs them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Rates = dict[str, list[float]]


def take_turns(contestants: dict[str, Callable[[], object]], rounds: int, repeats: int, items: int) -> Rates:
    """Items a second of each contestant in each round; a contestant handles `items` at each of its `repeats` calls."""
    for work in contestants.values():
        for _ in range(2):
            work()
    rates: Rates = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            begun = time.perf_counter()
            for _ in range(repeats):
                work()
            rates[name].append(items * repeats / (time.perf_counter() - begun))
    return rates


def ratio(rates: Rates, one: str, other: str) -> dict[str, object]:
    """How many times as fast `one` is as `other`: in each round, and the median."""
    ratios = [a / b for a, b in zip(rates[one], rates[other])]
    return {"rounds": [round(value, 2) for value in ratios], "median": round(statistics.median(ratios), 2)}


def medians(rates: Rates) -> dict[str, float]:
    return {name: round(statistics.median(values), 1) for name, values in rates.items()}
