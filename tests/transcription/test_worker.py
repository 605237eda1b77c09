"""What a worker writes about a page."""

from __future__ import annotations

import pytest

from gluon_htr.transcription.tasks import Task
from gluon_htr.transcription.worker import image_name


@pytest.mark.parametrize(
    ("address", "name", "expected"),
    [
        ("scans/a/b.png", "a/b", "b.png"),
        ("https://e.org/img/b.jpg?w=1", "img/b", "b.jpg"),
        ("https://i.org/2/p7/full/full/0/default.jpg", "ms-12/0007", "0007.jpg"),
    ],
)
def test_pages_of_an_archive_are_told_apart(address: str, name: str, expected: str) -> None:
    """Every PAGE file of a manifest would be of an image `default.jpg`."""
    assert image_name(Task(1, address, name)) == expected
