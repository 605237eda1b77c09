"""`models --available` and `--install`: an index on loopback, or as a file, and what is not as it says."""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from letters import LETTERS, draw, members, rehashed, zipped

from gluon_htr import _command, models, predict
from gluon_htr.bundles.catalog import find_bundle
from gluon_htr.datasets.download import fetching

Run = Callable[..., tuple[int, str, str]]


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's models, which does not exist yet."""
    monkeypatch.setenv("GLUON_HTR_MODELS", str(tmp_path / "mine"))
    monkeypatch.delenv("GLUON_HTR_MODEL_INDEX", raising=False)
    monkeypatch.setattr(fetching, "FIRST_PAUSE", 0.01)
    return tmp_path / "mine"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a bundle and its index."""
    (tmp_path / "site").mkdir()
    publish(tmp_path / "site", LETTERS.read_bytes())
    return tmp_path / "site"


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """The folder on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `models` in this process."""

    def run(*words: object) -> tuple[int, str, str]:
        return (_command.main(models.main, [str(word) for word in words]), *capsys.readouterr())

    return run


def publish(folder: Path, content: bytes, **changes: Any) -> None:
    """Write a bundle and an index that has it. changes: of its entry."""
    (folder / "letters.zip").write_bytes(content)
    entry = {
        "name": "letters",
        "url": "letters.zip",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "task": "words",
        "languages": ["en"],
        "cer": 0.051,
        "license": "Apache-2.0",
    }
    index = {"schema_version": 1, "bundles": [entry | changes]}
    (folder / "index.json").write_text(json.dumps(index), "utf-8")


def test_a_bundle_of_an_index_is_listed_installed_and_read_with(
    run: Run, address: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The way from an index to a model by its name."""
    place = ["--index", f"{address}/index.json", "--allow-private"]
    status, listed, _ = run("--available", *place)
    assert status == 0
    assert [row.split() for row in listed.splitlines()][1][0] == "letters"
    assert "5.1 %" in listed
    assert listed.rstrip().endswith("no")
    assert not home.exists(), "a list must not write anything"
    status, printed, told = run("--install", "letters", *place)
    assert (status, printed.strip()) == (0, str(home / "letters.zip")), told
    assert (home / "letters.zip").read_bytes() == LETTERS.read_bytes()
    assert [path.name for path in home.iterdir()] == ["letters.zip"]
    assert find_bundle("letters") == home / "letters.zip"
    draw("decade").save(tmp_path / "word.png")
    assert _command.main(predict.main, [str(tmp_path / "word.png"), "--model", "letters"]) == 0
    assert capsys.readouterr().out == "decade\n"
    assert run("--available", *place)[1].rstrip().endswith("yes")
    status, _, told = run("--install", "letters", *place)
    assert status == 0
    assert "already" in told


