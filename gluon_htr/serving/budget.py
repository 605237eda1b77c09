"""What all requests lease and none may have alone: bytes of memory, connections to other servers."""

from __future__ import annotations

from .request_errors import busy


class Budget:
    """So much, and no more."""

    def __init__(self, most: int) -> None:
        self._most, self.taken = most, 0

    def take(self, amount: int) -> None:
        """Raises `RequestRejected` where it is not there."""
        if self.taken + amount > self._most:
            raise busy(1)
        self.taken += amount

    def give_back(self, amount: int) -> None:
        """What was taken."""
        self.taken -= amount


class Lease:
    """What one request has of it; given back when its block ends."""

    def __init__(self, allowance: Budget) -> None:
        self._allowance, self._amount = allowance, 0

    def take(self, amount: int) -> None:
        """Raises `RequestRejected` where it is not there."""
        self._allowance.take(amount)
        self._amount += amount

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *_: object) -> None:
        self._allowance.give_back(self._amount)
