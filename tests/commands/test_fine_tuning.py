"""train --init as a user runs it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
from letters import LETTERS, WORDS, draw
from needs_mxnet import need_mxnet
from support import PROJECT, TINY, Command, refusal, training

need_mxnet()

from gluon_htr.bundles.reader import read_bundle
from gluon_htr.graphs.params import load_parameters


def test_training_goes_on_from_a_bundle(words: Path, command: Command, tmp_path: Path) -> None:
    """Fine-tuning would start from nothing."""
    done = command("train", *training(words, tmp_path / "tuned", "--init", LETTERS, "--budget", "1s"))
    assert done.returncode == ("keeping its weights" in done.stderr), done.stderr  # it reads well from the start
    assert "starts from the weights of" in done.stderr
    assert json.loads((tmp_path / "tuned" / "scores.json").read_text())["cer"]["value"] < 0.2


def test_another_alphabet_keeps_what_overlaps_and_says_what_is_new(
    words: Path, command: Command, tmp_path: Path
) -> None:
    """A model for English would have to be trained anew for one more letter."""
    (tmp_path / "more.json").write_text('{"characters": ["b", "é", "a", "c", "e"]}')
    arguments = training(words, tmp_path / "tuned", "--init", LETTERS, "--alphabet", "more.json")
    done = command("train", *arguments, "--budget", "0.1s")
    assert done.returncode == ("keeping its weights" in done.stderr), done.stderr
    assert "kept the blank and 4 characters; initialized é from e; dropped d" in done.stderr
    old, new = read_bundle(LETTERS).trainable_pair.parameters, load_parameters(tmp_path / "tuned" / "model.params")
    assert new["arg:decoder_weight"].shape[0] == 6
    for row, source in ((0, 1), (2, 0), (3, 2), (4, 4), (5, 5)):
        kept, was = new["arg:decoder_weight"][row], old["arg:decoder_weight"][source]
        assert np.corrcoef(kept, was)[0, 1] > 0.9


def test_what_the_start_was_trained_on_binds_the_result(command: Command, tmp_path: Path) -> None:
    """A model would be passed on that was made from one which may not be."""
    rows = []
    for k, word in enumerate(WORDS * 4):
        draw(word).save(tmp_path / f"{k}.png")
        rows.append(f"{k}.png\t{word}\n")
    (tmp_path / "labels.tsv").write_text("".join(rows))
    start = read_bundle(LETTERS).description
    data = ["--data", "listing:labels.tsv", "--validation", "listing:labels.tsv"]
    for init, output in ((LETTERS, "first"), ("first", "second")):
        command(
            "train", "--config", TINY, "--init", init, *data, "--output", output, "--workers", "0", "--budget", "0.1s"
        )
    exported = command("export", "second", "--output", "mine.zip", "--terms", "mine alone")
    assert exported.returncode == 0, exported.stderr
    about = read_bundle(tmp_path / "mine.zip").description
    assert about.training_data[: len(start.training_data)] == start.training_data
    assert [source.terms for source in about.training_data[len(start.training_data) :]][-1] == "mine alone"
    assert len(about.stints) == len(start.stints) + 2


def test_another_network_is_refused_with_the_first_difference(words: Path, command: Command, tmp_path: Path) -> None:
    """Weights would be loaded into layers that they do not belong to."""
    for change, says in (
        (("hidden = 16", "hidden = 24"), "network.encoder.hidden is 16, not 24"),
        (("channels = 12", "channels = 10"), "network.featurizer.2.channels is 12, not 10"),
        (("height = 16", "height = 24"), "16 pixels high"),
    ):
        (tmp_path / "other.toml").write_text(TINY.read_text().replace(*change))
        arguments = training(words, tmp_path / "run", "--init", LETTERS)
        arguments[arguments.index("--config") + 1] = "other.toml"
        assert says in refusal(command("train", *arguments))


def test_the_preset_is_that_of_the_start(command: Command, tmp_path: Path) -> None:
    """Without `--preset lines-fast` a user would be told of dropout, and not which preset to give."""
    start = tmp_path / "english-lines.zip"
    shutil.copy(PROJECT / "gluon_htr" / "bundles" / "shipped" / start.name, start)
    data = ["--data", f"listing:{listing(tmp_path / 'mine', WORDS)}", "--init", start, "--output", "tuned"]
    data += ["--validation", data[1]]
    assert "english-lines.zip" in refusal(command("train", *data, "--preset", "notebook"))
    assert "give --preset lines-fast" in refusal(command("train", *data, "--preset", "words"))
    done = command("train", *data, "--budget", "0.1s", "--workers", "0")
    assert "before training: validation CER" in done.stderr
    start.unlink()  # the run has all that it needs
    assert "continues at step" in command("train", *data, "--budget", "0.1s", "--workers", "0", "--resume").stderr


def test_what_is_no_start_is_refused(words: Path, command: Command, tmp_path: Path) -> None:
    """A typo would be a traceback, or a training from nothing."""
    assert "--init takes" in refusal(command("train", *training(words, tmp_path / "run", "--init", "nowhere")))
    (tmp_path / "bad.zip").write_bytes(LETTERS.read_bytes()[:500])
    assert "not a bundle" in refusal(command("train", *training(words, tmp_path / "run", "--init", "bad.zip")))


def listing(folder: Path, texts: list[str]) -> Path:
    """Somebody's own words, beside a list of them."""
    folder.mkdir()
    for number, text in enumerate(texts):
        draw(text, width=64).save(folder / f"{number}.png")
    rows = "".join(f"{number}.png\t{text}\n" for number, text in enumerate(texts))
    (folder / "labels.tsv").write_text(rows)
    return folder / "labels.tsv"


