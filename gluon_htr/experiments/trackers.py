"""Trackers of experiments: MLflow and Weights & Biases get the settings and the log of each finished run.

Both are imported only when asked for, and configured as usual: `MLFLOW_TRACKING_URI`, `WANDB_MODE`, `WANDB_API_KEY`.
"""

from __future__ import annotations

import hashlib
import importlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..errors import MissingToolError, StorageError

Entries = Sequence[dict[str, Any]]
Send = Callable[[str, str, dict[str, Any], Entries], None]  # group, name, settings and log of a run
MAX_PARAMETER = 500  # characters of a value, of which older MLflows take no more


def _mlflow(module: Any, group: str, name: str, settings: dict[str, Any], journal: Entries) -> None:
    """See https://mlflow.org/docs/latest/tracking.html."""
    module.set_experiment(group)
    with module.start_run(run_name=name):
        module.log_params({key: str(value)[:MAX_PARAMETER] for key, value in settings.items()})
        for step, metrics in _metrics(journal):
            module.log_metrics(metrics, step=step)


def _wandb(module: Any, group: str, name: str, settings: dict[str, Any], journal: Entries) -> None:
    """See https://docs.wandb.ai/ref/python/init. The same run gets the same id, so that a repetition adds nothing."""
    identity = hashlib.sha256(f"{group}\0{name}\0{settings}".encode()).hexdigest()[:16]
    run = module.init(project=group, name=name, id=identity, config=settings, resume="allow")
    for step, metrics in _metrics(journal):
        run.log(metrics, step=step)
    run.finish()


TRACKERS: dict[str, Callable[[Any, str, str, dict[str, Any], Entries], None]] = {"mlflow": _mlflow, "wandb": _wandb}


def load_tracker(name: str) -> Send:
    """Import a tracker; return a function that sends a run to it.

    Raises `MissingToolError` if its package is not installed. The function raises `StorageError` if it fails.
    """
    try:
        module = importlib.import_module(name)
    except ImportError:
        raise MissingToolError(f"{name} is not installed: pip install {name}") from None

    def send(group: str, run: str, settings: dict[str, Any], journal: Entries) -> None:
        try:
            TRACKERS[name](module, group, run, settings, journal)
        except Exception as error:  # of any kind: the tracker is a program of others, and perhaps a network away
            raise StorageError(
                f"{name} did not take {run}: {type(error).__name__}: {' '.join(str(error).split())}"
            ) from None

    return send


def _metrics(journal: Entries) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield the finite numbers of each step, by `event/name`, in the order of the steps."""
    steps: dict[int, dict[str, float]] = {}
    for entry in journal:
        numbers = {
            f"{entry['event']}/{key}": float(value)
            for key, value in entry.items()
            if key not in ("time", "event", "step") and isinstance(value, (int, float)) and math.isfinite(value)
        }
        steps.setdefault(int(entry["step"]), {}).update(numbers)
    yield from ((step, metrics) for step, metrics in sorted(steps.items()) if metrics)
