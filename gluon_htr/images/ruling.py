"""Lines written on a rule, as in notebooks: it runs along the feet of the letters and through their tails.

The rule above it is drawn, too. The rules of `paper.py` are those of any paper, wherever the letters stand.
"""

from __future__ import annotations

import cv2
import numpy as np

cv2.setNumThreads(1)  # parallelism comes from worker processes

BODY = 0.5  # of the ink of the fullest row: what the rows have in which small letters stand


def baseline(image: np.ndarray) -> int:
    """Return the row under the small letters of a gray line (H, W) uint8, dark on light."""
    ink = int(np.median(image)) - image.astype(np.float32)
    rows = cv2.blur(np.maximum(ink, 0).sum(axis=1)[:, None], (1, 3)).ravel()
    return int(np.flatnonzero(rows >= BODY * rows.max())[-1]) + 1


def write_on_rule(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the line (H, W) uint8 with the rule that it is written on, and the one above where the image shows it."""
    height, width = image.shape
    paper, darkest = float(np.median(image)), float(image.min())
    shade = (int(paper - random.uniform(0.2, 1.0) * (paper - darkest)),)
    thickness = max(1, round(height * random.uniform(0.01, 0.04)))
    y = baseline(image) + random.uniform(-0.03, 0.08) * height
    rise = random.uniform(-0.03, 0.03) * height
    rules = np.full_like(image, 255)
    for down in (0.0, -random.uniform(0.5, 1.2) * height):
        start, end = ((round(16 * x), round(16 * (y + down + up))) for x, up in ((0, -rise), (width, rise)))
        cv2.line(rules, start, end, shade, thickness, cv2.LINE_AA, 4)
    return np.minimum(image, rules)
