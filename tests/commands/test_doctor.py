"""`doctor` finds the faults that were planted in data, and the command that it suggests removes them."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from letters import LETTERS, draw
from PIL import Image
from planted_faults import LINES, negative, plant
from support import Command, command_environment, prepare, refusal
from written_lines import LETTERS as LETTERS_OF_LINES
from written_lines import draw_line, lines, write_list

from gluon_htr import __main__, doctor, train
from gluon_htr import prepare as prepare_command
from gluon_htr.datasets.spec import open_spec, parse_spec
from gluon_htr.networks.presets import load_preset
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.trainable import split_trainable


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


def planted(folder: Path) -> dict[str, set[str]]:
    """Write drawn lines with every fault. Return the samples or rows of each."""
    written = [*lines(LINES - 2), *lines(2, seed=1)]
    expected = plant(written)
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


def test_texts_of_other_rows_are_found(here: Command, tmp_path: Path) -> None:
    """A list in which a row is missing trains a network on the text of the next line."""
    written = lines(80)
    texts = [line.text for line in written]
    for line, text in zip(written[20:], texts[21:]):
        line.text = text
    write_list(tmp_path / "data", written[:-1])
    status, found = diagnosed(here, "listing:data")
    assert status == 1
    shifted = found["shifted-texts"]
    assert set(shifted["ids"]) >= {line.name for line in written[24:-1]}
    assert not set(shifted["ids"]) & {line.name for line in written[:17]}
    assert "1 row above" in shifted["examples"][-1]


def test_mixed_texts_are_found(here: Command, tmp_path: Path) -> None:
    """Labels that were sorted apart from their images would train a network on nothing."""
    written = lines(60)
    texts = sorted((line.text for line in written), key=lambda text: text[1:])
    for line, text in zip(written, texts):
        line.text = text
    write_list(tmp_path / "data", written)
    status, found = diagnosed(here, "listing:data")
    assert status == 1
    assert found["shifted-texts"]["count"] == 60
    assert "--suspects" in found["shifted-texts"]["fix"]


def test_writers_and_images_in_both_sets_are_found_and_left_out(here: Command, tmp_path: Path) -> None:
    """A model would be scored on writers that it was trained on."""
    written = lines(40)
    write_list(tmp_path / "a", written)
    write_list(tmp_path / "b", [line for line in lines(30, seed=5) if line.group == "writer2"] + [written[3]])
    status, found = diagnosed(here, "listing:a", "--validation", "listing:b")
    assert status == 1
    groups = {"writer2", written[3].group}
    assert set(found["group-overlap"]["ids"]) == {line.name for line in written if line.group in groups}
    assert found["image-overlap"]["ids"] == [written[3].name]
    assert here(*shlex.split(found["group-overlap"]["fix"])[1:]).returncode == 1
    status, found = diagnosed(here, "listing:corrected", "--validation", "listing:b")
    assert (status, {"group-overlap", "image-overlap"} & set(found)) == (0, set())


def test_parts_of_one_set_that_overlap_are_replaced_by_its_splits(here: Command, tmp_path: Path) -> None:
    """A user who forgot `split=` would be told to copy the data."""
    write_list(tmp_path / "a", lines(40))
    _, found = diagnosed(here, "listing:a", "--validation", "listing:a?split=validation")
    _, command, *words = shlex.split(found["group-overlap"]["fix"])
    assert command == "train"
    given = dict(zip(words[::2], words[1::2]))
    status, found = diagnosed(here, given["--data"], "--validation", given["--validation"])
    assert (status, {"group-overlap", "image-overlap"} & set(found)) == (0, set())


def test_letters_outside_an_alphabet_are_found_and_its_fix_adds_them(here: Command, tmp_path: Path) -> None:
    """Training would silently leave lines out."""
    written = lines(40)
    for line in written[:5]:
        line.text = line.text[:-1] + "ß"
    write_list(tmp_path / "data", written)
    (tmp_path / "known.json").write_text(json.dumps({"characters": sorted({*LETTERS_OF_LINES, " "})}))
    status, found = diagnosed(here, "listing:data", "--alphabet", "known.json")
    assert status == 1
    assert found["outside-alphabet"]["ids"] == [line.name for line in written[:5]]
    assert "'ß' (5)" in found["outside-alphabet"]["why"]
    assert here(*shlex.split(found["outside-alphabet"]["fix"])[1:]).returncode == 0
    assert "outside-alphabet" not in diagnosed(here, "listing:data", "--alphabet", "known.json")[1]


def test_texts_that_do_not_fit_are_those_that_training_leaves_out(here: Command, tmp_path: Path) -> None:
    """The check would have another rule than the training, and the fix another preset than one that helps."""
    written = lines(30)
    write_list(tmp_path / "data", written)
    status, found = diagnosed(here, "listing:data", "--preset", "words")
    preset = load_preset("words")
    store = prepare(open_spec(parse_spec("listing:data")), preset.preprocessing, workers=0)
    _, problems = split_trainable(store, Alphabet.from_texts(store.texts), preset.network.step_width)
    assert len(problems) > 0.05 * len(written)
    assert (status, found["too-long-text"]["ids"]) == (1, [problem.id for problem in problems])
    words = shlex.split(found["too-long-text"]["fix"])
    better = words[words.index("--preset") + 1]
    assert "too-long-text" not in diagnosed(here, "listing:data", "--preset", better)[1]


def test_every_suggested_command_exists(here: Command, tmp_path: Path) -> None:
    """A user would copy a command that is refused."""
    written = lines(40)
    write_list(tmp_path / "a", written[:2], grouped=False)
    written[2].text += " \u00df"
    write_list(tmp_path / "b", written[2:], grouped=False)
    (tmp_path / "known.json").write_text(json.dumps({"characters": ["a", "b"]}))
    _, found = diagnosed(here, "listing:a", "--validation", "listing:b", "--alphabet", "known.json")
    _, other = diagnosed(here, "listing:b")
    expected = {"rare-characters", "too-few-samples", "characters-only-in-validation", "outside-alphabet", "no-groups"}
    assert expected <= {*found, *other}
    for finding in [*found.values(), *other.values()]:
        _, name, *words = shlex.split(finding["fix"])
        options = {"train": train, "prepare": prepare_command, "doctor": doctor}[name].parser().parse_args(words)
        for spec in getattr(options, "data", None) or [getattr(options, "spec", "listing:a")]:
            assert len(open_spec(parse_spec(spec))) > 0


def test_prepared_data_are_checked_too(here: Command, tmp_path: Path) -> None:
    """The padding of prepared images would be taken for faults, or what they left out be unknown."""
    written = lines(40)
    negative(written[3])
    written[5].content = b"nothing"
    write_list(tmp_path / "data", written)
    assert here("prepare", "listing:data", "--preset", "lines", "--output", "d.rec", "--workers", 0).returncode == 0
    _, found = diagnosed(here, "records:d.rec")
    assert {name: finding["count"] for name, finding in found.items()} == {"light-ink": 1, "unreadable-image": 1}


def test_one_text_for_all_and_too_few_samples_are_found(here: Command, tmp_path: Path) -> None:
    """A list that was filled down, and a folder of three lines, would be trained on for hours."""
    written = lines(40)
    for line in written[:30]:
        line.text = "line"
    write_list(tmp_path / "same", written)
    assert diagnosed(here, "listing:same")[1]["same-text"]["count"] == 30
    write_list(tmp_path / "few", lines(3))
    found = diagnosed(here, "listing:few")[1]
    assert found["too-few-samples"]["severity"] == "stops training"


def test_pictures_are_checked_without_texts(here: Command, tmp_path: Path) -> None:
    """A user could not check scans before typing them."""
    (tmp_path / "scans").mkdir()
    Image.fromarray(draw_line("tinshore")).save(tmp_path / "scans" / "good.png")
    Image.fromarray(255 - draw_line("tinshore")).save(tmp_path / "scans" / "negative.png")
    (tmp_path / "scans" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    status, found = diagnosed(here, "scans")
    assert status == 1
    assert {name: finding["ids"] for name, finding in found.items()} == {
        "light-ink": ["scans/negative.png"],
        "unreadable-image": ["scans/broken.png"],
    }
    assert here(*shlex.split(found["light-ink"]["fix"])[1:]).returncode == 1
    assert set(diagnosed(here, "corrected/0000")[1]) == {"duplicate-image"}  # the negative is the good one now


def test_the_table_and_the_report_show_each_finding(here: Command, tmp_path: Path) -> None:
    """A user would see a count and not the images."""
    pytest.importorskip("matplotlib")
    expected = planted(tmp_path / "data")
    done = here("doctor", "listing:data", "--report", "report")
    assert done.returncode == 1
    assert "data/001.png: light ink on a dark ground" in done.stdout
    page = (tmp_path / "report" / "index.html").read_text("utf-8")
    for name in {*expected, "rare-characters"}:
        assert name in done.stdout
        assert f"<h2>{name} " in page
    assert "&lt;b&gt;no" in page
    assert "<b>no" not in page
    assert page.count("data:image/jpeg;base64,") >= 20
    for name in ("contact.png", "histograms.png"):
        with Image.open(tmp_path / "report" / name) as picture:
            picture.load()
            assert np.ptp(np.asarray(picture.convert("L"))) > 100


def large_word(text: str, number: int) -> Image.Image:
    """A word as it was scanned, with one pixel of its own."""
    image = draw(text).resize((192, 48), Image.Resampling.BILINEAR)
    image.putpixel((0, 0), 200 + number)
    return image


@pytest.fixture
def words_list(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Drawn words that a small model reads, two of which have the text of another; and the true texts of these."""
    texts = ["abc", "decade", "bead", "cab", "bace", "dad", "beeb", "ace", "bed", "deed"] * 3
    (tmp_path / "words").mkdir()
    wrong = {"words/4.png": "bace", "words/17.png": "ace"}
    rows = []
    for number, text in enumerate(texts):
        large_word(text, number).save(tmp_path / "words" / f"{number}.png")
        name = f"words/{number}.png"
        rows.append(f"{name}\t{'dab' if name in wrong else text}\n")
    (tmp_path / "words.tsv").write_text("".join(rows))
    return tmp_path / "words.tsv", wrong


