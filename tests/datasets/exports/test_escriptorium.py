"""Exports of eScriptorium: a zip of PAGE or ALTO with images, and METS.xml beside them."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from drawn_pages import TEXTS, draw_page

from gluon_htr.datasets.layout.reader import LayoutReader
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import AnnotationError, ArchiveError

METS = """<?xml version="1.0" encoding="utf-8"?>
<mets:mets xmlns:mets="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink"><mets:fileSec>
<mets:fileGrp USE="export"><mets:file ID="export0"><mets:FLocat xlink:href="p0.xml"/></mets:file></mets:fileGrp>
</mets:fileSec></mets:mets>"""
ALTO = """<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description><MeasurementUnit>pixel</MeasurementUnit>
<sourceImageInformation><fileName>p0.png</fileName></sourceImageInformation></Description>
<Tags><OtherTag ID="LT1" LABEL="default" DESCRIPTION="line type default"/></Tags>
<Layout><Page WIDTH="{width}" HEIGHT="{height}" PHYSICAL_IMG_NR="0" ID="eSc_dummypage_"><PrintSpace>
<TextBlock ID="eSc_dummyblock_"><TextLine ID="eSc_line_1" TAGREFS="LT1" BASELINE="40 90 500 90" HPOS="40" VPOS="60"
 WIDTH="460" HEIGHT="40"><Shape><Polygon POINTS="40 60 500 60 500 100 40 100"/></Shape>
<String CONTENT="a line of writing" HPOS="40" VPOS="60" WIDTH="460" HEIGHT="40"/></TextLine></TextBlock>
</PrintSpace></Page></Layout></alto>"""


def export(folder: Path, kind: str) -> Path:
    """An export with a page: `export_doc1_name_KIND_DATE.zip`, everything at its top."""
    page, content = draw_page(3, 0)
    image = io.BytesIO()
    page.save(image, "png")
    if kind == "alto":
        content = ALTO.format(width=page.width, height=page.height)
    file = folder / f"export_doc1_letters_{kind}_202611291000.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("p0.xml", content)
        archive.writestr("p0.png", image.getvalue())
        archive.writestr("METS.xml", METS)
    return file


@pytest.mark.parametrize(("kind", "texts"), [("pagexml", list(TEXTS[:3])), ("alto", ["a line of writing"])])
@pytest.mark.parametrize("unpacked", [True, False], ids=["folder", "zip"])
def test_an_export_is_read_as_it_comes(kind: str, texts: list[str], unpacked: bool, tmp_path: Path) -> None:
    """METS.xml is not a page that is missing."""
    place = export(tmp_path, kind)
    if unpacked:
        with zipfile.ZipFile(place) as archive:
            archive.extractall(tmp_path / "folder")
        place = tmp_path / "folder"
    for _ in range(2):  # the second time from what the first has unpacked
        reader = open_spec(parse_spec(f"pages:{place}"))
        assert [sample.text for sample in reader] == texts
        assert reader.problems == []
    (page,) = LayoutReader(f"pages:{place}")
    assert page.id == "p0"
    assert len(page.lines) == len(texts)


def test_a_newer_archive_is_not_read_from_an_older_folder(tmp_path: Path) -> None:
    """Corrections that were exported again would not be learned."""
    file = export(tmp_path, "alto")
    open_spec(parse_spec(f"pages:{file}"))
    later = file.stat().st_mtime + 1000
    os.utime(file, (later, later))
    with pytest.raises(AnnotationError, match="was unpacked from an older"):
        open_spec(parse_spec(f"pages:{file}"))


def test_a_hostile_archive_writes_nothing_elsewhere(tmp_path: Path) -> None:
    """Archives come from others."""
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../evil.xml", "<PcGts/>")
    with pytest.raises(ArchiveError, match="leads out of its folder"):
        open_spec(parse_spec(f"pages:{tmp_path / 'bad.zip'}"))
    assert [path.name for path in tmp_path.iterdir()] == ["bad.zip"]