def test_an_index_may_be_a_file_or_named_by_the_environment(
    run: Run, site: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site without a network could not share its models."""
    assert [each["name"] for each in json.loads(run("--available", "--index", site / "index.json", "--json")[1])] == [
        "letters"
    ]
    monkeypatch.setenv("GLUON_HTR_MODEL_INDEX", (site / "index.json").as_uri())
    assert run("--install", "letters")[0] == 0
    assert (home / "letters.zip").is_file()


def test_the_index_that_ships_says_plainly_that_it_is_empty(run: Run) -> None:
    """A user would look for a mistake of their own."""
    status, printed, told = run("--available")
    assert (status, printed) == (0, "")
    assert "lists no bundles" in told


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"bytes": 5}, "more than 5 bytes"),
        ({"bytes": 10_000_000}, "size or SHA-256"),
        ({"url": "nowhere.zip"}, "does not exist (404)"),
        ({"name": "abc"}, "not abc"),
        ({"task": "lines"}, "not letters (lines)"),
        ({"requires": ">=99.0"}, "update gluon_htr"),
        ({"name": "english-lines"}, "ships with this version"),
        ({"url": "file:///etc/hostname"}, "not one of the web"),
        ({"url": "s3://bucket/letters.zip"}, "not one of the web"),
        ({"name": "../letters"}, "not an index"),
        ({"sha256": "short"}, "not an index"),
        ({"license": "\x1b[2J"}, "not an index"),
    ],
)
def test_what_is_not_as_the_index_says_is_not_installed(
    run: Run, site: Path, address: str, home: Path, changes: dict[str, Any], named: str
) -> None:
    """Another file, or one of this machine, would be read with."""
    publish(site, LETTERS.read_bytes(), **changes)
    name = changes.get("name", "letters")
    status, _, told = run("--install", name, "--index", f"{address}/index.json", "--allow-private")
    assert status == 2
    assert named in told
    assert "Traceback" not in told
    assert not home.exists()


@pytest.mark.parametrize("fault", ["cut", "altered", "listed"])
def test_a_damaged_bundle_is_inspected_before_it_is_stored(
    run: Run, site: Path, address: str, home: Path, tmp_path: Path, fault: str
) -> None:
    """An index with the right SHA-256 of a bad bundle would make it trusted."""
    files = members()
    if fault == "cut":
        content = LETTERS.read_bytes()[:5000]
    elif fault == "altered":
        content = zipped(tmp_path / "x.zip", files | {"model.onnx": files["model.onnx"][:-1] + b"\0"}).read_bytes()
    else:
        content = zipped(tmp_path / "x.zip", rehashed(files | {"golden/../../evil.py": b"x"})).read_bytes()
    publish(site, content)
    status, _, told = run("--install", "letters", "--index", f"{address}/index.json", "--allow-private")
    assert status == 2
    assert f"{address}/letters.zip" in told
    assert not home.exists()


def test_a_model_of_the_user_is_not_replaced(run: Run, site: Path, home: Path) -> None:
    """A model that a user trained would be lost to one of the same name."""
    home.mkdir()
    (home / "letters.zip").write_bytes(b"mine")
    status, _, told = run("--install", "letters", "--index", site / "index.json")
    assert status == 2
    assert "remove it first" in told
    assert (home / "letters.zip").read_bytes() == b"mine"


def test_private_networks_and_open_http_need_permission(run: Run, address: str) -> None:
    """An index could be altered on its way, or reach servers behind a firewall."""
    assert "can be altered on its way" in run("--available", "--index", f"{address}/index.json")[2]
    secure = address.replace("http:", "https:")
    assert "--allow-private" in run("--available", "--index", f"{secure}/index.json")[2]
    assert run("--available", "--index", "ftp://host/index.json")[0] == 2
    assert "leave them out" in run("show", "letters", "--available")[2]
    assert "--index is for" in run("--index", address)[2]


def test_an_index_is_fetched_over_tls(
    run: Run, site: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate of nobody would be accepted, or a right one refused."""
    pem = self_signed(tmp_path / "server.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(site))) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        place = ["--index", f"https://127.0.0.1:{server.server_address[1]}/index.json", "--allow-private"]
        status, _, told = run("--install", "letters", *place)
        assert status == 2
        assert "CERTIFICATE_VERIFY_FAILED" in told
        assert not home.exists()
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        assert run("--install", "letters", *place)[0] == 0
        server.shutdown()
    assert (home / "letters.zip").read_bytes() == LETTERS.read_bytes()


def self_signed(path: Path) -> Path:
    """A key and a certificate of 127.0.0.1 that nobody else signed."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(timezone.utc)
    host = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    certificate = builder.add_extension(host, critical=False).sign(key, hashes.SHA256())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"schema_version": 2, "bundles": []}', b"<html>"])
def test_what_is_not_an_index_is_refused_in_a_line(run: Run, tmp_path: Path, content: bytes) -> None:
    """A page that asks for a login would end in a traceback."""
    (tmp_path / "i.json").write_bytes(content)
    status, _, told = run("--available", "--index", tmp_path / "i.json")
    assert status == 2
    assert told.count("\n") == 1
    assert "not an index of bundles" in told
