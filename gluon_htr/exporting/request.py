"""The request of an export, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..bundles.schema import Lines, Words


@dataclass(frozen=True)
class ExportOptions:
    """Options of a bundle.

    task: by default that of the preset. license: the text of LICENSE.txt, by default made from the terms. limitations:
    known limitations. score_on: specs of data to score it on, instead of the run's own score card.
    """

    name: str
    task: Literal["lines", "words"] | None = None
    float16: bool = False
    license: str | None = None
    opset: int = 13
    limitations: str = ""
    score_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class PairFiles:
    """An exported pair from elsewhere: its files, its alphabet, and the preset that defines its preprocessing."""

    symbol: Path
    parameters: Path
    alphabet: Path
    preset: str


@dataclass(frozen=True)
class ExportRequest:
    """A run or a pair, and its export.

    validation: a spec of samples for the parity check, by default that of the run. parts: a folder for the featurizer
    and the tail as separate graphs. trained_on, terms: names of the training data and their terms, by default those of
    the run. calibrated_as: a reader whose temperature and calibration are taken, where the samples have no labels.
    """

    source: Path | PairFiles
    options: ExportOptions
    validation: str | None = None
    parts: Path | None = None
    trained_on: Sequence[str] = ()
    terms: str | None = None
    calibrated_as: Lines | Words | None = None
