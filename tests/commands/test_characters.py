"""Single characters as a user has them: train, export, read, score, and what other commands say of such a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from characters import CHARACTERS, save
from needs_mxnet import need_mxnet
from PIL import Image
from support import PROJECT

import gluon_htr
from gluon_htr import compare, evaluate, export, predict, presets, quantize, train
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.errors import HtrError
from gluon_htr.runtime.classifier import Classification
from gluon_htr.runtime.loading_pages import load_detector

LETTERS = "aBe7"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with images of four characters by class, a run that was trained on them, and its bundle."""
    need_mxnet()
    pytest.importorskip("cv2")
    folder = tmp_path_factory.mktemp("characters")
    for letter in LETTERS:
        for k in range(24):
            save(folder / f"images/{letter}/{k:02}.png", letter, side=20 + k, ink=4 * k, shift=k % 3)
    data = f"characters:{folder / 'images'}"
    arguments = ["--config", PROJECT / "tests" / "tiny-characters.toml", "--data", f"{data}?split=train"]
    arguments += ["--validation", f"{data}?split=validation&held=6", "--output", folder / "run", "--workers", "0"]
    text = (PROJECT / "tests" / "tiny-characters.toml").read_text().replace("epochs = 3", "epochs = 25")
    (folder / "own.toml").write_text(text)
    arguments[1] = folder / "own.toml"
    assert train.main(list(map(str, arguments))) == 0
    assert export.main([str(folder / "run"), "--output", str(folder / "chars.zip")]) == 0
    return folder


