"""What tests of the commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from archive_server import ArchiveServer
from downloads import Download, Result
from letters import WORDS, draw
from support import command_environment


@pytest.fixture
def download(command: Callable[..., Result[str]], archive_server: ArchiveServer, tmp_path: Path) -> Download:
    """Downloads iam-words from the loopback server into tmp_path/iam, with the right password unless told otherwise."""

    def run(*arguments: object, password: str | None = None, **options: object) -> Result[str]:
        server = archive_server
        environment = command_environment(GLUON_HTR_PASSWORD=server.password if password is None else password)
        place = ["--base-url", server.url, "--user", server.user, "--root", tmp_path / "iam"]
        return command("download", "--dataset", "iam-words", *place, *arguments, **({"env": environment} | options))

    return run


@pytest.fixture
def pack(command: Callable[..., Result[str]], tmp_path: Path) -> Callable[..., Result[str]]:
    """Packs a list of a few drawn words, one of which is missing."""
    for k, word in enumerate(WORDS):
        draw(word).save(tmp_path / f"{k}.png")
    rows = [f"{k}.png\t{word}\n" for k, word in enumerate(WORDS)]
    (tmp_path / "labels.tsv").write_text("".join([*rows, "lost.png\tlost\n"]), "utf-8")

    def run(*more: str, spec: str = "listing:labels.tsv") -> Result[str]:
        return command("prepare", spec, "--output", "x.rec", "--workers", "0", *more)

    assert run().returncode == 0
    return run
