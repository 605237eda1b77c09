"""serve as an operator runs it: starting, what it says, and ending in good order."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

import httpx
from letters import LETTERS
from reading_server import ReadingServer, word
from support import PROJECT, Command, command_environment, refusal

CLIENTS = 16


def test_it_listens_on_this_machine_only_and_says_where() -> None:
    """Whoever starts a server to try it would open it to everybody in the same network."""
    with ReadingServer() as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert "letters" in server.said[0]
        assert server.end() == 0
        assert len(server.said) == 1, server.said


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--model", "nowhere"], "nowhere"),
        (["--host", "203.0.113.7"], "203.0.113.7"),
        (["--port", "99999"], "99999"),
        (["--waiting", "0"], "1"),
        (["--model", LETTERS, "--model", LETTERS], "letters"),
    ],
)
def test_a_server_that_cannot_start_says_why(command: Command, arguments: list[object], named: str) -> None:
    """An operator would read a traceback."""
    assert named in refusal(command("serve", *arguments))


def test_a_port_that_is_taken_is_named(command: Command) -> None:
    """Two servers started by mistake would look like one that is broken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in refusal(command("serve", "--port", port, "--model", LETTERS))


def test_a_short_key_is_refused(command: Command) -> None:
    """A key that can be guessed would be taken for safe."""
    assert "GLUON_HTR_API_KEY" in refusal(command("serve", env=command_environment(GLUON_HTR_API_KEY="secret")))


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    """Whoever has installed the base alone would read a traceback instead of what to install."""
    (tmp_path / "fastapi.py").write_text("raise ImportError('as if it were not there')")
    command = [sys.executable, "-m", "gluon_htr.serve"]
    environment = command_environment(PYTHONPATH=f"{tmp_path}{os.pathsep}{PROJECT}")
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


def test_a_server_that_ends_says_so_before_it_stops_listening() -> None:
    """A proxy would send requests to a server that is gone, and each restart would cost some users their answer."""
    with ReadingServer(limits={"drain_seconds": 2.0}) as server:
        assert server.client.get("/readyz").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        waited_until = time.monotonic() + 10
        while (readiness := httpx.get(f"{server.url}/readyz")).status_code == 200:  # on a new connection each time
            assert time.monotonic() < waited_until
        assert readiness.status_code == 503
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        late = httpx.post(f"{server.url}/v1/predict", content=word("bead"))
        assert (late.json()["text"], late.headers["connection"]) == ("bead", "close")
        assert server.process.wait(10) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/healthz")


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs caddy, a proxy")
def test_no_request_is_lost_behind_a_proxy_when_a_server_ends_under_load(tmp_path: Path) -> None:
    """Every restart would cost some users their answer (deploy/Caddyfile)."""
    with ReadingServer(slowness=0.01) as old, ReadingServer(slowness=0.01) as new, _proxy(tmp_path, old, new) as url:
        stop = threading.Event()
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [pool.submit(_ask_until, stop, url, keeps_connection=k % 2 == 0) for k in range(CLIENTS)]
            while 'route="/v1/predict",status="200"' not in old.client.get("/metrics").text:
                time.sleep(0.05)
            assert old.end() == 0
            time.sleep(0.5)
            stop.set()
        statuses = [status for client in clients for status in client.result()]
        assert set(statuses) == {200}
        assert old.said[1:] == new.said[1:] == []


def _ask_until(stop: threading.Event, url: str, keeps_connection: bool) -> list[int]:
    """Ask for a word again and again; return the statuses, 0 where there was no answer."""
    statuses, image = [], word("decade")
    headers = {} if keeps_connection else {"Connection": "close"}
    with httpx.Client(timeout=40) as client:
        while not stop.is_set():
            try:
                statuses.append(client.post(f"{url}/v1/predict", content=image, headers=headers).status_code)
            except httpx.HTTPError:
                statuses.append(0)
    return statuses


@contextmanager
def _proxy(folder: Path, *servers: ReadingServer) -> Iterator[str]:
    """Run the proxy of deploy/Caddyfile in front of these servers; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    environment = os.environ | {
        "GLUON_HTR_SITE": url,
        "GLUON_HTR_SERVERS": " ".join(f"127.0.0.1:{server.port}" for server in servers),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
    }
    command = ["caddy", "run", "--config", str(PROJECT / "deploy" / "Caddyfile"), "--adapter", "caddyfile"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            waited_until = time.monotonic() + 20
            while True:
                try:
                    assert httpx.get(f"{url}/readyz").status_code == 200
                    break
                except httpx.ConnectError:
                    assert time.monotonic() < waited_until
                    time.sleep(0.05)
            yield url
        finally:
            process.terminate()


def test_a_request_on_its_way_is_answered_while_it_ends() -> None:
    """The slowest request of all, with the largest image, would be the one that is lost."""
    with ReadingServer(slowness=1.0, limits={"drain_seconds": 0.2}) as server:
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
