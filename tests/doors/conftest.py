"""What tests of the commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from archive_server import ArchiveServer
from downloads import Download, Result
from support import door_environment


@pytest.fixture
def download(door: Callable[..., Result[str]], archive_server: ArchiveServer, tmp_path: Path) -> Download:
    """Downloads iam-words from the loopback server into tmp_path/iam, with the right password unless told otherwise."""

    def run(*arguments: object, password: str | None = None, **options: object) -> Result[str]:
        server = archive_server
        environment = door_environment(GLUON_HTR_PASSWORD=server.password if password is None else password)
        place = ["--base-url", server.url, "--user", server.user, "--root", tmp_path / "iam"]
        return door("download", "--dataset", "iam-words", *place, *arguments, **({"env": environment} | options))

    return run
