"""Verification of a bundle: its golden images are read again, and text and confidence are compared."""

from __future__ import annotations

from dataclasses import dataclass

from ..bundles.reader import Bundle
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


def verify(bundle: Bundle, recognizer: Recognizer) -> list[Finding]:
    """Read all golden images, uncropped, and compare. Raises `ImageError` if one cannot be decoded."""
    findings = []
    for golden in bundle.golden:
        read = recognizer.read(bundle.files[golden.file], whole=True)
        ok = read.text == golden.text and abs(read.confidence - golden.confidence) <= TOLERANCE
        findings.append(Finding(golden.file, read.text, read.confidence, golden.text, golden.confidence, ok))
    return findings
