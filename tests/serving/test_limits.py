"""Clients that send too much, too slowly or nothing, and more of them than can be served."""

from __future__ import annotations

import io
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from letters import encoded
from PIL import Image
from reading_server import ReadingServer, data_url, word

from gluon_htr.serving.image_files import check_work
from gluon_htr.serving.request_errors import RequestRejected

HEAD = b"POST /v1/predict HTTP/1.1\r\nHost: x\r\n"


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def test_a_body_that_is_too_large_is_rejected_and_not_kept() -> None:
    """One upload could take all memory."""
    with ReadingServer(limits={"max_body_bytes": 1 << 20}) as server:
        server.read(word("abc"))
        before = server.memory()
        announced = server.client.post("/v1/predict", content=bytes(30 << 20))
        unannounced = server.client.post("/v1/predict", content=(bytes(1 << 20) for _ in range(30)))
        assert (announced.status_code, unannounced.status_code) == (413, 413)
        assert server.memory() - before < 12 << 20
        assert server.read(word("abc")).json()["text"] == "abc"


@pytest.mark.parametrize(("how", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_reader_that_hangs_is_told_and_does_not_keep_the_server_alive(how: signal.Signals, status: int) -> None:
    """A hostile image stopped a server for hours: it said that it was ready, and only kill -9 ended it."""
    limits = {"response_timeout": 0.3, "page_timeout": 0.3, "body_timeout": 1, "drain_seconds": 0.1, "workers": 1}
    with ReadingServer(limits=limits, slowness=600) as server:
        assert server.client.get("/readyz").status_code == 200
        assert server.read(word("abc")).status_code == 503
        patience = time.monotonic() + 10
        while (answer := server.client.get("/readyz")).text != "stuck\n":
            assert time.monotonic() < patience
        assert answer.status_code == 503
        assert float(re.search(r"batch_age_seconds ([\d.]+)", server.client.get("/metrics").text)[1]) > 0.3
        server.client.close()
        began = time.monotonic()
        server.process.send_signal(how)
        if how == signal.SIGINT:
            time.sleep(0.5)
            began = time.monotonic()
        assert server.end(how) == status
        assert time.monotonic() - began < (5 if how == signal.SIGINT else 12)
        assert "still being read" in "".join(server.said)


def test_images_that_are_large_together_are_refused_at_once() -> None:
    """107 kB took a worker for ten seconds: 32 images, each of which is allowed, are one request."""
    large = encoded(Image.new("1", (4472, 4472), 1))
    with ReadingServer() as server:
        body = {"images": [data_url(large)] * 32}
        began = time.monotonic()
        answer = server.client.post("/v1/predict", json=body)
        assert answer.status_code == 413
        assert "together" in answer.json()["error"]
        assert time.monotonic() - began < 3
        words = server.client.post("/v1/predict", json={"images": [data_url(word("abc"))] * 32})
        assert [result["text"] for result in words.json()["results"]] == ["abc"] * 32
        assert server.read(large).status_code == 200


def test_scans_of_all_images_of_a_request_count_together() -> None:
    """Each JPEG may take two seconds: a request of 32 would take a minute."""
    content = io.BytesIO()
    Image.new("L", (2000, 2000), 255).save(content, "JPEG", progressive=True)
    blob = content.getvalue()
    scan = blob[blob.rindex(b"\xff\xda") : -2]
    heavy = blob[:-2] + scan * 300 + b"\xff\xd9"
    check_work([heavy])
    with pytest.raises(RequestRejected) as error:
        check_work([heavy] * 8)
    assert error.value.http_status == 413


def test_many_bodies_at_once_share_one_budget() -> None:
    """Many clients together could take what none may take alone."""
    limits = {"max_body_bytes": 1 << 20, "max_memory_bytes": 4 << 20}
    with ReadingServer(limits=limits) as server, ThreadPoolExecutor(8) as pool:
        connections = [server.connect() for _ in range(6)]
        for connection in connections:  # nearly all of it, and then nothing
            connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n" + bytes(990_000))
        answers = list(pool.map(everything_soon, connections))
        assert sum(answer.startswith(b"HTTP/1.1 429") for answer in answers) >= 3
        for connection in connections:
            connection.close()
        patience = time.monotonic() + 10
        while server.read(word("abc")).status_code != 200:  # what was taken is given back
            assert time.monotonic() < patience
        assert "gluon_htr_body_bytes 0.0" in server.client.get("/metrics").text


def everything_soon(connection: socket.socket) -> bytes:
    """What comes within a second."""
    connection.settimeout(1)
    try:
        return connection.recv(65536)
    except TimeoutError:
        return b""


def test_clients_that_send_too_slowly_are_let_go() -> None:
    """A few hundred open connections, which cost an attacker nothing, would keep everybody else out."""
    with ReadingServer(limits={"body_timeout": 0.5, "head_timeout": 0.5}) as server:
        silent, head, body, endless = (server.connect() for _ in range(4))
        head.sendall(HEAD)
        body.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        endless.sendall(b"\r\n")
        begun = time.monotonic()
        assert everything(silent) == everything(head) == everything(endless) == b""
        assert everything(body).startswith(b"HTTP/1.1 408")
        assert time.monotonic() - begun < 5


def test_a_head_without_end_is_not_collected() -> None:
    """Headers, which nobody needs, would fill the memory."""
    with ReadingServer() as server, server.connect() as connection:
        connection.sendall(HEAD)
        with pytest.raises(OSError, match=r"reset|pipe|closed"):
            send_for_ever(connection)
        assert server.read(word("bad")).status_code == 200


def send_for_ever(connection: socket.socket) -> None:
    """Headers and no end; 4 MB at most, so that the test ends where the server does not mind."""
    for k in range(1000):
        connection.sendall(f"X-{k}: {'x' * 4000}\r\n".encode())
        time.sleep(0.001)


def test_a_client_that_never_reads_its_responses_is_cut_off() -> None:
    """It would hold a connection for ever, and a few hundred of them would keep everybody else out."""
    with ReadingServer(limits={"send_timeout": 0.5}) as server, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(5)
        connection.connect(("127.0.0.1", server.port))
        with pytest.raises(OSError, match=r"reset|pipe|closed"):
            ask_for_ever(connection)
        assert server.read(word("bad")).status_code == 200


def ask_for_ever(connection: socket.socket) -> None:
    """Ask for some megabytes, one request after the other, and read nothing."""
    for _ in range(2000):
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.005)


def test_more_connections_than_there_may_be_are_closed() -> None:
    """The server would run out of files, and with them of everything."""
    with ReadingServer(limits={"max_connections": 5}) as server:
        open_ones = [server.connect() for _ in range(5)]
        with server.connect() as one_more:
            assert everything(one_more) == b""
        for one in open_ones:
            one.close()
        patience = time.monotonic() + 10
        while True:
            try:
                assert httpx.get(f"{server.url}/healthz").status_code == 200
                break
            except httpx.TransportError:
                assert time.monotonic() < patience


def test_cut_connections_leave_nothing_behind() -> None:
    """Every client that gives up would cost memory, or an error in the log."""
    with ReadingServer() as server:
        for sent in (HEAD, HEAD + b"Content-Length: 1000000\r\n\r\n" + bytes(100_000)):
            for _ in range(20):
                with server.connect() as connection:
                    connection.sendall(sent)
        request = HEAD + b"Content-Length: %d\r\n\r\n" % len(word("abc")) + word("abc")
        for _ in range(20):
            with server.connect() as connection:
                connection.sendall(request)
        patience = time.monotonic() + 10
        while "gluon_htr_body_bytes 0.0" not in server.client.get("/metrics").text:
            assert time.monotonic() < patience
        assert server.read(word("abc")).json()["text"] == "abc"
        assert server.end() == 0
        assert "Traceback" not in "".join(server.said)


def test_a_full_queue_says_when_to_come_back() -> None:
    """Under load every client would wait for ever instead of trying elsewhere."""
    limits = {"max_waiting": 8, "max_images": 8, "batch_size": 2, "workers": 1}
    with ReadingServer(limits=limits, slowness=0.3) as server, ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda _: server.client.post("/v1/predict", content=word("abc")), range(24)))
        rejected = [answer for answer in answers if answer.status_code == 429]
        assert rejected
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in rejected)
        read = [answer for answer in answers if answer.status_code == 200]
        assert len(read) + len(rejected) == 24
        assert {answer.json()["text"] for answer in read} == {"abc"}
        assert server.read(word("abc")).status_code == 200


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    """A client would wait longer than it has time, and the server work for nobody."""
    limits = {"response_timeout": 0.3, "workers": 1, "batch_size": 1}
    with ReadingServer(limits=limits, slowness=1.0) as server:
        answer = server.read(word("abc"))
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1


