"""Verification of a bundle: its golden images are read again, and text and confidence are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..bundles.reader import Bundle
from ..images.decoding import decode
from .detector import Detector
from .recognizer import Recognizer

TOLERANCE = 0.01  # of a confidence: processors round differently


@dataclass(frozen=True)
class Finding:
    """Comparison of one golden image: recognized and expected text and confidence."""

    file: str
    text: str
    confidence: float
    expected_text: str
    expected_confidence: float
    ok: bool


def verify(bundle: Bundle, model: Recognizer | Detector) -> list[Finding]:
    """Read all golden images, uncropped, and compare. Raises `ImageError` if one cannot be decoded."""
    findings = []
    for golden in bundle.golden:
        text, confidence = _read(model, bundle.files[golden.file])
        same = not text or abs(confidence - golden.confidence) <= TOLERANCE  # older bundles have 1 for an empty text
        ok = text == golden.text and same
        findings.append(Finding(golden.file, text, confidence, golden.text, golden.confidence, ok))
    return findings


def read_golden_page(detector: Detector, png: bytes) -> tuple[str, float]:
    """Return the number of lines on a golden page as a text, and their mean confidence."""
    found = detector.find(decode(png))
    return f"{len(found)} lines", float(np.mean([line.confidence for line in found])) if found else 1.0


def _read(model: Recognizer | Detector, png: bytes) -> tuple[str, float]:
    if isinstance(model, Detector):
        return read_golden_page(model, png)
    read = model.uncalibrated().read(png, whole=True)
    return read.text, read.confidence
