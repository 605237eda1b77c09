"""export as a user runs it: from a run to a bundle that reads the same on both engines."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from letters import LETTERS, draw, members
from needs_mxnet import need_mxnet
from support import TINY, Command, refusal

need_mxnet()
onnx = pytest.importorskip("onnx")

import gluon_htr
from gluon_htr import _command
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.exporting import parity
from gluon_htr.graphs.params import load_parameters
from gluon_htr.images.preprocessing import to_network_input
from gluon_htr.runtime.backends import onnx_network


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command within this process, where mxnet is loaded once for all: as `command` does, but quick."""
    monkeypatch.chdir(tmp_path)

    def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        given = list(map(str, arguments))
        status = _command.main(importlib.import_module(f"gluon_htr.{name}").main, given)
        return subprocess.CompletedProcess(given, status, *capsys.readouterr())

    return run


def test_a_bundle_reads_what_its_run_reads_on_every_engine(
    vivid: Path, words: Path, here: Command, tmp_path: Path
) -> None:
    """Text would depend on the engine, or change with the export."""
    done = here("export", vivid, "--output", "out.zip")
    assert done.returncode == 0, done.stderr
    assert "32 validation samples" in done.stderr
    assert "all texts identical" in done.stderr
    images = sorted((words / "words").iterdir())[-60:]
    texts = []
    for model, engine in ((tmp_path / "out.zip", "onnx"), (tmp_path / "out.zip", "mxnet"), (vivid, "mxnet")):
        texts.append([read.text for _, read in gluon_htr.load(model, engine).stream(images)])
    assert texts[0] == texts[1] == texts[2]
    assert sum(map(len, texts[0])) > 120, "blank texts are always equal"


def test_a_small_bundle_scores_alike_on_both_engines(
    vivid: Path, words: Path, command: Command, tmp_path: Path
) -> None:
    """Weights in half the bytes would be read differently by MXNet, or scores depend on the engine."""
    done = command("export", vivid, "--output", "small.zip", "--float16")
    assert done.returncode == 0, done.stderr
    assert "float16 weights change" in done.stderr
    spec, image = f"iam-words:{words}?split=validation", next((words / "words").iterdir())
    texts = []
    for engine in ("onnx", "mxnet"):
        chosen = ("--model", "small.zip", "--engine", engine)
        scored = command("evaluate", *chosen, "--data", spec, "--report", engine, "--json")
        assert scored.returncode == 0, scored.stderr
        texts.append((tmp_path / engine / "texts.tsv").read_text() + command("predict", image, *chosen).stdout)
    assert texts[0] == texts[1]
    assert len(texts[0].splitlines()) == 33


def test_a_bundle_says_what_it_is(run: Path, here: Command, tmp_path: Path) -> None:
    """A reader would not know the model's scores, alphabet or terms."""
    (tmp_path / "terms.txt").write_text("Use it kindly.")
    done = here("export", run, "--output", "small", "--license", "terms.txt", "--name", "tiny-words")
    assert done.returncode == 0, done.stderr
    about = json.loads(here("models", "show", "./small", "--json").stdout)
    assert about["name"] == "tiny-words"
    model = about["model"]
    assert model["task"] == "words"
    assert "".join(model["alphabet"]) == "abcde"
    assert model["step_width"] == 2
    assert model["score_cards"][0]["data"] == "iam-words?split=validation"
    assert model["score_cards"][0]["cer"] == json.loads((run / "scores.json").read_text())["cer"]
    assert [source["data"] for source in about["training_data"]] == ["iam-words?split=train"]
    assert "non-commercial" in about["training_data"][0]["terms"]
    assert (tmp_path / "small" / "LICENSE.txt").read_text() == "Use it kindly."
    assert str(tmp_path) not in (tmp_path / "small" / "bundle.json").read_text()
    assert here("models", "verify", "./small").stdout == "OK tiny-words: 5 of 5 golden images\n"


