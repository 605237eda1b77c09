"""Natural spacing from tokens."""

from __future__ import annotations

import pytest

from gluon_htr.datasets.iam.spacing import natural


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ('said , " I am here " .', 'said, "I am here".'),
        ("does n't it 's fine", "doesn't it's fine"),
        ("( a b ) c ; d", "(a b) c; d"),
        ("the boys ' room", "the boys' room"),
        ('" A " and " B "', '"A" and "B"'),
        ("", ""),
    ],
)
def test_tokens_are_joined_as_people_write(tokens: str, text: str) -> None:
    """A model trained on ascii tables would write blanks before punctuation."""
    assert natural(tokens.split()) == text
