"""Beam search over the outputs of CTC, with prefixes merged (Hannun et al. 2014), and with a language model.

All lines of a batch and all prefixes of a beam take a time step at once. Prefixes are told apart by hashes of 64 bits.
The score of a text is the natural logarithm of its probability by the network, summed over all paths, plus what the
language model and the word list add for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from .guidance import UNGUIDED, Guide
from .hashes import START, extended

MIN_PROBABILITY = 1e-4  # of a class at a time step: rarer ones do not extend a prefix
MAX_CLASSES = 24  # that extend a prefix at one time step
MARGIN = 18.0  # below the best prefix of a line, in nats: a prefix that scores less is dropped
NEVER = -1e30  # instead of minus infinity, of which differences are not numbers
NO_SLOT, BEFORE_EMPTY, BEFORE_NO_SLOT = (np.uint64(k) for k in (0, 2, 3))  # hashes that no prefix has


@dataclass(frozen=True)
class Candidate:
    """A text of the beam: class indices in the order of time steps, and its score in nats."""

    labels: tuple[int, ...]
    score: float


@dataclass
class _Beam:
    """Prefixes of N lines, at most B each; arrays are (N, B).

    hashes, parent_hashes: of a prefix, and of it without its last class. nodes: where `_History` has it. last: its last
    class, -1 if it is empty. blank, label: log-probabilities of the paths that end with the blank, or with that class.
    extra: what the guide adds. states: of the guide, (N, B, S).
    """

    hashes: np.ndarray
    parent_hashes: np.ndarray
    nodes: np.ndarray
    last: np.ndarray
    blank: np.ndarray
    label: np.ndarray
    extra: np.ndarray
    states: np.ndarray


class _History:
    """All prefixes that were ever in a beam, each as its last class and the prefix before it."""

    def __init__(self) -> None:
        self._parents, self._labels, self._size = [np.full(1, -1)], [np.full(1, -1)], 1

    def add(self, parents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Add prefixes; return their numbers."""
        self._parents.append(parents)
        self._labels.append(labels)
        self._size += len(parents)
        return np.arange(self._size - len(parents), self._size)

    def labels(self, nodes: list[int]) -> list[tuple[int, ...]]:
        """Return the classes of each prefix."""
        parents, labels = np.concatenate(self._parents), np.concatenate(self._labels)
        found = []
        for node in nodes:
            reversed_labels = []
            while node > 0:
                reversed_labels.append(int(labels[node]))
                node = int(parents[node])
            found.append(tuple(reversed_labels[::-1]))
        return found


def search(log_probabilities: np.ndarray, width: int, guide: Guide = UNGUIDED) -> list[list[Candidate]]:
    """Find the best texts of each line, the best first, at most `width`.

    log_probabilities: (N, T, C), natural logarithms, the blank last.
    """
    if not len(log_probabilities):
        return []
    beam, history = _start(len(log_probabilities), guide), _History()
    positions = np.full(log_probabilities.shape[::2], -1)  # of the choice of a class for a line; filled at each step
    for step, (lines, classes) in enumerate(_choices(log_probabilities)):
        positions[lines, classes] = np.arange(len(lines))
        beam = _advance(beam, log_probabilities[:, step], lines, classes, positions, width, guide, history)
        positions[lines, classes] = -1
    return _candidates(beam, guide, history)


def _start(lines: int, guide: Guide) -> _Beam:
    shape = (lines, 1)
    return _Beam(
        hashes=np.full(shape, START),
        parent_hashes=np.full(shape, BEFORE_EMPTY),
        nodes=np.zeros(shape, np.int64),
        last=np.full(shape, -1),
        blank=np.zeros(shape),
        label=np.full(shape, NEVER),
        extra=np.zeros(shape),
        states=np.broadcast_to(guide.begin, (*shape, len(guide.begin))),
    )


