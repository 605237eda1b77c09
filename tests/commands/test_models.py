"""models as a user runs it, and predict without --model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from letters import LETTERS, draw, members, rehashed, zipped
from support import Command, command_environment, refusal


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """An environment whose user has the bundle `english-lines`."""
    (tmp_path / "models").mkdir()
    shutil.copy(LETTERS, tmp_path / "models" / "english-lines.zip")
    return command_environment(GLUON_HTR_MODELS=str(tmp_path / "models"))


def test_a_list_is_a_table_and_show_has_the_details(installed: dict[str, str], command: Command) -> None:
    """A user could not choose a model, nor know what its data's terms allow."""
    done = command("models", env=installed)
    assert done.returncode == 0, done.stderr
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["name", "for", "languages", "CER", "size", "license", "from"]
    row = next(row for row in rows if row.startswith("english-lines "))
    assert row.split("  ")[0] == "english-lines"
    assert "single words" in row
    assert "0.1 MB" in row
    assert row.endswith("installed")
    assert [row[head.index("license") - 2 :][:2] for row in rows] == ["  "] * len(rows), "columns do not line up"
    shown = command("models", "show", "english-lines", env=installed).stdout
    for part in ("english-lines (installed, 0.1 MB", "5 characters: abcde", "drawn for tests of gluon_htr: free"):
        assert part in shown
    entry = next(
        e for e in json.loads(command("models", "--json", env=installed).stdout) if e["name"] == "english-lines"
    )
    assert entry["bytes"] == LETTERS.stat().st_size
    assert entry["about"]["training_data"][0]["terms"].endswith("free")


def test_a_damaged_bundle_is_reported_and_the_rest_are_listed(
    installed: dict[str, str], command: Command, tmp_path: Path
) -> None:
    """One bad download would hide all models."""
    (tmp_path / "models" / "cut.zip").write_bytes(LETTERS.read_bytes()[:1000])
    done = command("models", env=installed)
    assert done.returncode == 1
    assert "english-lines" in done.stdout
    assert [line for line in done.stderr.splitlines() if "cut.zip" in line]
    assert "Traceback" not in done.stderr


def test_an_empty_folder_is_no_error(command: Command, tmp_path: Path) -> None:
    """A new user would be greeted by an error."""
    done = command("models", env=command_environment(GLUON_HTR_MODELS=str(tmp_path / "none")))
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_verify_says_ok_or_what_differs(command: Command, tmp_path: Path) -> None:
    """A model that reads differently on this machine would go unnoticed."""
    assert command("models", "verify", LETTERS).stdout == "OK letters: 5 of 5 golden images\n"
    files = members()
    expected = json.loads(files["golden/expected.json"])
    expected[1]["text"] = "wrong"
    expected[3]["confidence"] = 0.5 if expected[3]["confidence"] < 0.4 else 0.1
    altered = rehashed(files | {"golden/expected.json": json.dumps(expected).encode()})
    zipped(tmp_path / "x.zip", altered)
    done = command("models", "verify", "x.zip")
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["golden/2.png", "golden/4.png"]
    assert "expected 'wrong'" in done.stdout
    report = json.loads(command("models", "verify", "x.zip", "--json").stdout)
    assert [image["ok"] for image in report["images"]] == [True, False, True, False, True]
    assert not report["ok"]


def test_predict_takes_the_default_model_or_says_that_there_is_none(
    installed: dict[str, str], command: Command, tmp_path: Path
) -> None:
    """The first command that a new user tries would fail."""
    draw("decade").save(tmp_path / "word.png")
    done = command("predict", "word.png", env=installed)
    assert (done.returncode, done.stdout) == (0, "decade\n"), done.stderr
    assert command("predict", "word.png", "--model", "english-lines", env=installed).stdout == "decade\n"


def test_wrong_use_is_one_line(command: Command) -> None:
    """A user would get a traceback."""
    assert "needs a bundle" in refusal(command("models", "verify"))
    assert "no model nowhere" in refusal(command("models", "show", "nowhere"))
    assert "not a bundle" in refusal(command("models", "verify", __file__))
    assert "--threads" in refusal(command("predict", "x.png", "--model", LETTERS, "--threads", "0"))
