"""Bundles from strangers: altered, hostile, broken. Each is one line, and nothing of it is used."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from letters import LETTERS, members, rehashed, zipped

from gluon_htr import __version__, load
from gluon_htr.bundles.reader import read_bundle, read_description
from gluon_htr.bundles.upgrade import current_files
from gluon_htr.bundles.writer import write_bundle
from gluon_htr.errors import BundleError, ParametersError
from gluon_htr.graphs.params import pack_parameters

Files = dict[str, bytes]


def refused(path: Path) -> str:
    """The one line with which a bundle is refused."""
    with pytest.raises(BundleError) as caught:
        read_bundle(path)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


def unpacked(folder: Path, files: Files) -> Path:
    """The files as a bundle's folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_folder_and_a_zip_are_the_same_bundle(tmp_path: Path) -> None:
    """A user who unpacks a bundle could not use it any more."""
    folder = unpacked(tmp_path / "letters", members())
    assert read_bundle(folder).files == read_bundle(LETTERS).files
    assert read_description(folder) == read_description(LETTERS)


@pytest.mark.parametrize("name", ["model.onnx", "model.params", "symbol.json", "golden/1.png", "LICENSE.txt"])
def test_one_altered_byte_is_noticed(name: str, tmp_path: Path) -> None:
    """Weights that were damaged on the way, or changed by somebody, would read nonsense."""
    files = members()
    content = bytearray(files[name])
    content[len(content) // 2] ^= 1
    message = refused(zipped(tmp_path / "x.zip", files | {name: bytes(content)}))
    assert name in message
    assert "altered" in message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda files: files | {"model.onnx": files["model.onnx"] + b"x"}, "bytes, not"),
        (lambda files: {k: v for k, v in files.items() if k != "model.onnx"}, "lacks model.onnx"),
        (lambda files: {k: v for k, v in files.items() if k != "bundle.json"}, "no bundle.json"),
        (lambda files: files | {"more.bin": b"x"}, "does not list: more.bin"),
        (lambda files: rehashed({k: v for k, v in files.items() if k != "golden/2.png"}), "golden/2.png"),
        (lambda files: rehashed({k: v for k, v in files.items() if k != "LICENSE.txt"}), "lacks LICENSE.txt"),
        (lambda files: files | {"bundle.json": b"{}"}, "files"),
        (lambda files: files | {"bundle.json": b"[" * 100_000}, "not valid"),
        (lambda files: files | {"bundle.json": b" " * (5 << 20)}, "more than any description"),
        (lambda files: rehashed(files | {"golden/expected.json": b'[{"file": "golden/../x.png"}]'}), "expected.json"),
        (lambda files: rehashed(files | {"model.onnx": b"\x08\x01"}), "model.onnx"),
        (lambda files: rehashed(files | {"model.onnx": files["model.onnx"][:9000]}), "cut off"),
    ],
)
def test_what_does_not_belong_together_is_refused(change: Callable[[Files], Files], says: str, tmp_path: Path) -> None:
    """Half a download, or parts of two bundles, would fail later and elsewhere."""
    assert says in refused(zipped(tmp_path / "x.zip", change(members())))


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("schema_version", 3, "update gluon_htr"),
        ("schema_version", "1", "schema_version"),
        ("task", "poems", "task"),
        ("alphabet", ["a", "a", "b", "c", "d"], "twice"),
        ("alphabet", ["ab"], "alphabet"),
        ("temperature", 0, "temperature"),
        ("normalization", "nfd", "normalization"),
        ("name", "../evil", "name"),
        ("surprise", 1, "surprise"),
        ("outputs", [{"name": "else", "type": "float32", "shape": [1]}], "other inputs or outputs"),
        ("preprocessing", {"fit": {"rule": "box", "height": 0, "width": 64}}, "height"),
        ("files", {"../x": {"sha256": "0" * 64, "bytes": 0}}, "'../x'"),
    ],
)
def test_a_document_that_says_something_impossible_is_refused(
    key: str, value: object, says: str, tmp_path: Path
) -> None:
    """A bundle that needs what this version does not do would be read wrongly."""
    files = members()
    about = json.loads(files["bundle.json"]) | {key: value}
    assert says in refused(zipped(tmp_path / "x.zip", files | {"bundle.json": json.dumps(about).encode()}))


def current(tmp_path: Path) -> Files:
    """The files of the same bundle in the current schema."""
    bundle = read_bundle(LETTERS)
    write_bundle(tmp_path / "current.zip", bundle.description, current_files(bundle))
    return members(tmp_path / "current.zip")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"requires": ">=99.1", "surprise": 1}, "needs gluon_htr >=99.1"),
        ({"schema_version": 3}, "update gluon_htr"),
        ({"requires": "soon"}, "requires"),
        ({"surprise": 1}, "surprise"),
        ({"model": {"task": "poems"}}, "poems"),
        ({"model": {"task": "lines"}}, "alphabet"),
    ],
)
def test_a_bundle_of_a_later_version_says_what_it_needs(change: dict, says: str, tmp_path: Path) -> None:
    """A user would be told of an unknown field, and not that an update reads the model."""
    files = current(tmp_path)
    about = json.loads(files["bundle.json"]) | change
    assert says in refused(zipped(tmp_path / "x.zip", files | {"bundle.json": json.dumps(about).encode()}))


