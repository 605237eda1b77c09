"""Objectives in torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..._torch import torch
from . import IGNORED, Objective
from .batch import Batch

Loss = Callable[["torch.Tensor", Batch], "torch.Tensor"]  # (logits, batch) → mean loss, a scalar


def loss_function(objective: Objective) -> Loss:
    """Return the loss of an objective; logits are float32, (N, T, C), (N, C) or (N, C, H, W)."""
    return _ctc if objective == "ctc" else _cross_entropy


def _ctc(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Compute the mean negative log-likelihood of the samples; the blank is the last class.

    With a teacher's posteriors, a share of the loss is the divergence from them (Kullback and Leibler 1951), summed
    over the time steps.
    """
    scores = logits.log_softmax(2).transpose(0, 1)
    steps = torch.full((len(batch.lengths),), scores.shape[0], dtype=torch.long)
    labels = torch.from_numpy(np.maximum(batch.labels, 0).astype(np.int64)).to(logits.device)
    lengths = torch.from_numpy(batch.lengths.astype(np.int64))
    losses = torch.nn.functional.ctc_loss(scores, labels, steps, lengths, scores.shape[2] - 1, "none")
    if not batch.taught:
        return losses.mean()
    targets = torch.from_numpy(batch.targets).to(logits.device)
    divergence = torch.nn.functional.kl_div(scores.transpose(0, 1), targets, reduction="none").sum((1, 2)).mean()
    return (1 - batch.taught) * losses.mean() + batch.taught * divergence


def _cross_entropy(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Compute the mean over all samples, or all pixels, that count."""
    labels = torch.from_numpy(batch.labels.astype(np.int64)).to(logits.device)
    total = torch.nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
    return total / (labels != IGNORED).sum().clamp(min=1)
