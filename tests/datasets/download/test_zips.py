"""Zip archives: fetched from a server on loopback, and hostile ones."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest
from archive_server import ArchiveServer
from characters import write_emnist

from gluon_htr import download
from gluon_htr.datasets.download.archives import Limits, extract
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import ArchiveError


def write_zip(path: Path, members: dict[str, bytes], mode: int = stat.S_IFREG | 0o644) -> Path:
    """A zip archive, as Unix writes it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return path


def test_emnist_is_fetched_resumed_and_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command that data/README.md names would leave files that no spec reads."""
    (tmp_path / "files").mkdir()
    files = {f"gzip/{file.name}": file.read_bytes() for file in write_emnist(tmp_path / "files", "aB7").iterdir()}
    (tmp_path / "served").mkdir()
    write_zip(tmp_path / "served" / "gzip.zip", {"gzip/": b""} | files)
    root = tmp_path / "emnist"
    with ArchiveServer(tmp_path / "served", login=None, cut=600, cuts=1) as server:
        assert download.main(["--dataset", "emnist", "--base-url", server.url, "--root", str(root)]) == 0
        assert len(server.asked("gzip.zip")) == 2
        assert "Range" in server.asked("gzip.zip")[1]
    assert "public domain" in capsys.readouterr().err
    assert not (root / "gzip.zip").exists()
    assert [sample.text for sample in open_spec(parse_spec(f"emnist:{root}"))] == ["a", "B", "7"]


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a\\..\\outside", "C:outside"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    """A hostile archive could overwrite the user's files."""
    path = write_zip(tmp_path / "a.zip", {"good.png": b"data", name: b"data"})
    with pytest.raises(ArchiveError, match="leads out of its folder"):
        extract([path], tmp_path / "root" / "a")
    assert not any((tmp_path / "root").rglob("*"))


def test_links_and_too_much_content_are_refused(tmp_path: Path) -> None:
    """A link could lead anywhere, and a small archive could fill the disk."""
    link = write_zip(tmp_path / "link.zip", {"a.png": b"/etc/passwd"}, stat.S_IFLNK | 0o777)
    with pytest.raises(ArchiveError, match="link"):
        extract([link], tmp_path / "link")
    large = write_zip(tmp_path / "large.zip", {"a.png": bytes(10_000)})
    with pytest.raises(ArchiveError, match="unpacks to more"):
        extract([large], tmp_path / "large", limits=Limits(bytes=9_999))
    assert not (tmp_path / "large").exists()


@pytest.mark.parametrize("change", ["cut", "flipped"])
def test_a_damaged_archive_is_refused(tmp_path: Path, change: str) -> None:
    """Half a data set would be taken for all of it."""
    path = write_zip(tmp_path / "a.zip", {"a.png": bytes(range(256)) * 40, "b.png": bytes(range(255, -1, -1)) * 40})
    content = bytearray(path.read_bytes())
    if change == "cut":
        del content[-40:]
    else:
        content[60] ^= 255
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"a\.zip is truncated or damaged"):
        extract([path], tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