def test_own_words_alone_are_enough_to_adapt(command: Command, tmp_path: Path) -> None:
    """A user with fifty lines would have to know of validation sets, alphabets and schedules."""
    texts = [word.replace("e", "f") for word in WORDS * 6]
    labels = listing(tmp_path / "mine", texts)
    config = tmp_path / "own.toml"
    config.write_text(TINY.read_text().replace("epochs = 3", "epochs = 3\nleast_steps = 120"))
    arguments = ["--config", config, "--data", f"listing:{labels}", "--init", LETTERS, "--output", tmp_path / "tuned"]
    done = command("train", *arguments, "--workers", "0", "--seed", "1")
    assert done.returncode == 0, done.stderr
    assert "12 of 48 samples are held out for scoring" in done.stderr
    assert "initialized at random: f" in done.stderr
    line = next(line for line in done.stderr.splitlines() if line.startswith("before training"))
    before = float(line.split("CER ")[1].split("%")[0]) / 100
    after = json.loads((tmp_path / "tuned" / "scores.json").read_text())["cer"]["value"]
    assert after < before / 2
    kept = f"12 held-out words: CER {before:.1%} before, {after:.1%} after, better beyond chance"
    assert kept in done.stderr


def test_what_nobody_wrote_is_not_held_out(command: Command, tmp_path: Path) -> None:
    """Generated lines, of which there are more than of one's own, would decide whether an adaptation is kept."""
    labels = listing(tmp_path / "mine", WORDS * 6)
    generated = "fonts:hershey?texts=words&count=60"
    packed = command("prepare", f"{generated}&seed=1", "--preset", TINY, "--output", "more.rec")
    assert packed.returncode == 0, packed.stderr
    data = ["--data", f"{generated}", "--data", f"listing:{labels}*2", "--data", "records:more.rec"]
    arguments = ["--config", TINY, *data, "--init", LETTERS, "--output", tmp_path / "tuned", "--budget", "1s"]
    done = command("train", *arguments, "--workers", "0")
    assert "12 of 48 samples are held out for scoring" in done.stderr, done.stderr
    assert f"{2 * 36 + 60 + 60} samples to train on" in done.stderr


