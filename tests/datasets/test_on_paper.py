"""Data of any kind, put on paper."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

from gluon_htr.datasets.sample import Sample
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import SpecError


@pytest.fixture
def listed(tmp_path: Path) -> str:
    """The spec of three drawn lines."""
    for k in range(3):
        image = np.full((40, 300), 255, np.uint8)
        image[10:30, 20 : 200 + 20 * k : 10] = 0
        Image.fromarray(image).save(tmp_path / f"{k}.png")
    (tmp_path / "labels.tsv").write_text("".join(f"{k}.png\tline {k}\n" for k in range(3)))
    return f"listing:{tmp_path / 'labels.tsv'}"


def samples(spec: str) -> list[Sample]:
    return list(open_spec(parse_spec(spec)))


def test_every_image_gets_a_paper_of_its_own_that_stays(listed: str) -> None:
    """A score on photographs would change from one look to the next."""
    plain, papered, again, other = (samples(listed + query) for query in ("", "?paper=1", "?paper=1", "?paper=2"))
    assert [(s.id, s.text, s.group) for s in papered] == [(s.id, s.text, s.group) for s in plain]
    for clean, seen, same, else_ in zip(plain, papered, again, other):
        assert seen.image().shape == clean.image().shape
        assert not np.array_equal(seen.image(), clean.image())
        assert np.array_equal(seen.image(), same.image())
        assert not np.array_equal(seen.image(), else_.image())


def test_workers_can_draw_it(listed: str) -> None:
    """Preparing on all cores would fail."""
    sample = samples(listed + "?paper=1")[0]
    assert np.array_equal(pickle.loads(pickle.dumps(sample)).image(), sample.image())  # noqa: S301 - our own


def test_a_seed_is_a_number_and_prepared_images_stay_as_they_are(listed: str) -> None:
    """A typo would be read as no paper at all; a cache's images would be put on paper behind their preprocessing."""
    with pytest.raises(SpecError, match="paper takes a seed"):
        parse_spec(listed + "?paper=yes")
    with pytest.raises(SpecError, match="unknown key paper"):
        parse_spec("records:x.rec?paper=1")
