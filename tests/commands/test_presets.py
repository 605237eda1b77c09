"""`gluon-htr presets` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

from letters import LETTERS
from needs_mxnet import need_mxnet
from support import TINY, Command, refusal

from gluon_htr.networks.presets import reading_preset_names
from gluon_htr.text.alphabet import Alphabet


def test_all_presets_are_listed_with_what_they_are(command: Command) -> None:
    """Nobody would know what `--preset` may be."""
    done = command("presets")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == reading_preset_names()
    assert json.loads(command("presets", "--json").stdout).keys() == set(reading_preset_names())


def test_a_preset_states_its_parameters_work_and_steps(command: Command) -> None:
    """Users could not choose by cost."""
    need_mxnet()
    done = command("presets", "notebook", "--json")
    summary = json.loads(done.stdout)
    assert (summary["steps"], summary["height"], summary["width"]) == (32, 32, 128)
    text = command("presets", "notebook").stdout
    assert f"MACs {summary['macs']:,}" in text
    assert f"parameters {summary['parameters']:,}" in text


def test_fresh_weights_are_written_for_machines_without_mxnet(command: Command, tmp_path: Path) -> None:
    """Training could not start on a machine with a current GPU."""
    need_mxnet()
    (tmp_path / "letters.json").write_bytes(Alphabet("abc ").to_json())
    done = command("presets", "notebook", "--alphabet", "letters.json", "--initialize", "fresh", "--seed", 3)
    assert done.returncode == 0, done.stderr
    files = {path.name for path in (tmp_path / "fresh").iterdir()}
    assert files == {"symbol.json", "model.params", "alphabet.json", "preset.toml"}
    assert len(Alphabet.load(tmp_path / "fresh" / "alphabet.json")) == 4


def test_a_trained_network_is_grown_for_a_training(command: Command, tmp_path: Path) -> None:
    """All that was learned would be lost on the way to a deeper network."""
    need_mxnet()
    stage = "[[network.featurizer]]\nchannels = 12\nresidual = true\n\n[network.encoder]"
    (tmp_path / "deeper.toml").write_text(TINY.read_text().replace("[network.encoder]", stage))
    done = command("presets", "deeper.toml", "--init", LETTERS, "--initialize", "grown")
    assert done.returncode == 0, done.stderr
    assert "starts from the weights of" in done.stderr
    files = {path.name for path in (tmp_path / "grown").iterdir()}
    assert files == {"symbol.json", "model.params", "alphabet.json", "preset.toml", "lineage.json"}
    assert "--initialize DIR" in refusal(command("presets", "deeper.toml", "--init", LETTERS))


def test_wrong_use_is_one_line(command: Command) -> None:
    """The user would see a traceback."""
    for arguments in (
        ("wrods",),
        ("words", "--initialize", "x"),
        ("--initialize", "x"),
        ("words", "--alphabet", "none"),
    ):
        done = command("presets", *arguments)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert done.stdout == ""
