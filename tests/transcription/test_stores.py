"""Sources in an object store that speaks S3, and in a folder by its address."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import PROJECT, Command, command_environment

pytest.importorskip("fsspec", reason="fsspec is not installed: pip install gluon-htr[scale]")
LINE = PROJECT / "examples" / "line.png"


def test_a_folder_by_its_address(tmp_path: Path, command: Command) -> None:
    """Workers could not open what the command listed."""
    pages = tmp_path / "pages"
    pages.mkdir()
    for name in ("a.png", "b.png"):
        (pages / name).write_bytes(LINE.read_bytes())
    done = command("transcribe", pages.as_uri(), "--output", tmp_path / "out", "--format", "txt", "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").glob("*.txt")) == ["a.txt", "b.txt"]


@pytest.fixture
def bucket() -> Iterator[str]:
    """The address of a server with a bucket `letters` that has a page."""
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    server = pytest.importorskip("moto.server", reason="moto, a server like S3, is not installed")
    import boto3

    running = server.ThreadedMotoServer(port=0)
    running.start()
    host, port = running.get_host_and_port()
    address = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    store = boto3.client("s3", endpoint_url=address, **keys)
    store.create_bucket(Bucket="letters")
    store.upload_fileobj(io.BytesIO(LINE.read_bytes()), "letters", "box 1/a.png")
    store.upload_fileobj(io.BytesIO(b"no image"), "letters", "box 1/b.png")
    yield address
    running.stop()


def test_pages_in_a_bucket(bucket: str, tmp_path: Path, command: Command) -> None:
    """Archives keep their scans in object stores."""
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": bucket}
    words = ("s3://letters", "--output", tmp_path / "out", "--format", "txt", "--workers", 1)
    done = command("transcribe", *words, env=command_environment(**environment))
    assert done.returncode == 1, done.stderr
    assert "letters/box 1/b.png: is not an image" in done.stderr
    assert "1 page read, 1 failed" in done.stderr
    assert (tmp_path / "out" / "box 1" / "a.txt").read_text(encoding="utf-8").strip()
