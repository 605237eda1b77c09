"""Overlap of the training data of a model with the samples it is scored on, as far as those data are known.

A run names its data by specs: where they still exist, samples and texts are compared. A bundle, and the weights that a
run started from, name theirs without paths: data set and split are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ..bundles.reader import read_description
from ..bundles.run_folder import is_run
from ..datasets.kind import no_set
from ..datasets.kinds import KINDS
from ..datasets.loading import is_generated
from ..datasets.provenance import public_name
from ..datasets.running_text import runs_within, sharing_lines, word_runs
from ..datasets.sample import Sample
from ..datasets.spec import open_spec, parse_spec
from ..errors import HtrError
from ..runtime.loading import find_model
from ..text.normalization import normalize
from ..training.runs import load_run

MAX_SHARED = 0.02  # of the lines may have seven words in a row that are in the training texts, by chance
IAM = ("iam-words", "iam-lines", "iam-forms")  # the same handwriting, cut differently


class Overlap(msgspec.Struct, frozen=True):
    """Overlap of samples with training data.

    known: the training data could be looked at, or at least have names. named: training data of which the samples are
    a part by their names. samples: those that were trained on. lines: those that share words with training texts.
    """

    known: bool
    named: list[str] = []
    samples: int = 0
    lines: int = 0
    first: str = ""  # id of a sample that overlaps
    nameless: list[str] = []  # training data of a bundle that have no name of their own, as listings

    def told(self, count: int) -> str:
        """Describe an overlap with `count` samples in words; empty if it is none."""
        if self.samples:
            return f"{self.samples} of the {count} samples are in its training data ({self.first} is one)"
        if self.named:
            return f"these data are part of its training data by their names ({', '.join(self.named)})"
        if self.lines > MAX_SHARED * count:
            return f"{self.lines} of the {count} texts are also in its training texts ({self.first} is one)"
        if self.nameless:
            return f"it was trained on data without a name ({', '.join(self.nameless)}), which may be these"
        return ""


@dataclass(frozen=True)
class _Training:
    names: list[str] = field(default_factory=list)
    specs: list[str] = field(default_factory=list)


def find_overlap(model: str | Path | None, data: Sequence[str], ids: Sequence[str], texts: Sequence[str]) -> Overlap:
    """Compare samples with the training data of a model. data: specs of the samples."""
    try:
        training = _training(find_model(model))
    except (HtrError, OSError):  # the model of an old report may be gone
        return Overlap(False)
    tests = [name for spec in data if (name := _name(spec))]
    named = [name for name in training.names if any(_is_part(test, name) for test in tests)]
    keys = {(name, normalize(text)) for name, text in zip(ids, texts)}
    seen: set[tuple[str, str]] = set()
    runs, shared = word_runs(texts), set[tuple[str, ...]]()
    known = bool(training.names)
    for spec in training.specs:
        lines = []
        try:
            for sample in _samples(spec):
                lines.append(sample.text)
                if (key := (sample.id, normalize(sample.text))) in keys:
                    seen.add(key)
        except (HtrError, OSError):  # moved or deleted since
            continue
        known = True
        shared |= runs_within(lines, runs)
    found = [name for name, text in zip(ids, texts) if (name, normalize(text)) in seen]
    alike = sharing_lines(texts, shared)
    first = found[0] if found else ids[min(alike)] if alike else ""
    unclear = {name for name in training.names for test in tests if _may_be(test, name)}
    nameless = [] if training.specs else sorted(unclear)
    return Overlap(known, named, len(found), len(alike), first, nameless)


def _training(path: Path) -> _Training:
    if not is_run(path):
        return _Training([source.data for source in read_description(path).training_data])
    run = load_run(path)
    names = [source.data for source in run.start.data]
    return _Training([*names, *(name for spec in run.request.data if (name := _name(spec)))], list(run.request.data))


def _samples(spec: str) -> Iterator[Sample]:
    """Yield the samples of a spec; generated ones have no counterpart."""
    return iter(()) if is_generated(spec) else iter(open_spec(parse_spec(spec)))


def _name(spec: str) -> str:
    try:
        return public_name(spec)
    except (HtrError, OSError):
        return ""


def _is_part(test: str, training: str) -> bool:
    """Test whether data are part of training data by their public names. Other people's listings have no names."""
    (kind, set_name, options), (kind_2, set_name_2, options_2) = _parsed(test), _parsed(training)
    if kind not in KINDS or kind != kind_2 or set_name != set_name_2:
        return False
    if KINDS[kind].generated or not (set_name or KINDS[kind].terms.set_name is no_set):
        return False
    split, split_2 = getattr(options, "split", None), getattr(options_2, "split", None)
    return "all" in (split, split_2) or split == split_2


def _may_be(test: str, training: str) -> bool:
    """Test whether data without a name, such as listings, may be training data that have none, too."""
    (kind, set_name, _), (kind_2, set_name_2, _) = _parsed(test), _parsed(training)
    unnamed = kind in KINDS and not set_name and KINDS[kind].terms.set_name is not no_set
    return unnamed and not KINDS[kind].generated and (kind, set_name) == (kind_2, set_name_2)


def _parsed(name: str) -> tuple[str, str, Any]:
    """Split a public name into kind, set and options; IAM's words and forms count as lines."""
    place, _, query = re.sub(r"\*[0-9.]+$", "", name).partition("?")
    kind, _, set_name = place.partition(":")
    try:
        options = parse_spec(f"{kind}:-?{query}").options
    except HtrError:
        options = None
    return ("iam-lines" if kind in IAM else kind), set_name, options
