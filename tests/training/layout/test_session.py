"""Trainings of networks that find lines: the same from the same seed, whatever happens in between."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from drawn_pages import write_pages
from needs_mxnet import need_mxnet
from support import PROJECT, last_state, same_arrays

from gluon_htr.errors import CheckpointError, DataError
from gluon_htr.training.layout.session import LayoutSession
from gluon_htr.training.loop import Callbacks
from gluon_htr.training.settings import Request

need_mxnet()
pytest.importorskip("shapely")


@pytest.fixture(scope="module")
def request_of_two_epochs(tmp_path_factory: pytest.TempPathFactory) -> Request:
    """A training of six steps."""
    folder = tmp_path_factory.mktemp("pages")
    write_pages(folder / "pages", 6)
    write_pages(folder / "others", 2, seed=40)
    preset = folder / "preset.toml"
    text = (PROJECT / "tests" / "tiny-layout.toml").read_text()
    preset.write_text(text.replace("epochs = 30", "epochs = 2"))
    return Request(
        preset=str(preset), data=[f"pages:{folder / 'pages'}"], validation=f"pages:{folder / 'others'}", workers=0
    )


def test_a_stopped_training_ends_with_the_same_weights(request_of_two_epochs: Request, tmp_path: Path) -> None:
    """A training that was interrupted would be another training."""
    whole = LayoutSession.open(request_of_two_epochs, tmp_path / "whole")
    assert whole.train(Callbacks())
    steps = count(1)
    stopped = LayoutSession.open(request_of_two_epochs, tmp_path / "stopped")
    assert not stopped.train(Callbacks(should_stop=lambda: next(steps) == 4))
    resumed = LayoutSession.open(request_of_two_epochs, tmp_path / "stopped", resume=True)
    assert resumed.train(Callbacks())
    assert same_arrays(last_state(tmp_path / "whole"), last_state(tmp_path / "stopped"))


def test_a_run_goes_on_only_as_it_began(request_of_two_epochs: Request, tmp_path: Path) -> None:
    """A resumed run would silently train on other pages."""
    LayoutSession.open(request_of_two_epochs, tmp_path / "run")
    other = Request(preset=request_of_two_epochs.preset, data=request_of_two_epochs.data, seed=5, workers=0)
    with pytest.raises(CheckpointError, match="was started with"):
        LayoutSession.open(other, tmp_path / "run", resume=True)


def test_one_page_is_too_few(tmp_path: Path) -> None:
    """A model would be scored on the page that it learned."""
    write_pages(tmp_path / "pages", 1)
    request = Request(preset=str(PROJECT / "tests" / "tiny-layout.toml"), data=[f"pages:{tmp_path / 'pages'}"])
    with pytest.raises(DataError, match="one page"):
        LayoutSession.open(request, tmp_path / "run")