def test_scores_on_several_data_are_told_with_their_samples(
    run: Path, words: Path, here: Command, tmp_path: Path
) -> None:
    """Two models could not be compared, nor a weakness be known before it is met."""
    specs = [f"iam-words:{words}?split=validation", f"iam-words:{words}?split=train"]
    scored = [part for spec in specs for part in ("--score", spec)]
    done = here("export", run, "--output", "scored.zip", *scored, "--limitations", "Reads a to e alone.")
    assert done.returncode == 0, done.stderr
    about = json.loads(here("models", "show", "./scored.zip", "--json").stdout)
    cards = about["model"]["score_cards"]
    assert [(card["data"], card["samples"]) for card in cards] == [
        ("iam-words?split=validation", 32),
        ("iam-words?split=train", 160),
    ]
    assert cards[0]["cer"] == json.loads((run / "scores.json").read_text())["cer"]
    assert cards[0]["samples_sha256"] != cards[1]["samples_sha256"]
    shown = here("models", "show", "./scored.zip").stdout
    assert "Reads a to e alone." in shown
    entries = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    seen = [entry["samples"] for entry in entries if entry["event"] == "validation"][-1]
    assert seen == 3 * 160  # epochs and samples of the run
    assert f"{seen} images in 0" in shown


def test_a_bundle_that_nobody_could_open_is_not_written(run: Path, here: Command, tmp_path: Path) -> None:
    """A good bundle would be replaced by one that every command refuses."""
    assert here("export", run, "--output", "mine.zip").returncode == 0
    before = (tmp_path / "mine.zip").read_bytes()
    refused = here("export", run, "--output", "mine.zip", "--limitations", "x" * 2001)
    assert refused.returncode == 2
    assert "`$.limitations`" in refused.stderr.splitlines()[-1]
    assert (tmp_path / "mine.zip").read_bytes() == before


def test_a_model_that_reads_nothing_is_told(run: Path, here: Command) -> None:
    """Somebody who follows the README on a tiny budget would hand on a model that finds no letter."""
    done = here("export", run, "--output", "tiny.zip")
    assert "reads nothing yet: " in done.stderr
    assert "% of the characters of" in done.stderr


def test_a_run_without_validation_data_is_compared_on_what_it_held_out(
    vivid: Path, words: Path, here: Command, tmp_path: Path
) -> None:
    """The usual way of training ended in a bundle of which nothing was known."""
    shutil.copytree(vivid, tmp_path / "own")
    settings = (tmp_path / "own" / "run.toml").read_text().splitlines()
    kept = [line for line in settings if not line.startswith(("validation =", "data_digest ="))]
    assert len(kept) == len(settings) - 2
    (tmp_path / "own" / "run.toml").write_text("\n".join(kept) + "\n")
    done = here("export", "own", "--output", "own.zip")
    assert "validation samples: " in done.stderr, done.stderr
    assert "all texts identical" in done.stderr
    (tmp_path / "own" / "run.toml").write_text("\n".join([f'data_digest = "{"0" * 64}"', *kept]) + "\n")
    done = here("export", "own", "--output", "changed.zip")
    assert "not compared on real samples: the samples that the run held out are not there any more" in done.stderr


