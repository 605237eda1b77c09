"""The formats that people scan to, where readers look for images by the ends of their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gluon_htr.datasets.listing.reader import ListingOptions, ListingReader
from gluon_htr.datasets.pages import PagesOptions, open_pages
from gluon_htr.images.decoding import SUFFIXES

PAGE = (
    "<PcGts><Page><TextLine id='l'><Coords points='0,0 60,0 60,20 0,20'/>"
    "<TextEquiv><Unicode>two words</Unicode></TextEquiv></TextLine></Page></PcGts>"
)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_image_of_any_format_is_found_in_folders_lists_and_beside_pages(suffix: str, tmp_path: Path) -> None:
    """What `predict` reads could not be trained on: "no image with its label beside it"."""
    if suffix in (".heic", ".heif"):
        pytest.importorskip("pillow_heif").register_heif_opener()
    Image.new("L", (60, 20), 200).save(tmp_path / f"a scan{suffix}")
    (tmp_path / "a scan.gt.txt").write_text("two words")
    (tmp_path / "list.txt").write_text(f"a scan{suffix} two words\n")
    (tmp_path / "a scan.xml").write_text(PAGE)
    for reader in (
        ListingReader(tmp_path, ListingOptions()),
        ListingReader(tmp_path / "list.txt", ListingOptions()),
        open_pages(tmp_path, PagesOptions()),
    ):
        (sample,) = reader
        assert sample.text == "two words"
        assert sample.image().shape == (20, 60)
