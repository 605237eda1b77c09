"""The usual place of IAM, where commands look for it without options."""

from __future__ import annotations

from pathlib import Path

from ...errors import UsageError
from ...images.preprocessing import Preprocessing

IAM = Path("data/iam")


def check_iam(kind: str, purpose: str) -> None:
    """Raise `UsageError` with what to do if IAM is not in its usual place. kind: the data set to fetch."""
    if not IAM.is_dir():
        raise UsageError(
            f"there is no {IAM} to {purpose}: gluon-htr download --dataset {kind} --user NAME fetches it; "
            "or name your own data with --data"
        )


def iam_test(preprocessing: Preprocessing) -> str:
    """Return the spec of IAM's test part for a model: words, or lines. Raises `UsageError` if it is not there."""
    if preprocessing.mode == "character":
        raise UsageError("the model reads single characters: name data to score on with --data")
    kind = "iam-words" if preprocessing.mode == "box" else "iam-lines"
    check_iam(kind, "score on")
    return f"{kind}:{IAM}?split=test"
