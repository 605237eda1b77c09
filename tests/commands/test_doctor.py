"""`doctor` finds the faults that were planted in data, and the command that it suggests removes them."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from letters import LETTERS, draw
from PIL import Image
from support import Command, refusal
from written_lines import Line, draw_line, lines, write_list

from gluon_htr import __main__

Plant = Callable[[list[Line]], None]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        given = list(map(str, words))
        return subprocess.CompletedProcess(given, __main__.main(given), *capsys.readouterr())

    return run


def diagnosed(here: Command, *words: object) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status and the findings by name."""
    done = here("doctor", *words, "--json")
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}


def negative(line: Line) -> None:
    line.image = 255 - line.image


def chalk(line: Line) -> None:
    """Gray on a gray board."""
    line.image = (175 - (line.image.astype(int) - 40) // 3).astype(np.uint8)


def faint(line: Line) -> None:
    line.image = (225 + (line.image.astype(int) - 235) // 10).astype(np.uint8)


def empty_paper(line: Line) -> None:
    noise = np.random.default_rng(0).normal(230, 3, line.image.shape)
    line.image = np.clip(noise, 0, 255).astype(np.uint8)


def empty_paper_in_shadow(line: Line) -> None:
    height, width = line.image.shape
    line.image = np.tile(np.linspace(150, 220, width).astype(np.uint8), (height, 1))


def coarse(line: Line) -> None:
    image = Image.fromarray(line.image)
    line.image = np.asarray(image.resize((image.width // 4, image.height // 4), Image.Resampling.BOX))


def loose(line: Line) -> None:
    line.image = np.pad(line.image, ((90, 60), (5, 5)), constant_values=235)


def shadowed(line: Line) -> None:
    line.image = (line.image * np.linspace(1.0, 0.45, line.image.shape[1])).astype(np.uint8)


def tilted(line: Line) -> None:
    image = Image.fromarray(np.pad(line.image, ((20, 20), (0, 0)), constant_values=235))
    line.image = np.asarray(image.rotate(5, Image.Resampling.BILINEAR, fillcolor=235))


def turned(line: Line) -> None:
    line.image = np.rot90(line.image)


def broken(line: Line) -> None:
    line.content = b"\x89PNG\r\n\x1a\n" + b"nothing" * 20


def not_an_image(line: Line) -> None:
    line.content = b"<html>not found</html>"


def missing(line: Line) -> None:
    line.content, line.missing = b"", True


def repeated(line: Line) -> None:
    line.name, line.missing = "000.png", True  # the list already has it


def copied(line: Line) -> None:
    line.image, line.text = COPIED.image, COPIED.text


def contradicted(line: Line) -> None:
    line.image = CONTRADICTED.image


def without_text(line: Line) -> None:
    line.text = ""


def illegible(line: Line) -> None:
    line.text = "[illegible]"


def question_marks(line: Line) -> None:
    line.text = "????"


def file_name(line: Line) -> None:
    line.text = "IMG_2041.jpg"


def bold(line: Line) -> None:
    line.text = f"{line.text[:-8]}<b>no</b>"


def misread(line: Line) -> None:
    line.text = line.text[:-1] + "é".encode().decode("cp1252")


def curly_misread(line: Line) -> None:
    line.text = line.text[:-1] + "’".encode().decode("cp1252")


def damaged(line: Line) -> None:
    line.text = line.text[:-1] + "\ufffd"


def cyrillic(line: Line) -> None:
    line.text = line.text.replace("e", "\u0435")


def too_short(line: Line) -> None:
    line.text = "tins"


def of_a_page(line: Line) -> None:
    line.text = " ".join([line.text] * 5)


COPIED, CONTRADICTED = lines(2, seed=1)
PLANTED: dict[Callable[[Line], None], str] = {
    negative: "light-ink",
    chalk: "light-ink",
    faint: "low-contrast",
    empty_paper: "blank-image",
    empty_paper_in_shadow: "blank-image",
    coarse: "small-text",
    loose: "loose-crop",
    shadowed: "shadow",
    tilted: "askew",
    turned: "turned-image",
    broken: "unreadable-image",
    not_an_image: "unreadable-image",
    missing: "missing-image",
    repeated: "repeated-row",
    copied: "duplicate-image",
    contradicted: "contradicting-texts",
    without_text: "empty-text",
    illegible: "placeholder-text",
    question_marks: "placeholder-text",
    file_name: "placeholder-text",
    bold: "markup-in-text",
    misread: "wrong-encoding",
    curly_misread: "wrong-encoding",
    damaged: "damaged-text",
    cyrillic: "mixed-scripts",
    too_short: "wrong-length-text",
    of_a_page: "wrong-length-text",
}


def planted(folder: Path) -> dict[str, set[str]]:
    """Write lines, every second of which has a fault. Return the samples or rows of each fault."""
    written, expected = [*lines(2 * len(PLANTED) + 6), COPIED, CONTRADICTED], dict[str, set[str]]()
    for number, (plant, fault) in enumerate(PLANTED.items()):
        line = written[2 * number + 1]
        plant(line)
        unusable = plant in (missing, repeated, without_text, not_an_image)
        expected.setdefault(fault, set()).add(f"labels.tsv:{2 * number + 3}" if unusable else line.name)
    expected["contradicting-texts"].add(CONTRADICTED.name)
    expected["duplicate-image"] = {COPIED.name}  # the second of them
    expected["too-long-text"] = expected["turned-image"]  # training has no room for it either
    write_list(folder, written)
    return expected


def test_data_without_faults_have_none(here: Command, tmp_path: Path) -> None:
    """A user would look for faults that are not there, and stop reading what the command says."""
    write_list(tmp_path / "data", lines())
    status, found = diagnosed(here, "listing:data")
    assert status == 0
    assert set(found) <= {"rare-characters"}


def test_every_planted_fault_is_found_and_fixed_by_its_command(here: Command, tmp_path: Path) -> None:
    """A training would fail for a reason that nobody was told, or the suggested command would not help."""
    expected = planted(tmp_path / "data")
    status, found = diagnosed(here, "listing:data")
    assert status == 1
    found.pop("rare-characters")
    assert {name: set(finding["ids"]) for name, finding in found.items()} == expected
    fixes = {finding["fix"] for finding in found.values()}
    assert len(fixes) == 1
    program, *words = shlex.split(fixes.pop())
    assert program == "gluon-htr"
    assert here(*words).returncode == 1
    status, fixed = diagnosed(here, "listing:corrected")
    assert (status, set(fixed)) == (0, {"rare-characters"}), fixed
