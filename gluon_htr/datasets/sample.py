"""Samples and readers: the interface of all kinds of data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from .._text_files import printable


@dataclass(frozen=True)
class Sample:
    """A text and the image that shows it.

    id: unique within its source. group: writer, form or letter; splits never cut through a group. Both are printable.
    image: decodes when called and returns (H, W) uint8 gray, 0 = black ink; raises `ImageError` where the image is
    broken. It can be pickled, so that worker processes decode.
    """

    id: str
    text: str
    group: str
    image: Callable[[], np.ndarray]

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", printable(self.id))
        object.__setattr__(self, "group", printable(self.group))


@dataclass(frozen=True)
class Problem:
    """A sample that was left out, and the reason.

    kind: the class of fault, for programs; the reason is for people.
    """

    id: str
    reason: str
    kind: Literal["data", "alphabet", "length"] = "data"

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", printable(self.id))
        object.__setattr__(self, "reason", printable(self.reason))


class Reader(Protocol):
    """A stream of samples with a length; `problems` grows while it is read."""

    @property
    def problems(self) -> list[Problem]: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Sample]: ...


class GeneratedReader(ABC):
    """A reader of generated samples: an endless supply by number, of which it streams the first `count`.

    Sample k is the same for the same spec, in every worker and for every count.
    """

    def __init__(self, count: int) -> None:
        self.problems: list[Problem] = []
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Sample]:
        return (self.sample(index) for index in range(self._count))

    @abstractmethod
    def sample(self, index: int) -> Sample:
        """Draw sample number `index`, which may be beyond `count`."""
