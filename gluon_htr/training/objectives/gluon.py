"""Objectives in MXNet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..._mxnet import mx
from . import IGNORED, Objective
from .batch import Batch

Loss = Callable[[Any, Batch], Any]  # (logits, batch) → mean loss, a scalar


def loss_function(objective: Objective) -> Loss:
    """Return the loss of an objective; logits are (N, T, C), (N, C) or (N, C, H, W)."""
    return _ctc() if objective == "ctc" else _cross_entropy


def _ctc() -> Loss:
    negative_log_likelihood = mx.gluon.loss.CTCLoss()
    negative_log_likelihood.hybridize(static_alloc=True)

    def loss(logits: Any, batch: Batch) -> Any:
        labels, lengths = mx.nd.array(batch.labels), mx.nd.array(batch.lengths)
        likelihood = negative_log_likelihood(logits, labels, None, lengths).mean()
        if not batch.taught:
            return likelihood
        targets = mx.nd.array(batch.targets)
        certain = targets * mx.nd.log(mx.nd.maximum(targets, np.finfo(np.float32).tiny))
        divergence = (certain - targets * mx.nd.log_softmax(logits, axis=2)).sum((1, 2)).mean()
        return (1 - batch.taught) * likelihood + batch.taught * divergence

    return loss


def _cross_entropy(logits: Any, batch: Batch) -> Any:
    """Compute the mean over all samples, or all pixels, that count."""
    labels = mx.nd.array(batch.labels)
    counted = labels != IGNORED
    chosen = mx.nd.pick(mx.nd.log_softmax(logits, axis=1), mx.nd.maximum(labels, 0), axis=1)
    return -(chosen * counted).sum() / mx.nd.maximum(counted.sum(), 1)