def test_what_is_no_better_is_not_kept(command: Command, tmp_path: Path) -> None:
    """An adaptation that reads worse would replace the model that read better."""
    labels = listing(tmp_path / "mine", WORDS * 4)
    config = tmp_path / "idle.toml"
    config.write_text(TINY.read_text().replace("rate = 0.01", "rate = 1e-12"))
    arguments = ["--config", config, "--data", f"listing:{labels}", "--init", LETTERS, "--output", tmp_path / "tuned"]
    done = command("train", *arguments, "--workers", "0")
    assert done.returncode == 1, done.stderr
    told = re.search(r"held-out words: CER ([\d.]+%) before, ([\d.]+%) after; .*keeping its weights", done.stderr)
    assert told is not None, done.stderr
    assert told[1] == told[2], "at this rate, nothing changes"
    old, new = read_bundle(LETTERS).trainable_pair.parameters, load_parameters(tmp_path / "tuned" / "model.params")
    assert all(np.array_equal(new[name], old[name].astype(np.float32)) for name in old)


def test_labels_of_other_images_are_suspected(command: Command, tmp_path: Path) -> None:
    """A user whose list is one line off would be told to write more lines."""
    labels = listing(tmp_path / "mine", ["a", "b", "c", "d", "e"] * 7)
    rows = [line.split("\t") for line in labels.read_text().splitlines()]
    labels.write_text("".join(f"{name}\t{text}\n" for (name, _), (_, text) in zip(rows, rows[1:] + rows[:1])))
    arguments = ["--config", TINY, "--data", f"listing:{labels}", "--init", LETTERS, "--output", "tuned"]
    done = command("train", *arguments, "--workers", "0", "--budget", "0.1s")
    assert done.returncode == 1, done.stderr
    assert "labels may belong to other images" in done.stderr


def test_what_is_better_on_one_word_is_not_kept(command: Command, tmp_path: Path) -> None:
    """One word that happened to be read better would stand for the whole hand, and a wrecked model be kept."""
    for name, texts in (("mine", [*WORDS * 4, *["decade"] * 4]), ("others", WORDS)):
        labels = listing(tmp_path / name, texts)
        labels.write_text(labels.read_text().replace("decade", "d"))  # what there is to learn, in one word of eight
    config = tmp_path / "own.toml"
    config.write_text(TINY.read_text().replace("epochs = 3", "epochs = 3\nleast_steps = 100\naverage = 0"))
    data = ["--data", "listing:mine/labels.tsv", "--validation", "listing:others/labels.tsv"]
    done = command("train", "--config", config, *data, "--init", LETTERS, "--output", "tuned", "--workers", "0")
    assert ", not significant" in done.stderr
    assert done.returncode == 1, done.stderr
    old, new = read_bundle(LETTERS).trainable_pair.parameters, load_parameters(tmp_path / "tuned" / "model.params")
    assert all(np.array_equal(new[name], old[name].astype(np.float32)) for name in old)


def test_too_few_own_words_are_refused_and_how_many_are_needed_is_told(command: Command, tmp_path: Path) -> None:
    """The one word held out of five would decide which model is kept."""
    labels = listing(tmp_path / "mine", WORDS[:5])
    arguments = ["--config", TINY, "--data", f"listing:{labels}", "--init", LETTERS, "--output", tmp_path / "tuned"]
    assert "32 or more, or --validation" in refusal(command("train", *arguments))
    often = ["--data", f"listing:{labels}*4", *arguments[:2], *arguments[4:]]
    assert "5 samples are too few" in refusal(command("train", *often))
    few = listing(tmp_path / "few", WORDS[:3])
    assert "3 samples of --validation" in refusal(command("train", *arguments, "--validation", f"listing:{few}"))
    assert not (tmp_path / "tuned").exists()