def test_the_version_that_a_bundle_needs_may_be_this_one(tmp_path: Path) -> None:
    """A version would refuse its own bundles."""
    files = current(tmp_path)
    for requires in (">=0.2", f">={__version__}"):
        about = json.loads(files["bundle.json"]) | {"requires": requires}
        path = zipped(tmp_path / "x.zip", files | {"bundle.json": json.dumps(about).encode()})
        assert read_bundle(path).description.requires == requires


def test_a_layout_model_is_described_and_not_read_with(tmp_path: Path) -> None:
    """Pages would be given to a model that has no alphabet, and end in a traceback."""
    files = current(tmp_path)
    layout = {"task": "layout", "channels": ["baseline"], "max_side": 1024, "multiple": 32}
    about = json.loads(files["bundle.json"]) | {"model": layout}
    path = zipped(tmp_path / "x.zip", files | {"bundle.json": json.dumps(about).encode()})
    assert read_bundle(path).description.task == "layout"
    with pytest.raises(BundleError, match="layout"):
        load(path)


def test_weights_that_are_nowhere_are_refused_when_they_are_needed(tmp_path: Path) -> None:
    """A bundle whose pair is damaged would be trained on from nothing."""
    files = rehashed(current(tmp_path) | {"remainder.params": pack_parameters({})})
    bundle = read_bundle(zipped(tmp_path / "x.zip", files))
    with pytest.raises(ParametersError, match="stage1"):
        _ = bundle.pair


EVIL = [
    "../evil",
    "/etc/evil",
    "a\\..\\evil",
    "golden/../evil",
    "C:evil",
    "golden/",
    "a/b",
    "x\0y",
    "golden/../../evil",
]


@pytest.mark.parametrize("name", EVIL)
def test_names_that_lead_elsewhere_are_refused(name: str, tmp_path: Path) -> None:
    """Who unpacks a bundle would have files written anywhere."""
    path = zipped(tmp_path / "x.zip", members())
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("placeholder")
        entry.filename = name  # as it is: the constructor would put it right
        archive.writestr(entry, b"evil")
    assert "named" in refused(path)


def test_links_and_duplicates_and_encryption_are_refused(tmp_path: Path) -> None:
    """A bundle would show one content to who checks it and another to who uses it."""
    link = zipped(tmp_path / "link.zip", members())
    with zipfile.ZipFile(link, "a") as archive:
        entry = zipfile.ZipInfo("passwords")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    assert "link" in refused(link)
    twice = zipped(tmp_path / "twice.zip", members())
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("LICENSE.txt", "another")
    assert "two files of one name" in refused(twice)
    secret = bytearray(zipped(tmp_path / "secret.zip", members()).read_bytes())
    secret[secret.rfind(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "secret.zip").write_bytes(secret)
    assert "encrypted" in refused(tmp_path / "secret.zip")


def test_links_in_a_folder_are_refused(tmp_path: Path) -> None:
    """A bundle's folder would make us read files that its author cannot."""
    folder = unpacked(tmp_path / "letters", members())
    (folder / "LICENSE.txt").unlink()
    (folder / "LICENSE.txt").symlink_to("/etc/hostname")
    assert "link" in refused(folder)
    (folder / "LICENSE.txt").unlink()
    (folder / "more").mkdir()
    assert "folder" in refused(folder)


def test_zip_bombs_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    """A few kilobytes would fill the memory."""
    bomb = zipped(tmp_path / "bomb.zip", members() | {"zeros.bin": bytes(20 << 20)})
    content = bytearray(bomb.read_bytes())
    at = content.rfind(b"PK\x01\x02")
    struct.pack_into("<L", content, at + 24, 3 << 30)  # claims three gigabytes
    bomb.write_bytes(content)
    assert "at most" in refused(bomb)
    struct.pack_into("<L", content, at + 24, 10)  # claims ten bytes
    bomb.write_bytes(content)
    assert refused(bomb)
    many = zipped(tmp_path / "many.zip", members() | {f"{k}.txt": b"" for k in range(100)})
    assert "files" in refused(many)


def test_a_table_of_contents_without_end_is_refused(tmp_path: Path) -> None:
    """zipfile would read millions of entries before we could count them."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for k in range(3000):
            archive.writestr(f"{k}.txt", b"")
    (tmp_path / "long.zip").write_bytes(content.getvalue())
    assert "table of contents" in refused(tmp_path / "long.zip")


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_zip_is_refused(content: bytes, tmp_path: Path) -> None:
    """A wrong file would end in a traceback of zipfile."""
    (tmp_path / "x.zip").write_bytes(content)
    assert refused(tmp_path / "x.zip")


def test_a_missing_bundle_is_refused(tmp_path: Path) -> None:
    """A typo would be a traceback."""
    assert "does not exist" in refused(tmp_path / "nothing.zip")
    (tmp_path / "empty").mkdir()
    assert "no bundle.json" in refused(tmp_path / "empty")
