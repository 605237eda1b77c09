"""A bundle on a model server, and the client that asks it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from letters import LETTERS, WORDS, draw
from support import Command, command_environment, refusal

import gluon_htr
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.errors import ServerError

pytest.importorskip("onnx")  # the command `export` needs it


class _Handler(BaseHTTPRequestHandler):
    """Version 2 of the Open Inference Protocol over the repository's graphs, as Triton's documentation has it."""

    repository: Path
    answer: bytes | None = None  # instead of the right one
    widths: list[int]

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        match = re.fullmatch(r"/v2/models/([\w.-]+)/infer", self.path)
        model = self.repository / match[1] / "1" / "model.onnx" if match else None
        if model is None or not model.is_file():
            return self._send(404, json.dumps({"error": "Request for unknown model: no such\nmodel is found"}).encode())
        self._send(200, self.answer or json.dumps(self._infer(model, request)).encode())

    def _infer(self, model: Path, request: dict[str, Any]) -> dict[str, Any]:
        configuration = (model.parents[1] / "config.pbtxt").read_text()
        (given,) = request["inputs"]
        assert given["datatype"] == "FP32"
        shape = given["shape"]
        assert f'name: "{given["name"]}"' in configuration
        assert f"dims: [ {shape[1]}, {shape[2]}, -1 ]" in configuration
        self.widths.append(shape[3])
        session = onnxruntime.InferenceSession(model)
        images = np.array(given["data"], np.float32).reshape(shape)
        (name,) = (output["name"] for output in request["outputs"])
        (logits,) = session.run([name], {given["name"]: images})
        tensor = {"name": name, "shape": list(logits.shape), "datatype": "FP32", "data": logits.ravel().tolist()}
        return {"model_name": model.parents[1].name, "model_version": "1", "outputs": [tensor]}

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *message: object) -> None:
        """Nothing on stderr."""


@contextmanager
def serving(repository: Path, answer: bytes | None = None) -> Iterator[tuple[str, list[int]]]:
    """Address of a server on loopback, and the widths that it was asked for."""
    widths: list[int] = []
    handler = type("Handler", (_Handler,), {"repository": repository, "answer": answer, "widths": widths})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", widths
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def repository(command: Command, tmp_path: Path) -> Path:
    """What `export --triton` makes of the bundle of letters."""
    done = command("export", LETTERS, "--triton", tmp_path / "repository")
    assert done.returncode == 0, done.stderr
    return tmp_path / "repository"


def test_the_repository_is_whole(repository: Path) -> None:
    """Triton would refuse it, or nobody would know what its classes are."""
    name = read_bundle(LETTERS).name
    assert [path.name for path in repository.iterdir()] == [name]
    files = {str(path.relative_to(repository / name)) for path in repository.rglob("*") if path.is_file()}
    assert files == {"1/model.onnx", "config.pbtxt", "labels.txt", f"{name}.zip", "client.py", "README.md"}
    labels = (repository / name / "labels.txt").read_text().splitlines()
    assert labels == ["a", "b", "c", "d", "e", "<blank>"]
    assert f"dims: [ -1, {len(labels)} ]" in (repository / name / "config.pbtxt").read_text()


def test_a_repository_takes_more_models_and_replaces_nothing(repository: Path, command: Command) -> None:
    """A second model, or the user's own files, would be lost: repositories hold many models."""
    (repository / "README.md").write_text("mine")
    (repository / "client.py").write_text("mine")
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    done = command("export", "digits", "--triton", repository)
    assert done.returncode == 0, done.stderr
    assert "digits" in (repository / "digits" / "README.md").read_text()
    assert "exists already" in refusal(command("export", LETTERS, "--triton", repository))
    assert {path: path.read_bytes() for path in before} == before
    assert {path.name for path in repository.iterdir()} == {
        "README.md",
        "client.py",
        "digits",
        read_bundle(LETTERS).name,
    }


def test_options_that_would_do_nothing_are_refused(command: Command, tmp_path: Path) -> None:
    """The model would be served under another name, or larger, than was asked for."""
    line = refusal(command("export", LETTERS, "--triton", tmp_path / "r", "--name", "mine", "--float16"))
    assert "--float16, --name" in line
    assert not (tmp_path / "r").exists()