def test_the_same_run_gives_the_same_bytes(run: Path, here: Command, tmp_path: Path) -> None:
    """Nobody could check where a bundle comes from."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        assert here("export", run, "--output", f"{name}/tiny.zip", "--float16").returncode == 0
    assert (tmp_path / "one" / "tiny.zip").read_bytes() == (tmp_path / "two" / "tiny.zip").read_bytes()
    assert members(tmp_path / "one" / "tiny.zip").keys() >= {"model.onnx", "symbol.json", "golden/5.png"}


def test_the_two_parts_give_the_whole(run: Path, here: Command, tmp_path: Path) -> None:
    """The parts would not fit together on two devices."""
    import onnxruntime

    assert here("export", run, "--output", "tiny.zip", "--split", "parts").returncode == 0
    page = np.random.default_rng(0).integers(0, 256, (3, 16, 64), np.uint8)
    featurizer, tail = (onnxruntime.InferenceSession(tmp_path / "parts" / f"{n}.onnx") for n in ("featurizer", "tail"))
    logits = tail.run(None, {"features": featurizer.run(None, {"image": to_network_input(page)})[0]})[0]
    np.testing.assert_allclose(logits, onnx_network(read_bundle(tmp_path / "tiny.zip").model)(page), atol=1e-5)


def test_a_pair_from_elsewhere_is_converted(vivid: Path, here: Command, tmp_path: Path) -> None:
    """A Gluon model that somebody else trained could not be read without mxnet."""
    files = {"--symbol": "symbol.json", "--params": "model.params", "--alphabet": "alphabet.json"}
    pair = [word for option, name in files.items() for word in (option, vivid / name)]
    done = here("export", *pair, "--config", TINY, "--output", "theirs.zip", "--terms", "ask Ann")
    assert done.returncode == 0, done.stderr
    assert "not compared on real samples" in done.stderr
    recognizer = gluon_htr.load(tmp_path / "theirs.zip")
    word = np.asarray(draw("decade"))
    assert recognizer.read(word).text == gluon_htr.load(vivid).read(word).text == "decade"
    (tmp_path / "short.json").write_text('{"characters": ["a", "b"]}')
    wrong = here("export", *pair[:4], "--alphabet", "short.json", "--config", TINY, "--output", "wrong.zip")
    assert "2 characters" in refusal(wrong)
    assert not (tmp_path / "wrong.zip").exists()


def test_without_mxnet_it_converts_and_says_that_nothing_is_proven(run: Path, command: Command, tmp_path: Path) -> None:
    """A machine without mxnet could not export, or would pretend to have compared."""
    (tmp_path / "mxnet").mkdir()
    (tmp_path / "mxnet" / "__init__.py").write_text("raise ImportError('not here')")
    done = command("export", run, "--output", "tiny.zip")
    assert done.returncode == 0, done.stderr
    assert "NOT compared with MXNet" in done.stderr
    assert read_bundle(tmp_path / "tiny.zip").name == "tiny"


def test_a_difference_stops_the_export_and_leaves_nothing(
    run: Path, here: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle that reads differently would be shipped."""
    monkeypatch.setattr(parity, "RELATIVE", 1e-12)
    message = refusal(here("export", run, "--output", "tiny.zip", "--split", "parts"))
    assert "MXNet and ONNX Runtime disagree" in message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--output", "x.zip"), "give the folder of a run"),
        (("nowhere", "--output", "x.zip"), "not a run"),
        (("RUN", "--output", "x.zip", "--symbol", "s.json"), "not both"),
        (("RUN", "--output", "x.zip", "--name", "a b"), "--name"),
        (("RUN", "--output", "."), "exists already"),
        (("RUN", "--output", "x.zip", "--opset", "3"), "opset 3"),
        (("RUN", "--output", "x.zip", "--license", "none.txt"), "none.txt"),
    ],
)
def test_wrong_use_is_one_line(arguments: tuple[str, ...], says: str, run: Path, here: Command, tmp_path: Path) -> None:
    """A user would get a traceback, or half a bundle."""
    given = [str(run) if argument == "RUN" else argument for argument in arguments]
    assert says in refusal(here("export", *given))
    assert not list(tmp_path.iterdir())


def test_a_run_whose_training_data_are_gone_is_not_exported_without_their_name(
    run: Path, here: Command, tmp_path: Path
) -> None:
    """A model would be passed on without the terms of what it was trained on."""
    shutil.copytree(run, tmp_path / "moved")
    settings = (tmp_path / "moved" / "run.toml").read_text()
    first = next(line for line in settings.splitlines() if "split=train" in line and "command" not in line)
    (tmp_path / "moved" / "run.toml").write_text(settings.replace(first, '"cache:gone.pkl",'))
    assert "--trained-on" in refusal(here("export", "moved", "--output", "x.zip"))
    done = here("export", "moved", "--output", "x.zip", "--trained-on", "iam-words?split=train")
    assert done.returncode == 0, done.stderr
    source = read_bundle(tmp_path / "x.zip").description.training_data[0]
    assert source.data == "iam-words?split=train"
    assert "non-commercial" in source.terms


