"""The web page crops lines for training by the numbers that the reader uses."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from gluon_htr.pages import outlines


@pytest.mark.parametrize("name", ["ABOVE", "BELOW", "ALIKE", "HIGHEST", "LOWEST"])
def test_the_page_and_the_reader_crop_alike(name: str) -> None:
    """Corrected lines would be trained on in another height than they are read in."""
    script = (files("gluon_htr.serving") / "static" / "line_crops.js").read_text("utf-8")
    match = re.search(rf"^const {name} = ([\d.]+);", script, re.MULTILINE)
    assert match
    assert float(match[1]) == getattr(outlines, name)