def test_texts_from_the_server_are_those_read_here(repository: Path) -> None:
    """A service would read something else than the desk."""
    images = [np.asarray(draw(word)) for word in WORDS]
    with serving(repository) as (address, widths):
        remote = [r for _, r in gluon_htr.load(LETTERS, engine=address).stream(images, batch_size=4)]
    here = [r for _, r in gluon_htr.load(LETTERS).stream(images, batch_size=4)]
    assert [r.text for r in remote] == [r.text for r in here]
    assert [r.confidence for r in remote] == pytest.approx([r.confidence for r in here], abs=1e-4)
    assert len(widths) == 2  # requests of four images each


def test_the_client_example_and_predict_read_through_the_server(
    repository: Path, command: Command, tmp_path: Path
) -> None:
    """The first thing that somebody tries would not work."""
    draw("decade").save(tmp_path / "word.png")
    with serving(repository) as (address, _):
        run = client(repository, address, tmp_path / "word.png")
        done = command("predict", tmp_path / "word.png", "--model", LETTERS, "--engine", address)
    assert run.stdout == f"{tmp_path / 'word.png'}\tdecade\n", run.stderr
    assert done.stdout == "decade\n", done.stderr


def test_the_client_example_names_what_is_wrong(repository: Path, tmp_path: Path) -> None:
    """A traceback would be the answer to a missing argument, picture or server."""
    draw("decade").save(tmp_path / "word.png")
    (tmp_path / "bad.png").write_text("no picture")
    with serving(repository) as (address, _):
        mixed = client(repository, address, tmp_path / "bad.png", tmp_path / "word.png")
    gone = client(repository, address, tmp_path / "word.png")
    assert (mixed.returncode, mixed.stdout) == (1, f"{tmp_path / 'word.png'}\tdecade\n")
    assert len(mixed.stderr.splitlines()) == len(gone.stderr.splitlines()) == 1
    assert "bad.png" in mixed.stderr
    assert "is the server running" in gone.stderr
    assert "ADDRESS PICTURE" in client(repository).stderr


def client(repository: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs the example of the only model there."""
    (script,) = repository.glob("*/client.py")
    command = [sys.executable, script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=command_environment(), timeout=60)


@pytest.mark.parametrize("address", ["http://localhost:abc", "http://", "http://[::1"])
def test_addresses_that_are_none_are_named_in_one_line(address: str, command: Command, tmp_path: Path) -> None:
    """A slip in the port would be an unexpected error of ours."""
    draw("bead").save(tmp_path / "word.png")
    line = refusal(command("predict", tmp_path / "word.png", "--model", LETTERS, "--engine", address))
    assert "cannot be reached" in line


def test_servers_that_fail_are_named_in_one_line(repository: Path, command: Command, tmp_path: Path) -> None:
    """A traceback of urllib would be all that somebody learns."""
    image = np.asarray(draw("bead"))
    with (
        serving(tmp_path) as (address, _),
        pytest.raises(ServerError, match="status 404: Request for unknown model: no such model"),
    ):
        gluon_htr.load(LETTERS, engine=address).read(image)
    with pytest.raises(ServerError, match="cannot be reached"):
        gluon_htr.load(LETTERS, engine=address).read(image)  # it has gone
    draw("bead").save(tmp_path / "word.png")
    arguments = ("predict", tmp_path / "word.png", "--model", LETTERS, "--engine", address)
    assert "cannot be reached" in refusal(command(*arguments))


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"[]",
        b'{"outputs": []}',
        b'{"outputs": [{"name": "logits", "shape": [1, 16, 7], "data": [1, 2]}]}',
        b'{"outputs": [{"name": "logits", "shape": [2], "data": [1, 2]}]}',
        b'{"outputs": [{"name": "logits", "shape": [1, 1, 2], "data": [1, NaN]}]}',
    ],
)
def test_nonsense_is_refused(repository: Path, answer: bytes) -> None:
    """A wrong address would be read as an empty page."""
    with serving(repository, answer) as (address, _), pytest.raises(ServerError):
        gluon_htr.load(LETTERS, engine=address).read(np.asarray(draw("bead")))


def test_export_without_a_target_is_refused(command: Command) -> None:
    """Nothing would be written, and nobody told."""
    assert "give --output" in refusal(command("export", LETTERS))