def test_suspects_are_the_wrong_labels_and_corrections_are_applied(
    here: Command, words_list: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """Wrong labels would have to be looked for by hand, and corrected in files of several formats."""
    _, wrong = words_list
    words = ("doctor", "listing:words.tsv", "--model", LETTERS, "--suspects", "suspects.tsv", "--share", 0.1)
    done = here(*words, "--json")
    assert done.returncode == 0, done.stderr
    ranked = json.loads(done.stdout)
    assert {one["id"] for one in ranked[:2]} == set(wrong)
    assert ranked[0]["gap"] > 0.5
    assert {one["id"]: one["read"] for one in ranked[:2]} == wrong
    rows = [row.split("\t") for row in (tmp_path / "suspects.tsv").read_text().splitlines()]
    assert len(rows) == 4
    samples = list(open_spec(parse_spec("listing:suspects.tsv")))
    original = {sample.id: sample for sample in open_spec(parse_spec("listing:words.tsv"))}
    assert [np.array_equal(s.image(), original[r[-1]].image()) for s, r in zip(samples, rows[1:])] == [True] * 3
    assert all(row[0] in (tmp_path / "suspects.html").read_text() for row in rows)
    texts = [wrong.get(row[-1], "") for row in rows[1:]]  # the third one is deleted
    edited = ["\t".join([row[0], text, *row[2:]]) for row, text in zip(rows[1:], texts)]
    (tmp_path / "suspects.tsv").write_text("\n".join(["\t".join(rows[0]), *edited]))
    here("doctor", "listing:words.tsv", "--fix", "better", "--corrections", "suspects.tsv")
    found = [(sample.text, sample.image()) for sample in open_spec(parse_spec("listing:better"))]
    assert len(found) == 29
    assert "dab" not in [text for text, _ in found]
    assert np.array_equal(found[4][1], np.asarray(large_word("bace", 4)))
    assert found[4][0] == "bace"


def test_samples_with_one_name_are_not_mixed_up(here: Command, words_list: object, tmp_path: Path) -> None:
    """The picture of one sample would stand beside the text of another."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "words").mkdir()
    large_word("abc", 1).save(tmp_path / "other" / "words" / "1.png")
    (tmp_path / "other" / "labels.tsv").write_text("words/1.png\tabc\n")
    words = ["--model", LETTERS, "--suspects", "s.tsv"]
    assert "words/1.png" in refusal(here("doctor", "listing:words.tsv", "listing:other", *words))
    assert here("doctor", "listing:words.tsv*2", *words).returncode == 0
    assert len((tmp_path / "s.tsv").read_text().splitlines()) == 1 + 2


def test_checking_needs_no_training_extra(tmp_path: Path) -> None:
    """Whoever types texts on one machine and trains on another could not check them."""
    write_list(tmp_path / "data", lines(20))
    heavy = ["mxnet", "torch", "cv2", "matplotlib", "pandas", "onnx", "tensorboard"]
    program = f"import sys; sys.modules.update(dict.fromkeys({heavy})); from gluon_htr.__main__ import main; "
    program += "sys.exit(main(['doctor', 'listing:data']))"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=command_environment(), timeout=60)
    assert done.returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        ["listing:words.tsv", "words/1.png"],
        ["words/1.png", "--preset", "lines"],
        ["listing:words.tsv", "--suspects", "s.tsv"],
        ["listing:words.tsv", "--suspects", "s.txt", "--model", str(LETTERS)],
        ["listing:words.tsv", "--suspects", "s.tsv", "--model", str(LETTERS), "--share", "8"],
        ["listing:words.tsv", "--suspects", "s.tsv", "--model", str(LETTERS), "--fix", "new"],
        ["listing:words.tsv", "--corrections", "words.tsv"],
        ["listing:words.tsv", "--fix", "words"],
        ["listing:words.tsv", "--fix", "new", "--corrections", "words.tsv"],
        ["listing:words.tsv", "--preset", "nonsense"],
        ["listing:nothing.tsv"],
        ["words/*.jpg"],
    ],
)
def test_wrong_use_is_one_line(here: Command, words_list: object, words: list[str]) -> None:
    """A user would see a traceback, or data be overwritten."""
    refusal(here("doctor", *words))
