"""Batches of crops of pages."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from drawn_pages import write_pages
from support import PROJECT

from gluon_htr.networks.presets import load_layout_preset
from gluon_htr.training.layout.pages import load_pages
from gluon_htr.training.layout.settings import layout_settings
from gluon_htr.training.ordered import BatchPosition

pytest.importorskip("shapely")
pytest.importorskip("cv2")
from gluon_htr.training.layout.batches import LayoutBatches

TINY = PROJECT / "tests" / "tiny-layout.toml"


def test_a_page_that_comes_several_times_is_cut_otherwise_each_time(tmp_path: Path) -> None:
    """The pages of a small collection, taken more often, would show the same pixels again and again."""
    write_pages(tmp_path / "pages", 2)
    pages = load_pages([f"pages:{tmp_path / 'pages'}*3"], 256)
    preset = load_layout_preset(TINY)
    settings = layout_settings(preset, "tiny")
    with LayoutBatches(pages, settings, preset.classes, preset.network.stride, 1.0, seed=0, workers=0) as batches:
        assert len(batches) == 12
        made = [(batches.ids(crops), batch) for _, crops, batch in islice(batches.stream(BatchPosition()), 3)]
    ids = [name for names, _ in made for name in names]
    assert sorted(ids) == ["page-00"] * 6 + ["page-01"] * 6
    crops = np.concatenate([batch.images for _, batch in made]).reshape(12, -1)
    assert len(np.unique(crops, axis=0)) == 12
