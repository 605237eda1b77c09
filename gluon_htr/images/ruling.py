"""Lines written on a ruled line, as in notebooks: it runs along the feet of the letters and through their descenders.

The ruled line above is drawn, too. In `paper.py`, ruled lines lie anywhere, independent of the letters.
"""

from __future__ import annotations

import cv2
import numpy as np

cv2.setNumThreads(1)  # parallelism comes from worker processes

BODY = 0.5  # of the ink in the fullest row: rows that small letters occupy have more


def baseline(image: np.ndarray) -> int:
    """Find the row under the small letters of a gray line (H, W) uint8, dark on light."""
    ink = int(np.median(image)) - image.astype(np.float32)
    rows = cv2.blur(np.maximum(ink, 0).sum(axis=1)[:, None], (1, 3)).ravel()
    return int(np.flatnonzero(rows >= BODY * rows.max())[-1]) + 1


def write_on_rule(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw the ruled line under a line (H, W) uint8, and the one above it if the image shows it."""
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
