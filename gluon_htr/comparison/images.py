"""Images of a few samples of data, as they are there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..datasets.spec import open_spec, parse_spec
from ..errors import ImageError, UsageError
from ..text.normalization import normalize


def images_of(data: Sequence[str], samples: Sequence[tuple[str, str]]) -> list[np.ndarray | None]:
    """Return the image of each sample, (H, W) uint8, or None if it cannot be decoded.

    samples: ids and texts. Raises `UsageError` if none is in the data, and the errors of opening them.
    """
    wanted = {(name, normalize(text, "NFKC")) for name, text in samples}
    found: dict[tuple[str, str], np.ndarray | None] = {}
    for spec in data if wanted else ():
        for sample in open_spec(parse_spec(spec)):
            key = (sample.id, normalize(sample.text, "NFKC"))
            if key in wanted and key not in found:
                try:
                    found[key] = sample.image()
                except ImageError:
                    found[key] = None
            if len(found) == len(wanted):
                break
    if wanted and not found:
        raise UsageError(f"none of the lines to draw is in {' '.join(data)}: the data have changed since")
    return [found.get((name, normalize(text, "NFKC"))) for name, text in samples]
