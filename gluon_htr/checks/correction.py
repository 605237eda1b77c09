"""A corrected copy of data: a folder of images with `labels.tsv`, which `train --data listing:` takes.

Every fault has one correction. Images are straightened and brightened; samples that nothing can repair are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageFilter

from .._storage import atomic_folder
from ..datasets.loading import Track, untracked
from ..datasets.preparation import decoded
from ..errors import DataError, UsageError
from ..text.normalization import normalize
from .appearance import measure, reduced
from .findings import Finding
from .labels import repaired
from .looking import Looked
from .tables import table

LABELS = "labels.tsv"
PER_FOLDER = 1000  # images
MARGIN = 0.15  # of the ink's height: paper left above and below
MIN_MARGIN = 2  # pixels
DEEPEST = 20  # gray of ink once the contrast is stretched
FLAT_PIXELS = 4_000  # of the copy on which paper is looked for
BRUSH = 9  # pixels of that copy: wider than a stroke, odd

LEAVE_OUT = (
    "blank-image", "small-text", "turned-image", "unreadable-image", "blurred-image",
    "several-lines", "contradicting-texts", "duplicate-image",
    "placeholder-text", "markup-in-text", "damaged-text", "mixed-scripts", "empty-text", "same-text", "too-long-text",
    "wrong-length-text", "group-overlap", "image-overlap",
)  # fmt: skip
REPAIRED = ("light-ink", "dark-border", "low-contrast", "loose-crop", "shadow", "askew", "wrong-encoding")


@dataclass(frozen=True)
class Corrected:
    """Counts of a correction: samples that were written, that were changed, and that were left out."""

    written: int
    changed: int
    left_out: int


def correct(
    seen: Looked,
    findings: Sequence[Finding],
    folder: Path,
    texts: Mapping[str, str] = MappingProxyType({}),
    track: Track = untracked,
) -> Corrected:
    """Write a corrected copy of data into a new folder.

    texts: corrected ones, by the ids of samples; samples whose text is then empty are left out. Raises `UsageError` if
    the folder exists, `DataError` if nothing would be left.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists already: name a new folder")
    out = _numbers(findings, LEAVE_OUT) | {look.number for look in seen.looks if look.appearance is None}
    repairs = {name: _numbers(findings, [name]) for name in REPAIRED}
    out |= {look.number for look in seen.looks if texts.get(look.id) == ""}
    kept = len(seen.looks) - len(out)
    if not kept:
        raise DataError("no sample would be left: the findings say what is wrong with each")
    changed = 0
    with atomic_folder(folder) as place, track("correct", len(seen.looks)) as advance:
        rows = []
        for look, sample in zip(seen.looks, seen.samples()):
            advance(1)
            if look.number in out:
                continue
            wrong = {name for name, numbers in repairs.items() if look.number in numbers}
            text = normalize(repaired(look.raw)) if "wrong-encoding" in wrong else look.text
            text = texts.get(look.id, text)
            changed += bool(wrong) or text != look.text
            stem = f"-{Path(look.place).stem}" * bool(seen.pictures)
            name = f"{look.number // PER_FOLDER:04}/{look.number:07}{stem}.png"
            (place / name).parent.mkdir(exist_ok=True)
            Image.fromarray(_repaired(decoded(sample), wrong)).save(place / name)
            rows.append((name, text, look.group))
        if not seen.pictures:
            (place / LABELS).write_bytes(table(("path", "text", "group"), rows))
    return Corrected(kept, changed, seen.total - kept)


def _numbers(findings: Iterable[Finding], names: Sequence[str]) -> set[int]:
    return {number for finding in findings if finding.name in names for number in finding.numbers}


def _repaired(image: np.ndarray, wrong: set[str]) -> np.ndarray:
    """Apply the corrections of an image in the order in which they depend on each other."""
    for name, repair in _REPAIRS.items():
        if name in wrong:
            image = repair(image)
    return image


def _inverted(image: np.ndarray) -> np.ndarray:
    return np.uint8(255) - image


def _without_border(image: np.ndarray) -> np.ndarray:
    top, bottom, left, right = measure(image).border
    height, width = image.shape
    return np.ascontiguousarray(image[top : height - bottom, left : width - right])


def _flattened(image: np.ndarray) -> np.ndarray:
    """Make the paper equally bright: divide by what is bright nearby."""
    small, _ = reduced(image, FLAT_PIXELS)
    bright = Image.fromarray(np.ascontiguousarray(small)).filter(ImageFilter.MaxFilter(BRUSH))
    smooth = bright.filter(ImageFilter.BoxBlur(BRUSH // 2)).resize(
        (image.shape[1], image.shape[0]), Image.Resampling.BILINEAR
    )
    paper = np.maximum(np.asarray(smooth, np.float32), 1)
    return np.minimum(255, image * (np.float32(255) / paper)).astype(np.uint8)


def _stretched(image: np.ndarray) -> np.ndarray:
    """Stretch the grays between ink and paper."""
    paper = float(np.median(image))
    ink = paper - max(1.0, measure(image).contrast)
    scaled = (image.astype(np.float32) - ink) * ((255 - DEEPEST) / (paper - ink)) + DEEPEST
    return np.clip(scaled, 0, 255).astype(np.uint8)


def _level(image: np.ndarray) -> np.ndarray:
    """Shift the columns so that the ink does not rise or fall."""
    slope, (height, width) = measure(image).slope, image.shape
    rise = int(np.ceil(abs(slope) * width))
    paper = int(np.median(image))
    tall = np.full((height + 2 * rise, width), paper, np.uint8)
    tall[rise : rise + height] = image
    start = -slope * width / 2
    moved = Image.fromarray(tall).transform(
        (width, len(tall)), Image.Transform.AFFINE, (1, 0, 0, slope, 1, start), Image.Resampling.BILINEAR, 1, paper
    )
    return _cropped(np.asarray(moved))


def _cropped(image: np.ndarray) -> np.ndarray:
    """Crop the rows to those of the ink, with a margin."""
    seen = measure(image)
    margin = max(MIN_MARGIN, round(MARGIN * seen.ink_height))
    return np.ascontiguousarray(image[max(0, seen.ink_top - margin) : seen.ink_top + seen.ink_height + margin])


#: By name of the fault, in the order in which they are applied.
_REPAIRS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "light-ink": _inverted,
    "dark-border": _without_border,
    "shadow": _flattened,
    "low-contrast": _stretched,
    "askew": _level,
    "loose-crop": _cropped,
}