def test_a_trained_bundle_reads_single_characters(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A user would get no character, or another one than the network is sure of."""
    image = save(work / "big.png", "B", side=120, ink=250, paper=20)  # light on dark, three times as large
    assert predict.main([str(image), "--model", str(work / "chars.zip")]) == 0
    assert capsys.readouterr().out == "B\n"
    assert predict.main([str(image), "--model", str(work / "run"), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["text"] == "B" == content["top"][0]["text"]
    assert {other["text"] for other in content["top"]} == set(LETTERS)
    assert sum(other["probability"] for other in content["top"]) == pytest.approx(1)
    assert content["top"][0]["probability"] == content["confidence"] > 0.4
    assert (content["characters"][0]["left"], content["characters"][0]["right"]) == (0, 120)


def test_blank_and_broken_images_are_reported(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Blank paper would be read as some character, or a bad file would end the command."""
    Image.new("L", (30, 30), 240).save(work / "blank.png")
    (work / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    good = save(work / "good.png", "7")
    files = [work / "blank.png", work / "broken.png", good]
    assert predict.main([*map(str, files), "--model", str(work / "chars.zip")]) == 1
    out, err = capsys.readouterr()
    assert f"{good}\t7" in out
    assert "no contrast" in err
    assert "broken.png" in err


def test_an_evaluation_reports_accuracy_classes_and_a_picture(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The confusions of a model could not be seen, or its score would be of other samples."""
    data = f"characters:{work / 'images'}?split=validation&held=6"
    arguments = ["--model", str(work / "chars.zip"), "--data", data, "--json", "--report", str(work / "report")]
    assert evaluate.main(arguments) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["samples"] == 24
    assert card["accuracy"]["value"] > 0.9
    assert card["accuracy"]["low"] < card["accuracy"]["value"] <= card["case_insensitive_accuracy"]["value"]
    assert (work / "report/classes.tsv").read_text().count("\n") == 1 + len(LETTERS)
    rows = [row.split("\t") for row in (work / "report/texts.tsv").read_text().splitlines()]
    assert np.mean([truth == text for _, truth, text in rows]) == pytest.approx(card["accuracy"]["value"])
    with Image.open(work / "report/confusions.png") as picture:
        assert picture.width > 26 * len(LETTERS)
    stored = read_bundle(work / "chars.zip").description.model.score_cards[0]
    assert stored.accuracy.value == pytest.approx(card["accuracy"]["value"])  # type: ignore[union-attr]


def test_int8_reads_the_same_characters(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A quantized model would lose more than rounding."""
    data = f"characters:{work / 'images'}"
    quantize.main([str(work / "chars.zip"), "--calibration", data, "--output", str(work / "chars8.zip")])
    capsys.readouterr()
    scores = []
    for arguments in (["chars.zip"], ["chars8.zip", "--precision", "int8"]):
        evaluate.main(["--model", str(work / arguments[0]), *arguments[1:], "--data", data, "--json"])
        scores.append(json.loads(capsys.readouterr().out)["accuracy"]["value"])
    assert abs(scores[0] - scores[1]) <= 0.05


def test_mxnet_reads_the_same(work: Path) -> None:
    """A character would depend on the machine that reads it."""
    image = save(work / "e.png", "e", side=50)
    ours, theirs = (gluon_htr.load(work / "chars.zip", engine=name).read(image) for name in ("onnx", "mxnet"))
    assert ours.text == theirs.text
    assert ours.confidence == pytest.approx(theirs.confidence, abs=1e-4)


def test_a_stream_reads_as_single_calls_do(work: Path) -> None:
    """A character would depend on its neighbors."""
    classifier = gluon_htr.load(work / "chars.zip")
    images = sorted((work / "images").rglob("*.png"))[::7]
    alone = [classifier.read(path) for path in images]
    assert [found for _, found in classifier.stream(images, batch_size=3)] == alone


def told(command: Callable[[list[str]], int], *arguments: object) -> str:
    """The error of a command, which must be one line."""
    with pytest.raises(HtrError) as caught:
        command(list(map(str, arguments)))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_two_models_of_characters_are_compared(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody could tell whether the better of two networks is better by chance."""
    images = f"characters:{work / 'images'}?split=validation&held=6"
    arguments = [str(work / "chars.zip"), str(CHARACTERS), "--data", images]
    assert compare.main([*arguments, "--output", str(work / "worst.png")]) == 0
    printed = capsys.readouterr().out
    rows = {row[:12].strip(): row[12:].split() for row in printed.splitlines()}
    a, b, difference = map(float, rows["accuracy"][:3])
    assert a > 0.9
    assert b <= 0.25  # of a, B, e and 7 it knows the last alone
    assert difference == pytest.approx(b - a, abs=2e-4)
    assert rows["n"][:2] == ["24", "samples,"]
    assert rows["right"][:2] == [str(round(24 * b)), "in"]
    assert "WER" not in printed
    with Image.open(work / "worst.png") as picture:
        assert picture.height > 100
    assert compare.main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exact_rate"]["a"] == pytest.approx(a, abs=1e-4)


def test_models_of_other_tasks_are_named_in_one_line(work: Path) -> None:
    """A user would get a traceback, or texts that mean nothing."""
    from gluon_htr import read

    model, page = work / "chars.zip", PROJECT / "examples" / "page.jpg"
    images, words = f"characters:{work / 'images'}", f"listing:{work}"
    assert "single characters" in told(read.main, page, "--model", model)
    assert "single characters" in told(read.main, page, "--model", work / "run")
    assert "lines" in told(read.main, page, "--layout", model)
    assert "beam" in told(predict.main, page, "--model", model, "--decoder", "beam")
    assert "not a recognizer" in told(predict.main, page, "--model", "pages")
    save(work / "1.png", "a")
    (work / "labels.tsv").write_text("1.png\thouse\n")
    assert "'house'" in told(evaluate.main, "--model", model, "--data", words)
    assert "'house'" in told(compare.main, model, model, "--data", words)
    start = ["--output", work / "other", "--validation", images, "--workers", "0"]
    assert "words" in told(train.main, "--preset", "words", "--data", images, "--init", model, *start)
    assert "lenet" in told(train.main, "--preset", "lenet", "--data", images, "--init", "words", *start)
    assert "line or word" in told(export.main, model, "--triton", work / "triton")
    assert not (work / "other").exists() or not any((work / "other").glob("run.toml"))


def test_a_training_goes_on_from_a_bundle_with_more_classes(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a network knows would be lost when a character is added."""
    for k in range(16):
        save(work / f"more/Q/{k}.png", "Q", side=24 + k)
    data = ["--data", f"characters:{work / 'images'}", "--data", f"characters:{work / 'more'}"]
    held = ["--validation", f"characters:{work / 'images'}?split=validation"]
    arguments = ["--config", work / "own.toml", *data, *held, "--init", work / "chars.zip", "--output", work / "grown"]
    train.main([*map(str, arguments), "--workers", "0", "--budget", "1s"])
    assert "kept 4 characters" in capsys.readouterr().err
    assert sorted(gluon_htr.load(work / "grown").alphabet.characters) == sorted([*LETTERS, "Q"])


def test_texts_that_are_no_single_characters_are_left_out_of_a_training(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Words would be learned by their first letters."""
    rows = "".join(f"images/a/{k:02}.png\ta\nimages/B/{k:02}.png\tB\n" for k in range(12))
    (work / "mixed.tsv").write_text(f"{rows}images/e/00.png\teel\n")
    arguments = ["--config", work / "own.toml", "--data", f"listing:{work / 'mixed.tsv'}", "--output", work / "mixed"]
    held = f"characters:{work / 'images'}?split=validation"
    assert train.main([*map(str, arguments), "--validation", held, "--workers", "0", "--budget", "1s"]) == 0
    assert "'eel' is not a single character" in (work / "mixed/skipped.tsv").read_text()
    assert gluon_htr.load(work / "mixed").alphabet.characters == ("B", "a")


def test_the_table_of_a_preset_has_no_time_steps(capsys: pytest.CaptureFixture[str]) -> None:
    """The user would look for time steps that there are none of."""
    need_mxnet()
    assert presets.main(["lenet"]) == 0
    out = capsys.readouterr().out
    assert "62 classes" in out
    assert "time steps" not in out


def test_a_server_answers_with_the_most_probable_characters(work: Path) -> None:
    """A client would get no alternatives, or a page would be read by a model of characters."""
    pytest.importorskip("fastapi", reason="needs gluon-htr[serve]")
    import anyio
    import httpx

    from gluon_htr.serving.application import build_app
    from gluon_htr.serving.served_models import open_models
    from gluon_htr.serving.server_settings import ServerSettings
    from gluon_htr.serving.service import Service

    image = save(work / "B.png", "B", side=60)
    service = Service(open_models([str(work / "chars.zip")]), ServerSettings(), detector=load_detector())
    expected = gluon_htr.load(work / "chars.zip").read(image)
    assert isinstance(expected, Classification)

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(build_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            body = {"content": image.read_bytes(), "headers": {"Content-Type": "image/png"}}
            return [await client.post(path, **body) for path in ("/v1/predict", "/v1/read")]  # type: ignore[arg-type]

    try:
        answer, page = anyio.run(ask)
    finally:
        service.close()
    assert answer.status_code == 200, answer.text
    assert [one["text"] for one in answer.json()["top"]] == [one.text for one in expected.top]
    assert answer.json()["confidence"] == pytest.approx(expected.confidence, abs=1e-5)
    assert page.status_code == 400
    assert "single characters" in page.json()["error"]
