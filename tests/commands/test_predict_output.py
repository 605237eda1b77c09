"""Where `predict` puts what it reads."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from letters import LETTERS, draw

from gluon_htr import predict
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.errors import StorageError

Run = Callable[..., int]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two words, and a file that is no picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for word in ("bead", "cab"):
        draw(word).save(folder / f"{word}.png")
    (folder / "dead.png").write_bytes(b"no picture")
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> int:
        return predict.main([*map(str, arguments), "--model", str(LETTERS), "--threads", "1"])

    return call


def test_a_folder_gets_a_file_for_each_image(pictures: Path, tmp_path: Path, run: Run) -> None:
    """Whoever reads ten thousand words wants each beside its picture; a broken one must not leave an empty file."""
    assert run(pictures, "--output", tmp_path / "texts") == 1
    written = {path.name: path.read_text() for path in (tmp_path / "texts").iterdir()}
    assert written == {"bead.txt": "bead\n", "cab.txt": "cab\n"}


def test_one_file_has_all_readings_and_failures(pictures: Path, tmp_path: Path, run: Run) -> None:
    """Which pictures failed would be known to the terminal only."""
    assert run(pictures, "--output", tmp_path / "all.jsonl", "--format", "json") == 1
    rows = [json.loads(row) for row in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert sorted(row["path"] for row in rows) == sorted(str(path) for path in pictures.iterdir())
    assert {row.get("text") for row in rows} == {"bead", "cab", None}
    assert next(row["error"] for row in rows if "error" in row).startswith(str(pictures / "dead.png"))


def test_a_table_can_be_corrected_and_trained_on(pictures: Path, tmp_path: Path, run: Run) -> None:
    """Readings that are to become labels would have to be converted by hand."""
    (pictures / "dead.png").unlink()
    assert run(pictures, "--output", pictures / "labels.tsv", "--format", "tsv") == 0
    with open(pictures / "labels.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["text"] for row in rows] == ["bead", "cab"]
    assert all(0.5 < float(row["confidence"]) <= 1 for row in rows)
    samples = list(open_spec(parse_spec(f"listing:{pictures / 'labels.tsv'}")))
    assert [sample.text for sample in samples] == ["bead", "cab"]


def test_the_images_of_a_data_set_are_read_beside_their_labels(
    pictures: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a model errs would be seen only as a number."""
    (pictures / "labels.tsv").write_text("path\ttext\nbead.png\tbead\ncab.png\tcap\ndead.png\tdead\n")
    assert run("--data", f"listing:{pictures / 'labels.tsv'}", "--json") == 0
    out, err = capsys.readouterr()
    rows = [json.loads(row) for row in out.splitlines()]
    assert {(row["label"], row["text"]) for row in rows} == {("bead", "bead"), ("cap", "cab")}
    assert "left out labels.tsv:4: dead.png is not an image" in err


def test_a_file_without_suffix_is_written_to_and_a_device_is_refused(pictures: Path, tmp_path: Path, run: Run) -> None:
    """A file would be taken for a folder; a device must not be replaced, as by no other command."""
    (tmp_path / "texts").write_text("older")
    assert run(pictures / "bead.png", "--output", tmp_path / "texts") == 0
    assert (tmp_path / "texts").read_text() == "bead\n"
    with pytest.raises(StorageError, match="/dev/null is a pipe or a device"):
        run(pictures / "bead.png", "--output", "/dev/null")
    assert Path("/dev/null").is_char_device()


def test_nothing_to_read_is_an_error(run: Run) -> None:
    """A script whose pattern is empty would go on with nothing."""
    with pytest.raises(Exception, match="give images to read, or --data"):
        run()