def test_a_hand_of_few_words_is_as_sure_as_its_start(command: Command, tmp_path: Path) -> None:
    """`predict` would fall back to greedy decoding, and read worse than before: beam search needs calibration."""
    rows = []
    for k, word in enumerate((WORDS * 30)[:220]):
        (draw(word, ink=20 + k % 200)).save(tmp_path / f"{k}.png")
        rows.append(f"{k}.png\t{word if k % 9 else word[::-1]}\n")  # some are wrong, so that there is something to fit
    (tmp_path / "many.tsv").write_text("".join(rows))
    (tmp_path / "few.tsv").write_text("".join(rows[:48]))
    made = command("export", LETTERS, "--output", "start.zip", "--validation", "listing:many.tsv")
    assert made.returncode == 0, made.stderr
    command(
        "train", "--config", TINY, "--init", "start.zip", "--data", "listing:few.tsv", "--output", "mine",
        "--workers", "0", "--budget", "0.1s",
    )  # fmt: skip
    exported = command("export", "mine", "--output", "mine.zip")
    assert exported.returncode == 0, exported.stderr
    assert "12 samples are too few to calibrate on: calibrated as start.zip is" in exported.stderr
    assert "warning: mine has the weights of start.zip: its training improved on nothing" in exported.stderr
    start, mine = (read_bundle(tmp_path / name).description for name in ("start.zip", "mine.zip"))
    assert mine.model.calibration == start.model.calibration is not None
    assert mine.model.temperature == start.model.temperature
    assert mine.stints == start.stints, "what was thrown away is not part of it"


def test_a_model_with_a_typing_error_is_suggested(command: Command, tmp_path: Path) -> None:
    """Its files would be missed instead."""
    draw("abc").save(tmp_path / "a.png")
    (tmp_path / "labels.tsv").write_text("a.png\tabc\n")
    assert "did you mean english-lines?" in refusal(
        command("train", "--init", "english-line", "--data", "listing:labels.tsv", "--output", "mine")
    )
    assert "write listing:labels.tsv" in refusal(command("train", "--data", "labels.tsv", "--output", "mine"))


def test_a_teacher_helps_and_its_data_bind_the_result(words: Path, command: Command, tmp_path: Path) -> None:
    """A distilled model would be passed on whose teacher may not be, or the option would do nothing."""
    arguments = training(words, tmp_path / "taught", "--teacher", LETTERS, "--budget", "2s")
    done = command("train", *arguments)
    assert done.returncode == 0, done.stderr
    exported = command("export", tmp_path / "taught", "--output", tmp_path / "taught.zip")
    assert exported.returncode == 0, exported.stderr
    theirs = set(read_bundle(LETTERS).description.training_data)
    assert theirs <= set(read_bundle(tmp_path / "taught.zip").description.training_data)
    alone = command("train", *training(words, tmp_path / "taught", "--resume"))
    assert "was started with teacher" in refusal(alone)


def test_what_cannot_teach_is_refused(words: Path, command: Command, tmp_path: Path) -> None:
    """A training would begin that cannot go on, or ignore its teacher."""
    pair = tmp_path / "pair"
    (tmp_path / "five.json").write_text('{"characters": ["a", "b", "c", "d", "e"]}')
    made = command("presets", "words", "--initialize", pair, "--alphabet", tmp_path / "five.json")
    assert made.returncode == 0, made.stderr
    for teacher, says in (
        ("nobody", "--teacher takes a bundle or a run: there is no model nobody"),
        (pair, "--teacher takes a bundle or a run"),
        (PROJECT / "bundles" / "characters.zip", "reads single characters"),
        ("digits", "characters that this training's"),
    ):
        arguments = training(words, tmp_path / "run", "--teacher", teacher)
        if teacher == "digits":
            arguments = [*arguments, "--alphabet", tmp_path / "five.json"]
        assert says in refusal(command("train", *arguments))
    one = command(
        "train",
        "--preset",
        "lenet",
        "--teacher",
        LETTERS,
        "--data",
        f"iam-words:{words}?split=train",
        "--output",
        tmp_path / "c",
    )
    assert "--teacher is for networks of lines and words" in refusal(one)
    pages = command(
        "train", "--preset", "layout", "--teacher", LETTERS, "--data", "pages:x", "--output", tmp_path / "p"
    )
    assert "layout finds lines: --teacher is for networks that read" in refusal(pages)
