"""serve as an operator runs it: starting, what it says, and ending without losing a request."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

import httpx
from letters import LETTERS
from reading_server import ReadingServer, word
from support import PROJECT, door_environment, refusal

Door = Callable[..., "subprocess.CompletedProcess[str]"]
CLIENTS = 16


def test_it_listens_on_this_machine_only_and_says_where() -> None:
    """Whoever starts a server to try it would open it to everybody in the same network."""
    with ReadingServer() as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert "letters" in server.said[0]
        assert server.end() == 0
        assert len(server.said) == 1, server.said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--model", "nowhere"], "no model nowhere"),
        (["--host", "203.0.113.7"], "203.0.113.7"),
        (["--port", "99999"], "99999"),
        (["--waiting", "0"], "at least 1"),
        (["--model", LETTERS, "--model", LETTERS], "two models are named letters"),
    ],
)
def test_a_server_that_cannot_start_says_why(door: Door, arguments: list[object], says: str) -> None:
    """An operator would read a traceback."""
    assert says in refusal(door("serve", *arguments))


def test_a_port_that_is_taken_is_named(door: Door) -> None:
    """Two servers started by mistake would look like one that is broken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port}" in refusal(door("serve", "--port", port, "--model", LETTERS))


def test_a_short_key_is_refused(door: Door) -> None:
    """A key that can be guessed would be taken for safe."""
    assert "8 characters" in refusal(door("serve", env=door_environment(GLUON_HTR_API_KEY="secret")))


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    """Whoever has installed the base alone would read a traceback instead of what to install."""
    (tmp_path / "fastapi.py").write_text("raise ImportError('as if it were not there')")
    command = [sys.executable, "-m", "gluon_htr.serve"]
    environment = door_environment(PYTHONPATH=f"{tmp_path}{os.pathsep}{PROJECT}")
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 3
    assert "gluon-htr[serve]" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_several_models_are_chosen_by_name(tmp_path: Path) -> None:
    """Two models would need two servers, or a request could open any file of this one."""
    with ReadingServer("--model", "words") as server:
        listed = server.client.get("/v1/models").json()["models"]
        assert [(model["name"], model["default"]) for model in listed] == [("letters", True), ("words", False)]
        assert server.read(word("abc"), model="words").json()["model"]["name"] == "words"
        assert server.read(word("abc"), model=str(LETTERS)).status_code == 404


def test_ctrl_c_ends_it_as_every_command() -> None:
    """A script could not tell a server that was stopped from one that has ended well."""
    with ReadingServer() as server:
        assert server.end(signal.SIGINT) == 130
        assert "Traceback" not in "".join(server.said)


@pytest.mark.parametrize("answers_first", range(0, 100, 10))
def test_no_request_is_lost_when_it_ends_under_load(answers_first: int) -> None:
    """Every restart would cost some users their answer."""
    answered: list[str] = []
    lost: list[str] = []
    with ReadingServer(limits={"workers": 1}, slowness=0.01) as server:
        clients = [
            threading.Thread(target=_ask_until_it_is_gone, args=(server.port, k % 2 == 0, answered, lost))
            for k in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        patience = time.monotonic() + 10
        while len(answered) < answers_first and time.monotonic() < patience:
            time.sleep(0.001)
        assert server.end() == 0
        for client in clients:
            client.join(20)
    assert lost == []
    assert len(answered) >= answers_first
    assert set(answered) <= {"decade"}


def _ask_until_it_is_gone(port: int, keeps_connection: bool, answered: list[str], lost: list[str]) -> None:
    """Asks, on one connection or on a new one each time, until nobody listens anymore."""
    image = word("decade")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        while True:
            connection.request("POST", "/v1/predict", image)
            answered.append(json.loads(connection.getresponse().read())["text"])
            if not keeps_connection:
                connection.close()
    except ConnectionRefusedError:  # it was never accepted
        return
    except (OSError, http.client.HTTPException, KeyError) as error:
        lost.append(repr(error))
    finally:
        connection.close()


def test_a_request_on_its_way_is_answered_while_it_ends() -> None:
    """The slowest request of all, with the largest image, would be the one that is lost."""
    with ReadingServer(slowness=1.0) as server:
        answers: list[httpx.Response] = []
        image, address = word("bead"), f"{server.url}/v1/predict"
        asking = threading.Thread(target=lambda: answers.append(httpx.post(address, content=image, timeout=20)))
        asking.start()
        while "gluon_htr_body_bytes 0.0" in server.client.get("/metrics").text:
            time.sleep(0.01)
        assert server.end() == 0
        asking.join(10)
        assert answers[0].json()["text"] == "bead"
        assert answers[0].headers["connection"] == "close"