def _choices(log_probabilities: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each time step, return the lines (n,) and classes (n,) of what may extend a prefix."""
    steps, characters = log_probabilities.shape[1], log_probabilities[:, :, :-1]
    likely = characters > np.log(MIN_PROBABILITY)
    for line, step in np.argwhere(likely.sum(axis=2) > MAX_CLASSES):
        best = np.argpartition(characters[line, step], -MAX_CLASSES)[-MAX_CLASSES:]
        likely[line, step] = False
        likely[line, step, best] = True
    at, lines, classes = np.nonzero(likely.transpose(1, 0, 2))
    cuts = np.searchsorted(at, np.arange(steps + 1))
    return [(lines[begin:end], classes[begin:end]) for begin, end in pairwise(cuts.tolist())]


def _advance(
    beam: _Beam,
    scores: np.ndarray,
    lines: np.ndarray,
    classes: np.ndarray,
    positions: np.ndarray,
    width: int,
    guide: Guide,
    history: _History,
) -> _Beam:
    """Take one time step: each prefix stays as it is or is extended by a class, and the best of them remain.

    scores: log-probabilities (N, C) of the step. lines, classes: (n,) choices for extensions. positions: their
    positions by line and class.
    """
    total = np.logaddexp(beam.blank, beam.label)
    blank = np.maximum(total + scores[:, -1:], NEVER)
    again = np.where(beam.last < 0, NEVER, np.take_along_axis(scores, np.maximum(beam.last, 0), axis=1))
    label = np.maximum(beam.label + again, NEVER)
    if not len(lines):
        return replace(beam, blank=blank, label=label)
    longer = np.where(beam.last[lines] == classes[:, None], beam.blank[lines], total[lines])
    longer += scores[lines, classes][:, None]
    _merge(beam, positions, longer, label)
    stays = np.logaddexp(blank, label) + beam.extra
    floor = stays.max(axis=1) - MARGIN
    if stays.shape[1] >= width:
        floor = np.maximum(floor, stays.min(axis=1))
    # what cannot be among the best, whatever the guide says, is dropped before it is asked
    choice, slot = np.nonzero(longer + beam.extra[lines] + guide.most > floor[lines][:, None])
    line, last = lines[choice], classes[choice]
    states, extra = guide.extend(beam.states[line, slot], last)
    old_line, old_slot = np.nonzero(stays > floor[:, None] - 1e-9)
    hashes = beam.hashes[line, slot]
    new = _Beam(
        hashes=_joined(beam.hashes, old_line, old_slot, extended(hashes, last.astype(np.uint64) + np.uint64(1))),
        parent_hashes=_joined(beam.parent_hashes, old_line, old_slot, hashes),
        nodes=_joined(beam.nodes, old_line, old_slot, beam.nodes[line, slot]),
        last=_joined(beam.last, old_line, old_slot, last),
        blank=_joined(blank, old_line, old_slot, np.full(len(line), NEVER)),
        label=_joined(label, old_line, old_slot, longer[choice, slot]),
        extra=_joined(beam.extra, old_line, old_slot, beam.extra[line, slot] + extra),
        states=_joined(beam.states, old_line, old_slot, states),
    )
    return _best(new, np.concatenate([old_line, line]), len(old_line), len(scores), width, history)


def _joined(old: np.ndarray, line: np.ndarray, slot: np.ndarray, new: np.ndarray) -> np.ndarray:
    return np.concatenate([old[line, slot], new])


def _merge(beam: _Beam, positions: np.ndarray, longer: np.ndarray, label: np.ndarray) -> None:
    """Add the paths of extensions (n, B) that make a prefix of the beam to that prefix (N, B), in place."""
    line, shorter, same = np.nonzero(beam.hashes[:, :, None] == beam.parent_hashes[:, None, :])
    choice = positions[line, beam.last[line, same]]
    line, shorter, same, choice = (part[choice >= 0] for part in (line, shorter, same, choice))
    label[line, same] = np.logaddexp(label[line, same], longer[choice, shorter])
    longer[choice, shorter] = 2 * NEVER


def _best(flat: _Beam, line: np.ndarray, old: int, lines: int, width: int, history: _History) -> _Beam:
    """Keep the best prefixes of each line. flat: arrays (n, …) of all prefixes, of which the first `old` are known."""
    scores = np.logaddexp(flat.blank, flat.label) + flat.extra
    order = np.lexsort((-scores, line))
    starts = np.searchsorted(line[order], np.arange(lines))
    rank = np.arange(len(order)) - starts[line[order]]
    kept = (rank < width) & (scores[order] > scores[order][starts][line[order]] - MARGIN)
    order, rank = order[kept], rank[kept]
    fresh = order >= old
    flat.nodes[order[fresh]] = history.add(flat.nodes[order[fresh]], flat.last[order[fresh]])
    return _padded(flat, order, line[order], rank, lines)


def _padded(flat: _Beam, order: np.ndarray, line: np.ndarray, rank: np.ndarray, lines: int) -> _Beam:
    """Arrange prefixes by line and rank; where a line has fewer, slots remain that hold nothing."""
    shape = (lines, int(rank.max()) + 1)

    def arranged(values: np.ndarray, nothing: object) -> np.ndarray:
        result = np.full((*shape, *values.shape[1:]), nothing, values.dtype)
        result[line, rank] = values[order]
        return result

    return _Beam(
        arranged(flat.hashes, NO_SLOT),
        arranged(flat.parent_hashes, BEFORE_NO_SLOT),
        arranged(flat.nodes, 0),
        arranged(flat.last, -1),
        arranged(flat.blank, NEVER),
        arranged(flat.label, NEVER),
        arranged(flat.extra, 0),
        arranged(flat.states, 0),
    )


def _candidates(beam: _Beam, guide: Guide, history: _History) -> list[list[Candidate]]:
    """Return the texts of the beam by their final scores."""
    line, slot = np.nonzero(beam.hashes != NO_SLOT)
    scores = np.logaddexp(beam.blank, beam.label)[line, slot] + beam.extra[line, slot]
    scores = scores + guide.finish(beam.states[line, slot])
    order = np.lexsort((-scores, line))
    texts = history.labels(beam.nodes[line, slot][order].tolist())
    found: list[list[Candidate]] = [[] for _ in range(len(beam.hashes))]
    for k, labels in zip(order.tolist(), texts):
        found[line[k]].append(Candidate(labels, float(scores[k])))
    return found