def test_a_run_that_has_not_validated_yet_is_refused(run: Path, here: Command, tmp_path: Path) -> None:
    """Random weights would be exported as a model."""
    shutil.copytree(run, tmp_path / "young")
    (tmp_path / "young" / "model.params").unlink()
    assert "no model.params yet" in refusal(here("export", "young", "--output", "x.zip"))


@pytest.mark.parametrize("half", [(), ("--float16",)], ids=["float32", "float16"])
def test_the_pair_comes_out_of_a_bundle_as_it_went_in(
    half: tuple[str, ...], run: Path, here: Command, tmp_path: Path
) -> None:
    """Whoever goes on with MXNet from a bundle would have other weights than those that were scored."""
    assert here("export", run, "--output", "x.zip", *half).returncode == 0
    done = here("export", "x.zip", "--pair", "pair")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "pair").iterdir()} == {"symbol.json", "model.params"}
    before, after = (load_parameters(folder / "model.params") for folder in (run, tmp_path / "pair"))
    assert before.keys() == after.keys()
    for key, array in before.items():
        rounded = array.astype(np.float16) if half and array.ndim > 1 else array
        assert after[key].dtype == rounded.dtype
        assert np.array_equal(after[key], rounded)
    symbols = [json.loads((folder / "symbol.json").read_text()) for folder in (run, tmp_path / "pair")]
    assert symbols[0] == symbols[1]


def test_a_bundle_of_the_first_schema_is_written_in_the_current_one(here: Command, tmp_path: Path) -> None:
    """Old bundles would stay twice as large for ever."""
    done = here("export", LETTERS, "--output", "new.zip")
    assert done.returncode == 0, done.stderr
    new = read_bundle(tmp_path / "new.zip")
    assert "model.params" not in new.files
    assert new.model == read_bundle(LETTERS).model
    assert "already" in refusal(here("export", "new.zip"))


def test_a_bundle_is_calibrated_on_other_data(words: Path, here: Command, tmp_path: Path) -> None:
    """Confidences of a bundle that somebody else made would stay products, which nobody can interpret."""
    random, rows = np.random.default_rng(0), ["path\ttext"]
    for k in range(240):
        word = "".join(random.choice(list("abcde"), random.integers(2, 6)))
        draw(word).save(tmp_path / f"{k}.png")
        rows.append(f"{k}.png\t{word if k % 3 else 'a'}")  # a third of the labels are wrong: what is read is, too
    (tmp_path / "labels.tsv").write_text("\n".join(rows) + "\n")
    done = here("export", LETTERS, "--validation", "listing:labels.tsv", "--output", "calibrated.zip")
    assert done.returncode == 0, done.stderr
    before, after = (read_bundle(path).image_reader for path in (LETTERS, tmp_path / "calibrated.zip"))
    assert before.calibration is None
    assert after.temperature == before.temperature
    sure = gluon_htr.load(tmp_path / "calibrated.zip").read(draw("bead")).confidence
    product = gluon_htr.load(LETTERS).read(draw("bead")).confidence
    assert abs(sure - 2 / 3) < 0.08 < abs(product - 2 / 3)
    for source, data, reason in (
        (LETTERS, f"iam-words:{words}", "too few samples to calibrate on"),
        ("pages", "listing:labels.tsv", "reads no lines or words"),
    ):
        refused = here("export", source, "--validation", data, "--output", "no.zip")
        assert (refused.returncode, reason in refused.stderr) == (2, True), refused.stderr
