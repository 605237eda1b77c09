"""Images that come from standard input or from a server."""

from __future__ import annotations

import json
from pathlib import Path

from loopback import send, serving
from support import PROJECT, Command

LINE = PROJECT / "examples" / "line.png"


def test_an_image_from_a_pipe_is_read(tmp_path: Path, command: Command) -> None:
    """`scanimage | gluon-htr predict -` would look for a file that is called `-`."""
    with LINE.open("rb") as image:
        piped = command("predict", "-", LINE, "--json", stdin=image)
    assert piped.returncode == 0, piped.stderr
    first, second = map(json.loads, piped.stdout.splitlines())
    assert (first["path"], second["path"]) == ("stdin", str(LINE))
    assert first["text"] == second["text"] != ""


def test_a_page_from_a_pipe_has_a_file(tmp_path: Path, command: Command) -> None:
    """The output would be a hidden file without a name."""
    with LINE.open("rb") as image:
        done = command("read", "-", "--output", tmp_path / "out", stdin=image)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "stdin.txt").read_text(encoding="utf-8").strip()


def test_an_address_that_cannot_be_fetched_is_a_failure_of_its_own(command: Command) -> None:
    """One address that is wrong would end the reading of the others, or reach into a private network."""
    with serving(lambda request, number: send(request, 200, LINE.read_bytes())) as (address, requests):
        done = command("predict", address, "http://nowhere.invalid/a.png", LINE, "--json")
    assert done.returncode == 1
    assert not requests
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert [line.split()[1] for line in errors] == [address, "http://nowhere.invalid/a.png"]
    assert "is on a private network: download it first" in errors[0]
    objects = {entry["path"]: entry for entry in map(json.loads, done.stdout.splitlines())}
    assert objects[address]["error"] in errors[0]
    assert objects[str(LINE)]["text"]
    assert len(objects) == 3
