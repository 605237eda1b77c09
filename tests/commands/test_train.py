"""prepare, train, evaluate and predict as a user runs them, on a network small enough for a test."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from needs_mxnet import need_mxnet
from PIL import Image
from support import TINY, Command, refusal, tiny_preset, training

need_mxnet()


def test_a_run_leaves_everything_that_it_promises(run: Path) -> None:
    """A file that documentation, resuming or reading rely on would be missing."""
    names = "run.toml alphabet.json symbol.json model.params log.jsonl curves.png samples.png scores.json skipped.tsv"
    for name in names.split():
        assert (run / name).stat().st_size > 0 or name == "skipped.tsv", name
    assert list(run.glob("events*"))
    assert {path.name for path in (run / "checkpoints").iterdir()} == {"last.params", "best.params"}
    for picture in ("curves.png", "samples.png"):
        assert np.asarray(Image.open(run / picture).convert("L")).std() > 5
    assert not list(run.rglob("*.part"))


def test_the_network_learns(command: Command, words: Path, tmp_path: Path) -> None:
    """All parts could run and nothing be learned."""
    config = tiny_preset(tmp_path, epochs=40)
    done = command("train", *training(words, tmp_path / "run", "--config", config), timeout=240)
    assert done.returncode == 0, done.stderr
    entries = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    scores = [entry["cer"] for entry in entries if entry["event"] == "validation"]
    losses = [entry["loss"] for entry in entries if entry["event"] == "train"]
    assert len(scores) == 40
    assert losses[-1] < 0.7 * losses[0]
    assert min(scores) < 0.8 * scores[0]
    assert json.loads((tmp_path / "run" / "scores.json").read_text())["cer"]["value"] == min(scores)


def test_validating_takes_little_of_the_time_however_much_there_is(
    command: Command, words: Path, tmp_path: Path
) -> None:
    """Whoever adapts a model with a few lines, and validates on many, would mostly wait for validations."""
    config = tiny_preset(tmp_path, batch_size=2)
    assert validated(command, config, words, tmp_path / "run") == [3]
    assert validated(command, config, words, tmp_path / "run", "--resume") == [3]  # it has ended: nothing is done again


def test_patience_waits_for_validations(command: Command, words: Path, tmp_path: Path) -> None:
    """A training would end for want of a better score before anybody had looked for one."""
    config = tiny_preset(tmp_path, epochs=44, patience=1)
    assert validated(command, config, words, tmp_path / "run")[:2] == [20, 40]


def validated(command: Command, config: Path, words: Path, output: Path, *more: str) -> list[int]:
    """The epochs that were validated when 32 words are trained on, and 160 are for validation."""
    few, many = f"iam-words:{words}?split=validation", f"iam-words:{words}?split=train"
    data = ["--data", few, "--validation", many]
    result = command("train", "--config", config, *data, "--output", output, "--workers", 0, *more)
    assert result.returncode == 0, result.stderr
    entries = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    return [entry["epoch"] for entry in entries if entry["event"] == "validation"]


@pytest.mark.torch
def test_both_engines_score_the_same(vivid: Path, run: Path, words: Path, command: Command) -> None:
    """A run trained by one engine would read differently under another."""
    cards = []
    for engine in ("mxnet", "torch", "onnx"):
        if engine == "torch":
            pytest.importorskip("torch")
        spec = f"iam-words:{words}?split=validation"
        done = command("evaluate", "--model", vivid, "--data", spec, "--engine", engine, "--json")
        assert done.returncode == 0, done.stderr
        card = json.loads(done.stdout)
        cards.append({key: card[key] for key in ("cer", "wer", "exact_rate", "levenshtein_accuracy", "samples")})
    assert cards[0] == cards[1] == cards[2]
    assert cards[0]["cer"]["value"] < 0.5, "blank texts score alike everywhere"
    own = json.loads(command("evaluate", "--model", run, "--data", spec, "--json").stdout)
    assert own["cer"] == json.loads((run / "scores.json").read_text())["cer"]


def test_a_report_lists_texts_and_the_worst(run: Path, words: Path, command: Command, tmp_path: Path) -> None:
    """A user would know the error rate and not one error."""
    done = command("evaluate", "--model", run, "--data", f"iam-words:{words}?split=validation", "--report", "report")
    assert done.returncode == 0, done.stderr
    assert "Levenshtein accuracy" in done.stdout
    assert len((tmp_path / "report" / "texts.tsv").read_text().splitlines()) == 32
    assert json.loads((tmp_path / "report" / "scores.json").read_text())["groups"] == 1


def test_predict_prints_the_text_alone_or_a_line_an_image(vivid: Path, words: Path, command: Command) -> None:
    """A script would have to cut paths from texts, or guess which text is whose."""
    images = sorted((words / "words").iterdir())[:3]
    alone = command("predict", images[0], "--model", vivid)
    assert alone.returncode == 0, alone.stderr
    assert alone.stdout.strip()
    assert "\t" not in alone.stdout
    several = command("predict", *images, "--model", vivid)
    rows = [line.split("\t") for line in several.stdout.splitlines()]
    assert [row[0] for row in rows] == [str(path) for path in images]
    assert rows[0][1] == alone.stdout.strip("\n")
    entry = json.loads(command("predict", images[0], "--model", vivid, "--json").stdout)
    assert entry["text"] == rows[0][1]
    assert "".join(c["text"] for c in entry["characters"]) == entry["text"]
    assert all(0 <= c["left"] < c["right"] <= 60 for c in entry["characters"])


def test_bad_images_are_reported_and_the_rest_is_read(run: Path, words: Path, command: Command, tmp_path: Path) -> None:
    """One broken file of a thousand would stop all."""
    good = sorted((words / "words").iterdir())[0]
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").touch()
    Image.new("L", (1, 1), 0).save(tmp_path / "dot.png")
    Image.new("L", (20_000, 40), 255).save(tmp_path / "wide.png")
    names = ["text.png", "empty.png", "missing.png", good, "dot.png", "wide.png"]
    done = command("predict", *names, "--model", run)
    assert done.returncode == 1
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [str(good), "dot.png", "wide.png"]
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 3
    assert all("no text found" in line for line in done.stderr.splitlines() if line not in errors)


def test_a_second_preparation_does_nothing_and_a_changed_source_is_noticed(
    words: Path, command: Command, tmp_path: Path
) -> None:
    """Hours would be spent again, or old data trained on."""
    arguments = ("prepare", f"iam-words:{words}?split=validation", "--preset", TINY, "--output", "w.pkl")
    assert "32 samples" in command(*arguments).stdout
    before = (tmp_path / "w.pkl").stat().st_mtime_ns
    assert "up to date" in command(*arguments).stderr
    assert (tmp_path / "w.pkl").stat().st_mtime_ns == before
    assert "is written again" in command(*arguments[:3], "notebook", *arguments[4:]).stderr
    other = command("train", *training(words, tmp_path / "r")[2:], "--data", "cache:w.pkl")
    assert "gluon-htr prepare" in refusal(other)


def test_a_loss_that_is_no_number_stops_and_names_the_batch(words: Path, command: Command, tmp_path: Path) -> None:
    """A night would be spent on NaN."""
    hot = TINY.read_text().replace("rate = 0.01", "rate = 1e30").replace("warmup = 5", "warmup = 0")
    (tmp_path / "hot.toml").write_text(hot)
    arguments = training(words, tmp_path / "run")
    arguments[arguments.index("--config") + 1] = "hot.toml"
    done = command("train", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert "the loss became nan" in last
    assert "a01-000u-00-" in last


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("channels = 8", "channels = 'x'"), "network.featurizer"),
        (("epochs = 3", "epocs = 3"), "epocs"),
        (("rate = 0.01", "rate = -1"), "training.schedule.rate"),
        (("height = 16", "height ="), "TOML"),
        (("width = 64", "width = 63"), "multiple of 2"),
    ],
)
def test_a_wrong_configuration_names_file_and_key(
    change: tuple[str, str], says: str, words: Path, command: Command, tmp_path: Path
) -> None:
    """A typo would be ignored, or end in a traceback."""
    (tmp_path / "mine.toml").write_text(TINY.read_text().replace(*change))
    arguments = training(words, tmp_path / "run")
    arguments[arguments.index("--config") + 1] = "mine.toml"
    line = refusal(command("train", *arguments))
    assert "mine.toml" in line
    assert says in line


def test_labels_outside_the_alphabet_are_named_and_can_be_refused(
    words: Path, command: Command, tmp_path: Path
) -> None:
    """Samples would vanish in silence, or one of them end the training."""
    (tmp_path / "abc.json").write_text('{"characters": ["a", "b", "c", "d"]}')
    refused = command("train", *training(words, tmp_path / "run", "--alphabet", "abc.json", "--unfit", "refuse"))
    assert "lacks 'e'" in refusal(refused)
    twice = ["--data", f"iam-words:{words}?split=train"]
    skipped = command("train", *training(words, tmp_path / "run", "--alphabet", "abc.json", "--budget", "1s", *twice))
    assert skipped.returncode == 0, skipped.stderr  # the refused training has left no run behind
    rows = (tmp_path / "run" / "skipped.tsv").read_text().splitlines()
    assert len(rows) == len(set(rows)) > 0
    assert all("'e'" in row for row in rows)


def test_what_stops_before_anything_is_saved_leaves_no_run(words: Path, command: Command, tmp_path: Path) -> None:
    """The same command would be refused for a run with nothing to go on with."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoints").write_text("a file where a folder should be")
    stopped = command("train", *training(words, tmp_path / "run"))
    assert stopped.returncode == 2, stopped.stderr
    (tmp_path / "run" / "checkpoints").unlink()
    again = command("train", *training(words, tmp_path / "run", "--budget", "1s"))
    assert again.returncode == 0, again.stderr


def test_an_engine_that_is_not_there_leaves_no_run(words: Path, command: Command, tmp_path: Path) -> None:
    """The corrected command would be refused for a run that never began."""
    refused = command("train", *training(words, tmp_path / "run", "--engine", "torch", "--device", "gpu:7"))
    assert refused.returncode in {2, 3}  # no such device, or no torch
    assert len(refused.stderr.splitlines()) <= 3, refused.stderr
    assert not (tmp_path / "run" / "run.toml").exists()


def test_models_that_are_none_are_refused_in_one_line(command: Command, tmp_path: Path) -> None:
    """A wrong path would be a traceback."""
    assert "no model" in refusal(command("predict", "x.png", "--model", "nowhere"))
    assert "is not a model" in refusal(command("predict", "x.png", "--model", tmp_path))
