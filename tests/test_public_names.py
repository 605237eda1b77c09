"""The public names of the package: what a user imports, and what the documentation shows."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest
from support import PROJECT

import gluon_htr
from gluon_htr import errors
from gluon_htr.text.metrics import score

NAMES = [
    "Document", "HtrError", "ImageError", "ModelError", "PageReader", "Recognition", "Recognizer", "UsageError",
    "__version__", "cer", "errors", "load", "load_reader", "wer",
]  # fmt: skip
REFERENCES = ["letter", "a long journey", "caf\u00e9", ""]
PREDICTIONS = ["latter", "a lung journey", "cafe\u0301", "x"]


def test_the_public_names_are_these():
    """A name could be dropped, or become public by accident, unnoticed."""
    assert sorted(gluon_htr.__all__) == NAMES
    assert dir(gluon_htr) == NAMES
    assert all(getattr(gluon_htr, name) is not None for name in NAMES)


def test_the_package_alone_imports_nothing_heavy():
    """Every program that imports the package would wait for numpy."""
    code = "import sys, gluon_htr; sys.exit('numpy' in sys.modules or 'cer' not in dir(gluon_htr))"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0


@pytest.mark.parametrize("name", ["", *(name for name in NAMES if name != "__version__" and "Error" not in name)])
def test_every_example_works(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first lines that a newcomer copies would fail."""
    monkeypatch.chdir(PROJECT)
    documented = getattr(gluon_htr, name) if name else gluon_htr
    examples = doctest.DocTestFinder(recurse=False).find(documented, name or "gluon_htr", globs={})
    if isinstance(documented, type):
        examples += doctest.DocTestFinder().find(documented, name, globs={})[1:]
    assert any(test.examples for test in examples), name
    for test in examples:
        assert doctest.DocTestRunner().run(test).failed == 0


def test_error_rates_are_those_of_a_score_card():
    """A user's figures would differ from those of `evaluate`."""
    card = score(REFERENCES, PREDICTIONS, ["a", "b", "c", "d"])
    assert gluon_htr.cer(REFERENCES, PREDICTIONS) == pytest.approx(card.cer.value)
    assert gluon_htr.wer(REFERENCES, PREDICTIONS) == pytest.approx(card.wer.value)
    assert gluon_htr.cer(["a"], ["a"]) == gluon_htr.wer(["a"], ["a"]) == 0


@pytest.mark.parametrize(("references", "predictions"), [(["a"], []), ([], []), ([""], ["a"])])
def test_error_rates_of_nothing_are_refused(references: list[str], predictions: list[str]) -> None:
    """A division by zero, or a figure of texts that do not belong together, would be reported."""
    for rate in (gluon_htr.cer, gluon_htr.wer):
        with pytest.raises(ValueError, match=r"."):
            rate(references, predictions)


def test_every_error_is_an_error_of_the_package():
    """A program that catches `HtrError` would miss some."""
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    assert all(issubclass(value, gluon_htr.errors.HtrError) for value in found)
