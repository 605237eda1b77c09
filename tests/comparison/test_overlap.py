"""Training data among the samples that a model is scored on are found as far as they are known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from letters import LETTERS, draw, members, rehashed, zipped
from support import TINY

from gluon_htr.comparison.overlap import Overlap, find_overlap
from gluon_htr.networks.presets import load_preset
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.runs import create_run
from gluon_htr.training.settings import Request

LONG = "she had said that he would never have come here again"


def listing(folder: Path, rows: dict[str, str]) -> str:
    """A listing of these images with their texts."""
    folder.mkdir()
    for name in rows:
        draw("bead").save(folder / name)
    (folder / "labels.tsv").write_text("".join(f"{name}\t{text}\n" for name, text in rows.items()))
    return f"listing:{folder}/labels.tsv"


def trained_on(folder: Path, *specs: str) -> Path:
    """The folder of a run with these training data."""
    create_run(folder, Request(str(TINY), list(specs)), load_preset(str(TINY)), Alphabet("abcde"), "0" * 64)
    return folder


def test_samples_of_a_run_are_found(tmp_path: Path) -> None:
    """A model would be praised for what it has learned by heart."""
    spec = listing(tmp_path / "train", {"a.png": "bead", "b.png": "cab", "c.png": "dad"})
    run = trained_on(tmp_path / "run", spec)
    found = find_overlap(run, [spec], ["a.png", "b.png", "x.png"], ["bead", "decade", "dad"])
    assert (found.known, found.samples, found.first) == (True, 1, "a.png")
    assert "1 of the 3 samples" in found.told(3)
    other = find_overlap(run, [spec], ["a.png", "z.png"], ["dad", "bead"])
    assert (other.samples, other.told(2)) == (0, "")


def test_texts_that_were_trained_on_are_found(tmp_path: Path) -> None:
    """Other images of the same prompts would count as unknown text."""
    spec = listing(tmp_path / "train", {"a.png": LONG, "b.png": "a bead"})
    run = trained_on(tmp_path / "run", spec)
    found = find_overlap(run, ["listing:other"], ["x", "y"], [f"{LONG} and again", "a bead"])
    assert (found.samples, found.lines, found.first) == (0, 1, "x")
    assert "1 of the 2 texts" in found.told(2)


def test_data_that_are_gone_are_not_called_disjoint(tmp_path: Path) -> None:
    """Silence would be taken for a check that passed."""
    run = trained_on(tmp_path / "run", f"records:{tmp_path}/gone.rec")
    assert find_overlap(run, ["listing:x"], ["a"], ["b"]) == Overlap(False)
    assert not find_overlap("no-such-model", ["listing:x"], ["a"], ["b"]).known


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ("iam-words:data/iam?split=train", True),
        ("iam-lines:data/iam?split=train", True),  # the same handwriting
        ("iam-words:data/iam", True),  # all splits
        ("iam-words:data/iam?split=test", False),
        ("iam-online:data/iam-online?split=train", False),
        ("listing:mine/labels.tsv", False),
    ],
)
def test_bundles_name_their_data(spec: str, named: bool) -> None:
    """The shipped models, whose data nobody has at hand, would pass every check."""
    found = find_overlap("words", [spec], ["a"], ["b"])
    assert found.known
    assert bool(found.named) is named
    assert bool(found.told(1)) is named


def test_a_bundle_of_drawn_words_has_nothing_in_common() -> None:
    """A warning that always comes is not read."""
    assert find_overlap(LETTERS, ["listing:x"], ["a"], ["b"]).told(1) == ""


def test_a_bundle_that_may_have_been_trained_on_the_samples_says_so(tmp_path: Path) -> None:
    """Who compares a model of their own hand on that hand would take its memory for reading."""
    files = members()
    about = json.loads(files["bundle.json"])
    about["training_data"] = [{"data": "listing?split=train", "terms": "mine"}]
    mine = zipped(tmp_path / "mine.zip", rehashed(files | {"bundle.json": json.dumps(about).encode()}))
    draw("abc").save(tmp_path / "a.png")
    (tmp_path / "labels.tsv").write_text("a.png\tabc\n")
    found = find_overlap(str(mine), [f"listing:{tmp_path / 'labels.tsv'}"], ["a.png"], ["abc"])
    assert found.told(1) == "it was trained on data without a name (listing?split=train), which may be these"
    assert not find_overlap(str(mine), ["iam-words:data/iam"], ["a"], ["b"]).told(1)
