"""What the sources of a batch stand for."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gluon_htr.datasets.download.fetching import Fetcher
from gluon_htr.errors import UsageError
from gluon_htr.transcription.sources import expand


def found(*given: object, output: str = "out") -> list[tuple[str, str]]:
    """Addresses and names."""
    sources = expand([str(each) for each in given], Fetcher(), Path(output))
    return [(source.address, source.name) for source in sources]


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("scans/b.png", "scans/a.JPG", "scans/box 1/c.tif", "scans/notes.docx", "scans/out/d.png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"")
    return tmp_path


def test_folders_stand_for_all_pages_below(scans: Path) -> None:
    """Results of the last batch would be sources of the next, and sub-folders would be left out."""
    assert found("scans", output="scans/out") == [
        (os.path.join("scans", "a.JPG"), "a"),
        (os.path.join("scans", "b.png"), "b"),
        (os.path.join("scans", "box 1", "c.tif"), "box 1/c"),
    ]


def test_patterns_and_files(scans: Path) -> None:
    """A shell that expands no patterns (Windows, a quoted argument) would find nothing."""
    assert [name for _, name in found("scans/**/*.tif", "scans/b.png")] == ["box 1/c", "b"]


def test_patterns_leave_out_the_results(scans: Path) -> None:
    """A batch that is repeated would read its own results."""
    assert [name for _, name in found("scans/**/*.png", output="scans/out")] == ["b"]


def test_listings_may_be_quoted_or_have_a_header(scans: Path) -> None:
    """A page would be named `path`, or a name be cut at its comma."""
    Path("quoted.csv").write_text('"Brief, 1.jpg",x\n')
    Path("labels.tsv").write_text("text\tpath\nhello\ta.png\n")
    assert found("quoted.csv") == [(os.path.join(".", "Brief, 1.jpg"), "Brief, 1")]
    assert found("labels.tsv") == [(os.path.join(".", "a.png"), "a")]
    Path("huge.csv").write_text("a" * 200_000)
    with pytest.raises(UsageError, match="is no list of comma-separated values"):
        found("huge.csv")


def test_long_names_of_any_script_are_shortened(scans: Path) -> None:
    """No result could be written for a name that is almost as long as names may be."""
    (name,) = [name for _, name in found(_written("क" * 82 + ".jpg"))]
    assert 100 < len(name.encode()) <= 150


def _written(name: str) -> str:
    Path(name).write_bytes(b"")
    return name


@pytest.mark.parametrize("name", ["missing.png", "scans/*.gif", "empty", "empty.txt"])
def test_what_stands_for_nothing_is_refused(name: str, scans: Path) -> None:
    """A misspelled folder would end as a batch without pages."""
    Path("empty").mkdir()
    Path("empty.txt").write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(UsageError):
        found(name)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_listings_name_pages_beside_them(encoding: str, scans: Path) -> None:
    """A listing that a spreadsheet saved would name files that do not exist, and `..` would write beside the output."""
    absolute = str(scans / "scans" / "b.png")
    lines = [
        "# my pages",
        "a.JPG\tletter of 1905",
        "",
        absolute,
        "../../other/x.png",
        "https://e.org/img/ä%20b.jpg?w=1",
    ]
    (scans / "scans" / "list.tsv").write_text("\r\n".join(lines), encoding=encoding)
    pages = found("scans/list.tsv")
    assert [address for address, _ in pages] == [
        os.path.join("scans", "a.JPG"),
        absolute,
        os.path.join("scans", "../../other/x.png"),
        "https://e.org/img/ä%20b.jpg?w=1",
    ]
    assert [name for _, name in pages] == ["a", absolute.lstrip("/")[:-4], "other/x", "img/ä b"]


SERVICE_2: dict[str, Any] = {"@id": "https://i.org/2/p1", "profile": "http://iiif.io/api/image/2/level2.json"}
SERVICE_3: dict[str, Any] = {"id": "https://i.org/3/p1", "type": "ImageService3", "profile": "level1"}
STATIC: dict[str, Any] = {"id": "https://i.org/0/p1", "type": "ImageService3", "profile": "level0"}


def manifest_2(service: dict[str, Any] | str, width: int) -> dict[str, Any]:
    resource = {"@id": "https://i.org/p1.jpg", "width": width, "height": 700, "service": service}
    canvas = {"@type": "sc:Canvas", "images": [{"resource": resource}]}
    return {"@type": "sc:Manifest", "@id": "https://e.org/iiif/ms-12/manifest", "sequences": [{"canvases": [canvas]}]}


def manifest_3(service: dict[str, Any], width: int) -> dict[str, Any]:
    body = {"id": "https://i.org/p1.jpg", "type": "Image", "width": width, "height": 9000, "service": [service]}
    choice = {"type": "Choice", "items": [body]}
    canvas = {"type": "Canvas", "items": [{"type": "AnnotationPage", "items": [{"body": choice}]}]}
    return {"type": "Manifest", "id": "https://e.org/iiif/ms-12/manifest.json", "items": [canvas, canvas]}


@pytest.mark.parametrize(
    ("manifest", "images"),
    [
        (manifest_2(SERVICE_2, 900), ["https://i.org/2/p1/full/full/0/default.jpg"]),
        (manifest_2(SERVICE_2, 9000), ["https://i.org/2/p1/full/4000,/0/default.jpg"]),
        (manifest_3(SERVICE_3, 800), ["https://i.org/3/p1/full/,4000/0/default.jpg"] * 2),
        (manifest_3(STATIC, 800), ["https://i.org/p1.jpg"] * 2),
        (manifest_2("https://i.org/2/p1", 900), ["https://i.org/2/p1/full/full/0/default.jpg"]),
    ],
)
def test_manifests_stand_for_their_images(manifest: Any, images: list[str], scans: Path) -> None:
    """Archives publish pages as IIIF manifests, of two versions; some servers have only the sizes that they list."""
    Path("m.json").write_text(json.dumps(manifest), encoding="utf-8")
    pages = found("m.json")
    assert [address for address, _ in pages] == images
    assert [name for _, name in pages] == ["ms-12/0001", "ms-12/0002"][: len(images)]


@pytest.mark.parametrize("text", ["[]", "{}", '{"type": "Manifest", "items": [1, null]}', "{", "[" * 100_000])
def test_other_json_is_refused(text: str, scans: Path) -> None:
    """A page of errors that a server sends as JSON would be an empty batch, or a traceback."""
    Path("m.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"m\.json is not"):
        found("m.json")
