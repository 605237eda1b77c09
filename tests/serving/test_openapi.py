"""The OpenAPI document is kept to, by requests that schemathesis makes from it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")

from reading_server import ReadingServer

SCHEMATHESIS = shutil.which("schemathesis", path=str(Path(sys.executable).parent)) or shutil.which("schemathesis")
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance"
)


@pytest.mark.skipif(SCHEMATHESIS is None, reason="scripts/test_serving installs schemathesis")
def test_no_request_brings_an_error_of_the_servers_own(tmp_path: Path) -> None:
    """A program generated from the document would meet answers that it does not know, or break the server."""
    limits = {"image_url": True, "corrections": str(tmp_path / "kept")}
    with ReadingServer(pages=True, limits=limits) as server:
        command = [SCHEMATHESIS, "run", f"{server.url}/openapi.json", "--max-examples", "20", "--seed", "1"]
        done = subprocess.run(
            [*map(str, command), "--checks", CHECKS], capture_output=True, text=True, timeout=120, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
        assert server.read(b"").status_code == 422
        assert server.end() == 0
        assert "Traceback" not in "".join(server.said)
