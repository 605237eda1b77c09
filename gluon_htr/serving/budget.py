"""Budgets that all requests share: bytes of memory, connections to other servers."""

from __future__ import annotations

from .request_errors import busy


class Budget:
    """A limited amount that all requests share."""

    def __init__(self, limit: int) -> None:
        self._limit, self.used = limit, 0

    def take(self, amount: int) -> None:
        """Reserve an amount. Raise `RequestRejected` if there is not enough left."""
        if self.used + amount > self._limit:
            raise busy(1)
        self.used += amount

    def give_back(self, amount: int) -> None:
        """Release a reserved amount."""
        self.used -= amount


class Lease:
    """Part of a budget that one request holds until the end of its `with` block."""

    def __init__(self, budget: Budget) -> None:
        self._budget, self._amount = budget, 0

    def take(self, amount: int) -> None:
        """Reserve more. Raise `RequestRejected` if there is not enough left."""
        self._budget.take(amount)
        self._amount += amount

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *_: object) -> None:
        self._budget.give_back(self._amount)