def test_requests_of_the_same_moment_become_one_batch() -> None:
    """Every request would be read alone, at half of the speed."""
    limits = {"workers": 1, "max_delay": 0.2, "batch_size": 8}
    with ReadingServer(limits=limits) as server, ThreadPoolExecutor(8) as pool:
        texts = ["abc", "decade", "bead", "cab", "bace", "e", "dad", "beeb"]
        answers = list(pool.map(lambda text: server.client.post("/v1/predict", content=word(text)), texts))
        assert [answer.json()["text"] for answer in answers] == texts
        counted = server.client.get("/metrics").text
        batches = float(counted.split("gluon_htr_batch_images_count ")[1].split()[0])
        assert batches <= 4


def test_fuzzed_bodies_are_rejected_and_nothing_else() -> None:
    """A few odd bytes would bring an error of the server's own, or its end."""
    import random

    noise = random.Random(0)
    whole = b'{"image": "' + data_url(word("abc")).encode() + b'"}'
    form = b'--b\r\nContent-Disposition: form-data; name="a"; filename="x"\r\n\r\n' + word("abc") + b"\r\n--b--\r\n"
    picture = encoded(Image.new("RGB", (64, 16)), "TIFF")
    with ReadingServer() as server:
        statuses = set()
        for kind, body in (("application/json", whole), ("multipart/form-data; boundary=b", form), ("x", picture)):
            for _ in range(60):
                broken = bytearray(body)
                for _ in range(noise.randint(1, 6)):
                    broken[noise.randrange(len(broken))] = noise.randrange(256)
                cut = bytes(broken[: noise.randint(1, len(broken))]) if noise.random() < 0.3 else bytes(broken)
                answer = server.client.post("/v1/predict", content=cut, headers={"Content-Type": kind})
                statuses.add(answer.status_code)
        for kind in (
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=b; charset=q",
        ):
            answer = server.client.post("/v1/predict", content=form, headers={"Content-Type": kind})
            statuses.add(answer.status_code)
        assert statuses <= {200, 400, 413, 422}, statuses
        assert server.end() == 0
        assert "Traceback" not in "".join(server.said)
