"""Example scripts as a user runs them, up to the commands that take hours."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support import PROJECT

from gluon_htr.datasets.spec import parse_spec
from gluon_htr.datasets.splits import held_out_pages
from gluon_htr.experiments.plan import make_plan
from gluon_htr.experiments.schema import load_experiments
from gluon_htr.networks.presets import load_preset
from gluon_htr.synthesis.texts.corpora import read_corpus
from gluon_htr.training.settings import training_settings

BOOK = """The Project Gutenberg eBook of {name}
*** START OF THE PROJECT GUTENBERG EBOOK {name} ***
{text}
*** END OF THE PROJECT GUTENBERG EBOOK {name} ***
"""
STUB = '#!/bin/sh\nfor each; do printf \'%s\\t\' "$each"; done >> "$LOG"; echo >> "$LOG"\n'


def adapt(folder: Path, texts: Path, **variables: str) -> tuple[subprocess.CompletedProcess[str], list[list[str]]]:
    """examples/language.sh with these texts, and the commands of gluon-htr that it came to."""
    programs, log = folder / "programs", folder / "log"
    programs.mkdir()
    (programs / "gluon-htr").write_text(STUB)
    (programs / "gluon-htr").chmod(0o755)
    (folder / "fonts").mkdir()
    paths = {"PATH": f"{programs}:{os.environ['PATH']}", "LOG": str(log), "FONTS": str(folder / "fonts")}
    command = [str(PROJECT / "examples" / "language.sh"), "listing:mine.tsv", str(texts), "--seed", "3"]
    environment = os.environ | paths | {"WORK": str(folder / "my work")} | variables
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done, [line.split("\t")[:-1] for line in log.read_text().splitlines()] if log.exists() else []


def test_all_books_of_a_language_are_written_in_capitals(tmp_path: Path) -> None:
    """All but the first would be taken for the license text behind it, without a word."""
    (tmp_path / "french").mkdir()
    for name, word in (("one", "automne"), ("two", "hiver")):
        text = f"Dans la forêt, l'{word} est une saison que les gens du village attendent sans hâte. " * 3
        (tmp_path / "french" / f"{name}.txt").write_text(BOOK.format(name=name, text=text))
    (tmp_path / "drawn.json").write_text("{}")
    done, commands = adapt(tmp_path, tmp_path / "french", DRAWINGS=str(tmp_path / "drawn.json"))
    assert done.returncode == 0, done.stderr
    paragraphs = read_corpus(tmp_path / "my work" / "capitals").text.splitlines()
    for word in ("AUTOMNE", "HIVER"):
        mixed = [paragraph for paragraph in paragraphs if word in paragraph.upper()]
        assert len(set(mixed)) == 4
        assert not any(word in paragraph or word.lower() in paragraph for paragraph in mixed)
    assert [command[0] for command in commands] == ["prepare"] * 6 + ["train"]
    packed = {command[command.index("--output") + 1] for command in commands[:6]}
    data = [argument for argument in commands[6] if argument.startswith("records:")]
    assert {argument.partition(":")[2].partition("*")[0] for argument in data} == packed
    assert commands[6][-2:] == ["--seed", "3"]
    assert "--resume" in commands[6]


def test_a_language_without_drawn_letters_or_without_fonts(tmp_path: Path) -> None:
    """Minutes of packing would end with an error about a file that its user has never seen."""
    (tmp_path / "french.text").write_text("Dans la forêt, l'automne est une saison.")
    done, commands = adapt(tmp_path, tmp_path / "french.text", DRAWINGS=str(tmp_path / "none"))
    assert done.returncode == 0, done.stderr
    assert "no joined block letters" in done.stderr
    assert [command[0] for command in commands] == ["prepare"] * 4 + ["train"]
    (tmp_path / "again").mkdir()
    done, commands = adapt(tmp_path / "again", tmp_path / "french.text", FONTS=str(tmp_path / "none"))
    assert (done.returncode, commands) == (2, [])
    assert done.stderr.startswith("error: ")
    assert "FONTS" in done.stderr


def latin_lines(tmp_path: Path, **variables: str) -> list[list[str]]:
    """The commands of examples/latin_lines.sh."""
    programs, log = tmp_path / "programs", tmp_path / "log"
    programs.mkdir()
    for name in ("gluon-htr", "python"):
        (programs / name).write_text(STUB)
        (programs / name).chmod(0o755)
    environment = os.environ | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "LOG": str(log),
        "WORK": str(tmp_path / "w"),
        **variables,
    }
    done = subprocess.run([PROJECT / "examples" / "latin_lines.sh", "--seed", "3"], env=environment, text=True)
    assert done.returncode == 0
    return [line.split("\t")[:-1] for line in log.read_text().splitlines()]


def test_latin_lines_trains_on_what_it_has_packed_and_on_nothing_that_is_held_out(tmp_path: Path) -> None:
    """After an hour of packing a training would miss its records, or be scored on what it has seen."""
    commands = latin_lines(tmp_path)
    packed = {c[c.index("--output") + 1]: c[1] for c in commands if c[0] == "prepare"}
    trainings = [command for command in commands if command[0] == "train"]
    assert len(trainings) == 2
    for training in trainings:
        assert training[-2:] == ["--seed", "3"]
        records = [argument[8:].partition("*")[0] for argument in training if argument.startswith("records:")]
        assert set(records) <= packed.keys()
        *data, validation = (packed[name] for name in records)
        assert validation.startswith("listing:")
        assert all("split=train" in spec or spec.startswith("fonts:") for spec in data)
        assert not any("luzern" in spec or "iam-forms" in spec or "validation" in spec for spec in data)
    grown = next(command for command in commands if command[0] == "presets")
    assert grown[grown.index("--initialize") + 1] == trainings[1][trainings[1].index("--init") + 1]
    scoring, calibrating = (command for command in commands if command[0] == "export")
    assert calibrating[1] == scoring[scoring.index("--output") + 1]
    scored = [argument for argument in scoring if argument.startswith("pages:")]
    lines = set(held_out_pages()) - {"iam-binary", "iam-forms"}  # these validate the finding of lines
    assert {spec.partition("/pages/")[2].partition("?")[0] for spec in scored} >= lines


def test_latin_lines_leaves_out_what_it_is_told_to(tmp_path: Path) -> None:
    """Hands that count as unknown would have been learned, or a model for every use would know IAM."""
    restricted = "iam-lines recomposed iam-words online iam-binary washington episearch"
    commands = latin_lines(tmp_path, START="", WITHOUT=restricted)
    first, last = (command for command in commands if command[0] == "train")
    assert "--init" not in first
    assert "--init" in last
    for command in (first, last):
        *data, _ = (
            Path(argument[8:]).name.partition(".rec")[0] for argument in command if argument.startswith("records:")
        )
        assert not set(data) & set(restricted.split())
        assert {"hooker", "unipen-text", "fra"} <= set(data)
    assert not any("data/iam?split=train" in argument for command in commands for argument in command)


def test_latin_lines_exports_what_was_trained_last(tmp_path: Path) -> None:
    """Another hour and a half of training would not be in the bundle."""
    commands = latin_lines(tmp_path, MORE="100m")
    *_, last, more = (command for command in commands if command[0] == "train")
    assert more[more.index("--init") + 1] == last[last.index("--output") + 1]
    assert more[more.index("--budget") + 1] == "100m"
    export = next(command for command in commands if command[0] == "export")
    assert export[1] == more[more.index("--output") + 1]


def test_emnist_lines_are_trained_on_before_iam(tmp_path: Path) -> None:
    """Hours of training would end with a spec that nobody knows, or begin from the wrong run."""
    log, programs = tmp_path / "log", tmp_path / "programs"
    programs.mkdir()
    (programs / "gluon-htr").write_text(STUB)
    (programs / "gluon-htr").chmod(0o755)
    (tmp_path / "books.txt").write_text("A drone hums near the small lighthouse.")
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "LOG": str(log), "PRESET": "line-conv"}
    script = [str(PROJECT / "examples" / "emnist_lines.sh"), "my work"]
    done = subprocess.run(
        script, cwd=tmp_path, env=environment | {"TEXTS": "books.txt"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    commands = [line.split("\t")[:-1] for line in log.read_text().splitlines()]
    assert [command[0] for command in commands] == [
        "synthesize", "prepare", "prepare", "train", "export", "train", "export", "evaluate"
    ]  # fmt: skip
    specs = [parse_spec(command[1]) for command in commands[:3]]
    assert [spec.options.count for spec in specs] == [20, 20000, 1000]
    assert [spec.source.options.split for spec in specs if spec.source] == ["train", "train", "test"]
    assert {spec.options.corpus for spec in specs} == {"books.txt"}
    first, second = commands[3], commands[5]
    assert second[second.index("--init") + 1] == first[first.index("--output") + 1] == "my work/composed"
    assert {command[command.index("--preset") + 1] for command in commands if "--preset" in command} == {"line-conv"}


@pytest.mark.parametrize(
    ("name", "runs"),
    [("characters.toml", ["mlp", "mlp-8", "lenet"]), ("emnist_lines.toml", ["emnist", "iam", "both", "iam-conv"])],
)
def test_experiments_of_the_older_system_can_be_run(
    name: str, runs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep would end with an error of its first run, or name a network that is not there."""
    monkeypatch.chdir(PROJECT)
    planned = make_plan(load_experiments(PROJECT / "examples" / name), tmp_path, "cpu", 0.1)
    assert [run.name for run in planned] == runs


@pytest.mark.parametrize("name", ["language.toml", "english_lines.toml", "latin_first.toml"])
def test_configurations_that_start_from_english_lines_have_its_network(name: str) -> None:
    """After minutes of packing, a training would be refused for another network."""
    preset, lines = load_preset(str(PROJECT / "examples" / name)), load_preset("lines-fast")
    assert (preset.network, preset.preprocessing) == (lines.network, lines.preprocessing)
    assert training_settings(preset, name) != training_settings(lines, "lines-fast")
