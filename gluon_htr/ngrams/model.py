"""N-gram model with backoff, as a trie that is queried for many contexts at once.

A node of the trie is a sequence of symbols that the model knows. Nodes are numbered level by level, and within a level
by their parent and last symbol: `parent * symbols + symbol` increases with the number of the node, so that one binary
search finds a child. Node 0 is the empty sequence. A state is the node of the longest context that matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

Unit = Literal["characters", "words"]

UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"
SPECIAL = (UNKNOWN, BEGIN, END)  # the first symbols of every model


@dataclass(frozen=True)
class Trie:
    """Arrays of a model, level by level, without the root. All symbols in order are the first level.

    levels: number of nodes of each order. symbols: last symbol of each node. children: number of continuations of each
    node above the last level. log_probabilities: natural logarithm of the probability of each node's last symbol after
    those before it. log_backoffs: of each node above the last level, the logarithm of the factor for the probabilities
    after a shorter context, for symbols that are not among its children.
    """

    levels: tuple[int, ...]
    symbols: np.ndarray
    children: np.ndarray
    log_probabilities: np.ndarray
    log_backoffs: np.ndarray


@dataclass(frozen=True)
class NGramModel:
    """A model of characters or words.

    Attributes:
        unit: Kind of its symbols.
        tokens: Text of each symbol; `SPECIAL` come first.
        trie: Its numbers.
    """

    unit: Unit
    tokens: tuple[str, ...] = field(repr=False)
    trie: Trie = field(repr=False)

    @property
    def order(self) -> int:
        """Number of symbols of the longest sequences."""
        return len(self.trie.levels)

    def __len__(self) -> int:
        return int(sum(self.trie.levels))

    @cached_property
    def index(self) -> dict[str, int]:
        """Symbol of each token."""
        return {token: symbol for symbol, token in enumerate(self.tokens)}

    @cached_property
    def parents(self) -> np.ndarray:
        """Parent of each node but the root."""
        first, children = self.trie.levels[0], self.trie.children
        inner = np.arange(1, len(children) + 1, dtype=np.int32)
        return np.concatenate([np.zeros(first, np.int32), np.repeat(inner, children)])

    @cached_property
    def keys(self) -> np.ndarray:
        """Increasing numbers (nodes,) by which a node other than the root is found: its parent and last symbol."""
        return self.parents.astype(np.int64) * len(self.tokens) + self.trie.symbols

    @cached_property
    def suffixes(self) -> np.ndarray:
        """Longest node that a node ends with, other than itself."""
        suffixes = np.zeros(len(self) + 1, np.int32)
        start = self.trie.levels[0] + 1
        for count in self.trie.levels[1:]:
            nodes = np.arange(start, start + count)
            symbols, contexts = self.trie.symbols[nodes - 1], suffixes[self.parents[nodes - 1]]
            while len(nodes):
                found, node = self._child(contexts, symbols)
                suffixes[nodes[found]] = node[found]
                nodes, symbols, contexts = nodes[~found], symbols[~found], suffixes[contexts[~found]]
            start += count
        return suffixes

    @cached_property
    def _states(self) -> np.ndarray:
        """State after each node: itself, or the longest node that it ends with and that changes what may follow."""
        matters = (self.trie.children > 0) | (self.trie.log_backoffs != 0)
        inner = np.concatenate([[True], matters, np.zeros(self.trie.levels[-1], bool)])
        states = np.arange(len(self) + 1, dtype=np.int32)
        start = 1
        for count in self.trie.levels:  # what a node ends with is of a level above
            nodes = slice(start, start + count)
            states[nodes] = np.where(inner[nodes], states[nodes], states[self.suffixes[nodes]])
            start += count
        return states

    @cached_property
    def _backoffs(self) -> np.ndarray:
        return np.concatenate([np.zeros(1, np.float32), self.trie.log_backoffs.astype(np.float32)])

    def _child(self, states: np.ndarray, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return which pairs of state and symbol are nodes, and those nodes."""
        keys = states.astype(np.int64) * len(self.tokens) + symbols
        position = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return self.keys[position] == keys, (position + 1).astype(np.int32)

    @cached_property
    def begin(self) -> int:
        """State at the beginning of a line."""
        return int(self._states[1 + SPECIAL.index(BEGIN)])

    def step(self, states: np.ndarray, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the natural logarithms of the probabilities (n,) float32 of symbols (n,) after states (n,), and the
        states (n,) int32 after them.
        """
        found, nodes = self._child(states, symbols)
        scores = np.zeros(len(nodes), np.float32)
        missing = np.flatnonzero(~found)
        if len(missing):
            contexts, wanted = states[missing], symbols[missing]
            while len(missing):
                scores[missing] += self._backoffs[contexts]
                contexts = self.suffixes[contexts]
                found, hits = self._child(contexts, wanted)
                nodes[missing[found]] = hits[found]
                missing, contexts, wanted = missing[~found], contexts[~found], wanted[~found]
        scores += self.trie.log_probabilities[nodes - 1]
        return scores, self._states[nodes]

    def score(self, lines: list[np.ndarray], ends: bool = True) -> np.ndarray:
        """Return the log-probabilities (n,) float64 of lines of symbols, with the end of the line if `ends`."""
        end = SPECIAL.index(END)
        lines = [np.append(line, end) if ends else line for line in lines]
        order = np.argsort([-len(line) for line in lines], kind="stable")
        lengths = np.array([len(lines[k]) for k in order], np.int64)
        totals, states = np.zeros(len(lines)), np.full(len(lines), self.begin, np.int32)
        for position in range(lengths[0] if len(lengths) else 0):
            live = int(np.count_nonzero(lengths > position))
            symbols = np.array([lines[k][position] for k in order[:live]], np.int64)
            scores, states[:live] = self.step(states[:live], symbols)
            totals[order[:live]] += scores
        return totals
