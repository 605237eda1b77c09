"""Reader that composites the images of another reader onto simulated photographed paper."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..errors import MissingToolError
from ..images.augmentation_settings import PaperSettings
from .sample import Problem, Reader, Sample


@dataclass(frozen=True)
class OnPaper:
    """An image that is put on paper when it is called. Can be pickled."""

    image: Callable[[], np.ndarray]
    seed: tuple[int, int]

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8. Raises the errors of the image, and `MissingToolError` without OpenCV."""
        try:
            from ..images.paper import on_paper
        except ImportError:
            raise MissingToolError("paper needs OpenCV: pip install 'gluon-htr[train]'") from None
        return on_paper(self.image(), PaperSettings(), np.random.default_rng(self.seed))


class OnPaperReader:
    """The samples of another reader on paper, which is drawn from `seed` and their ids."""

    def __init__(self, reader: Reader, seed: int) -> None:
        self._reader, self._seed = reader, seed

    @property
    def problems(self) -> list[Problem]:
        return self._reader.problems

    def __len__(self) -> int:
        return len(self._reader)

    def __iter__(self) -> Iterator[Sample]:
        for sample in self._reader:
            seed = self._seed, zlib.crc32(sample.id.encode("utf-8", "surrogateescape"))
            yield replace(sample, image=OnPaper(sample.image, seed))
