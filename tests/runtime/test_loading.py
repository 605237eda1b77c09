"""Models by name and by path."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from letters import LETTERS, draw, members, rehashed, zipped
from support import PROJECT

import gluon_htr
from gluon_htr.errors import BundleError, GraphError, HtrError, ModelError
from gluon_htr.runtime.backends import onnx_network
from gluon_htr.runtime.loading import find_model


def test_a_name_a_zip_and_a_folder_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What works by path would not work once it is installed."""
    monkeypatch.setenv("GLUON_HTR_MODELS", str(tmp_path))
    shutil.copy(LETTERS, tmp_path / "english-lines.zip")
    shutil.unpack_archive(LETTERS, tmp_path / "opened")
    for model in ("english-lines", "opened", LETTERS, str(LETTERS), tmp_path / "opened"):
        assert gluon_htr.load(model).read(draw("bead")).text == "bead"
    default = gluon_htr.load()
    assert default.name == "latin-lines"
    read = default.read(PROJECT / "examples" / "line.png")
    assert read.text == "Dear reader, nobody has ever written this line by hand."


def test_a_name_goes_before_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder `words` of images would hide the model `words`."""
    monkeypatch.setenv("GLUON_HTR_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "letters").mkdir()
    shutil.copy(LETTERS, tmp_path / "models" / "letters.zip")
    assert find_model("letters") == tmp_path / "models" / "letters.zip"
    with pytest.raises(ModelError, match="neither"):
        gluon_htr.load("./letters")


def test_what_is_no_model_says_what_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A typo would be a traceback."""
    monkeypatch.setenv("GLUON_HTR_MODELS", str(tmp_path))
    shutil.copy(LETTERS, tmp_path / "mine.zip")
    with pytest.raises(ModelError, match=r"no model nowhere.*mine"):
        gluon_htr.load("nowhere")
    with pytest.raises(BundleError, match="not a bundle"):
        gluon_htr.load(Path(__file__))


def test_a_graph_with_damaged_names_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """ONNX Runtime printed its banner "EP Error … Falling back" among the results."""
    model = members()["model.onnx"].replace(b"encoder1_rnn0:0:W:ha", b"\x82ncoder1_rnn0:0:W:ha", 1)
    with pytest.raises(GraphError) as caught:
        onnx_network(model)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_model_that_onnx_runtime_refuses_is_one_line(tmp_path: Path) -> None:
    """Its C++ trace would fill the screen."""
    files = members()
    model = files["model.onnx"].replace(b"bidirectional", b"bidirectionaz", 1)
    path = zipped(tmp_path / "x.zip", rehashed(files | {"model.onnx": model}))
    with pytest.raises(GraphError) as caught:
        gluon_htr.load(path)
    assert "\n" not in str(caught.value)
    assert "ONNX Runtime cannot load" in str(caught.value)


def test_a_model_for_pages_does_not_read(tmp_path: Path) -> None:
    """A layout model would be taken for a reader."""
    files = members()
    about = files["bundle.json"].replace(b'"task": "words"', b'"task": "layout"')
    with pytest.raises(HtrError, match="layout"):
        gluon_htr.load(zipped(tmp_path / "x.zip", files | {"bundle.json": about}))
