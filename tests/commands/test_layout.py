"""From pages with PAGE files to a model that finds lines, as a user goes: train, resume, export, evaluate, read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_pages import draw_page, write_pages
from letters import LETTERS
from needs_mxnet import need_mxnet
from PIL import Image
from support import PROJECT, refusal, run_command

from gluon_htr import load_reader
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.datasets.layout.reader import LayoutReader
from gluon_htr.graphs.params import load_parameters
from gluon_htr.pages.scoring import pairs
from gluon_htr.runtime.loading_pages import load_detector
from gluon_htr.runtime.page_scores import places, score_page

need_mxnet()
pytest.importorskip("shapely")
TINY = PROJECT / "tests" / "tiny-layout.toml"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has learned drawn pages, with its bundle `lines.zip` beside it."""
    folder = tmp_path_factory.mktemp("layout")
    write_pages(folder / "pages", 12)
    write_pages(folder / "others", 4, lines=7, seed=50)
    done = run_command(
        "train", "--config", TINY, "--data", f"pages:{folder / 'pages'}", "--validation", f"pages:{folder / 'others'}",
        "--output", folder / "run", "--workers", 0,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    exported = run_command("export", folder / "run", "--output", folder / "lines.zip", "--float16")
    assert exported.returncode == 0, exported.stderr
    assert "as MXNet" in exported.stderr
    return folder


def test_a_network_learns_to_find_lines(trained: Path) -> None:
    """A training would end with a network that finds nothing."""
    card = json.loads((trained / "run" / "scores.json").read_text())
    assert card["f1"] > 0.9 < card["baseline_f1"]
    entries = [json.loads(line) for line in (trained / "run" / "log.jsonl").read_text().splitlines()]
    scores = [entry["f1"] for entry in entries if entry["event"] == "validation"]
    assert scores[0] < scores[-1]


def test_the_bundle_finds_what_the_run_finds(trained: Path) -> None:
    """Whoever exports a run would get other lines than before."""
    page = np.asarray(draw_page(6, seed=90)[0])
    run, bundle = (load_detector(trained / name).find(page) for name in ("run", "lines.zip"))
    assert len(run) == len(bundle) == 6
    for ours, theirs in zip(run, bundle):
        assert np.abs(ours.baseline[[0, -1]] - theirs.baseline[[0, -1]]).max() < 4  # weights are halved
    verified = run_command("models", "verify", trained / "lines.zip")
    assert verified.returncode == 0, verified.stdout
    shown = run_command("models", "show", trained / "lines.zip")
    assert "baseline" in shown.stdout
    assert "F1" in shown.stdout


def test_pages_are_scored(trained: Path) -> None:
    """Nobody could tell which of two models finds lines better."""
    done = run_command(
        "evaluate", "--task", "layout", "--layout", trained / "lines.zip", "--model", LETTERS, "--json",
        "--data", f"pages:{trained / 'others'}", "--report", trained / "report",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)
    assert scores["pages"] == 4
    assert scores["lines"] == 28
    assert scores["f1"] > 0.9
    assert scores["characters"] > scores["lines"]  # what the rates are of: none would make them 0
    assert scores["cer"] > 0  # a model of five letters reads this badly
    with Image.open(trained / "report" / "page-00.png") as picture:
        assert np.ptp(np.asarray(picture.convert("HSV"))[:, :, 1]) > 100  # outlines are in color


def test_a_line_that_nobody_can_read_is_not_scored(trained: Path) -> None:
    """What is read of it would count as too much: a page CER of many percent where nothing is wrong."""
    reader = load_reader(LETTERS, layout=trained / "lines.zip")
    (sample, *_) = LayoutReader(f"pages:{trained / 'others'}")
    page = reader.read_page(sample.image(), sample.id)
    texts = [page.lines[found].text for _, found in sorted(pairs(sample.places, places(page)))]
    assert len(texts) == len(sample.texts)
    assert all(texts)
    truths = (texts, ["<unclear>", *texts[1:]])
    whole, part = (score_page(reader, replace(sample, texts=tuple(truth))).edits for truth in truths)
    assert whole.order_free == part.order_free == 0
    assert part.characters == whole.characters - len(texts[0]) - 1


def test_scores_tell_of_pages_that_cannot_be_read(trained: Path, tmp_path: Path) -> None:
    """A model would look better for every page that is damaged, or its figures be those of a precision it lacks."""
    for name in ("one", "two"):
        write_pages(tmp_path / name / "pages", 3, seed=60)
    cut = tmp_path / "one" / "pages" / "page-01.png"
    cut.write_bytes(cut.read_bytes()[:-200])
    common = ["evaluate", "--task", "layout", "--layout", trained / "lines.zip", "--model", LETTERS]
    specs = ["--data", f"pages:{tmp_path / 'one' / 'pages'}", "--data", f"pages:{tmp_path / 'two' / 'pages'}*0.34"]
    done = run_command(*common, *specs, "--json", "--report", tmp_path / "report")
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)
    assert (scores["pages"], scores["left_out"], scores["precision"]) == (3, 1, "float32")
    assert "page-01" in done.stderr
    rows = [row.split("\t") for row in (tmp_path / "report" / "pages.tsv").read_text().splitlines()]
    assert rows[0][:5] == ["collection", "page", "picture", "pages", "lines"]
    assert len({row[2] for row in rows[1:]}) == 3
    assert all((tmp_path / "report" / row[2]).is_file() for row in rows[1:])
    assert (tmp_path / "report" / "left_out.tsv").read_text().startswith("page-01\t")
    whole = run_command(*common, *specs)
    assert "left out" in whole.stdout
    assert "leave out --engine torch" in refusal(run_command(*common, *specs, "--engine", "torch"))
    assert "int8" in refusal(run_command(*common, *specs, "--precision", "int8"))
    (tmp_path / "alone").mkdir()
    for file in (tmp_path / "one" / "pages").glob("page-01.*"):
        file.rename(tmp_path / "alone" / file.name)
    nothing = run_command(*common, "--data", f"pages:{tmp_path / 'alone'}")
    assert nothing.returncode == 2
    assert "error: no page of" in nothing.stderr


def test_options_of_networks_that_read_are_refused(trained: Path, tmp_path: Path) -> None:
    """Somebody would believe in a check, or in a choice, that never took place."""
    (tmp_path / "alphabet.json").write_text('{"characters": ["a"]}')
    data = ["train", "--config", TINY, "--data", f"pages:{trained / 'pages'}", "--output", tmp_path / "run"]
    assert "--alphabet" in refusal(run_command(*data, "--alphabet", tmp_path / "alphabet.json"))
    assert "--unfit refuse" in refusal(run_command(*data, "--unfit", "refuse"))
    exported = run_command("export", trained / "run", "--output", tmp_path / "x.zip", "--split", tmp_path / "parts")
    assert "--split" in refusal(exported)
    verified = run_command("models", "verify", trained / "lines.zip", "--engine", "mxnet")
    assert "finds lines" in refusal(verified)


def test_a_run_is_not_overwritten(trained: Path) -> None:
    """A second training into the same folder would mix two runs."""
    before = (trained / "run" / "model.params").read_bytes()
    again = run_command("train", "--config", TINY, "--data", f"pages:{trained / 'pages'}", "--output", trained / "run")
    assert "--resume" in refusal(again)
    assert (trained / "run" / "model.params").read_bytes() == before


def test_a_run_goes_on_without_naming_its_preset(trained: Path, tmp_path: Path) -> None:
    """The command that the end of a training recommends was refused, with a message about a file."""
    write_pages(tmp_path / "own", 5, lines=8, seed=70)
    own = ["--data", f"pages:{tmp_path / 'own'}?group=page", "--precision", "auto", "--output", tmp_path / "run"]
    begun = run_command("train", "--config", TINY, *own, "--budget", "2s", "--workers", 0)
    assert begun.returncode == 0, begun.stderr
    done = run_command("train", *own, "--budget", "4s", "--workers", 0, "--resume")
    assert done.returncode == 0, done.stderr
    assert "continues at step" in done.stderr


def test_a_run_that_cannot_begin_leaves_its_folder_free(trained: Path, tmp_path: Path) -> None:
    """The corrected command was told that the folder is a run already."""
    pages = ["--data", f"pages:{trained / 'pages'}", "--output", tmp_path / "run", "--workers", 0]
    assert "gpu" in refusal(run_command("train", "--config", TINY, *pages, "--engine", "mxnet", "--device", "gpu:99"))
    done = run_command("train", "--config", TINY, *pages, "--budget", "1s")
    assert done.returncode == 0, done.stderr


def test_a_run_does_not_go_on_with_other_pages(tmp_path: Path) -> None:
    """Pages that were held out would be trained on."""
    write_pages(tmp_path / "pages", 5, lines=8, seed=70)
    own = ["train", "--config", TINY, "--data", f"pages:{tmp_path / 'pages'}?group=page", "--output", tmp_path / "run"]
    begun = run_command(*own, "--budget", "1s", "--workers", 0)
    assert begun.returncode == 0, begun.stderr
    next((tmp_path / "pages").glob("page-00.xml")).unlink()
    assert "its data have changed" in refusal(run_command(*own, "--budget", "4s", "--workers", 0, "--resume"))


def test_a_line_that_is_left_out_is_counted_once(tmp_path: Path) -> None:
    """Pages that are held out out of the data have the problems of all of them."""
    folder = write_pages(tmp_path / "pages", 5, lines=8, seed=70)
    file = next(folder.glob("page-00.xml"))
    file.write_text(file.read_text().replace("<Coords points=", '<Coords points="1,1 2,1 3,1" other=', 1))
    done = run_command(
        "train", "--config", TINY, "--data", f"pages:{folder}?group=page", "--output", tmp_path / "run",
        "--budget", "1s", "--workers", 0,
    )  # fmt: skip
    assert ", 1 left out, " in done.stderr
    assert done.stderr.count("has no polygon with an area") == 1


def test_a_run_that_finds_lines_is_refused_where_text_is_read(trained: Path) -> None:
    """The message named a key of a file that nobody wrote."""
    pages = f"pages:{trained / 'others'}"
    for command in (
        ["doctor", pages, "--model", trained / "run"],
        ["compare", trained / "run", LETTERS, "--data", pages],
    ):
        assert "finds the lines of pages" in refusal(run_command(*command))


def test_a_collection_is_learned_from_few_pages(trained: Path, tmp_path: Path) -> None:
    """Five pages of a user's own would teach nothing."""
    write_pages(tmp_path / "own", 5, lines=18, seed=70)
    data = ["--data", f"pages:{tmp_path / 'own'}?group=page", "--output", tmp_path / "adapted"]
    done = run_command(
        "train", "--config", TINY, "--init", trained / "lines.zip", *data, "--budget", "12s", "--workers", 0
    )
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "adapted" / "log.jsonl").read_text().splitlines()
    before, *scores = [entry["f1"] for entry in map(json.loads, log) if entry["event"] == "validation"]
    assert max(scores) > before + 0.1


def test_a_page_as_full_as_most_is_held_out(tmp_path: Path) -> None:
    """A cover with two lines would decide whether a collection was learned."""
    pages = tmp_path / "own"
    for lines in (2, 3, 16, 17, 18):
        (file,) = write_pages(tmp_path / f"{lines}", 1, lines=lines, seed=70).glob("*.xml")
        pages.mkdir(exist_ok=True)
        (pages / f"{lines}.xml").write_text(file.read_text().replace("page-00.png", f"{lines}.png"))
        file.with_suffix(".png").rename(pages / f"{lines}.png")
    assert {56 - lines_trained_on(pages, tmp_path / f"run-{seed}", seed) for seed in range(5)} <= {16, 17, 18}
    for lines in (3, 16, 17):
        (pages / f"{lines}.xml").unlink()
    assert {lines_trained_on(pages, tmp_path / f"two-{seed}", seed) for seed in range(5)} == {18}  # most lines train


def lines_trained_on(pages: Path, run: Path, seed: int) -> int:
    """Train for a second; return on how many lines."""
    done = run_command(
        "train", "--config", TINY, "--data", f"pages:{pages}?group=page", "--seed", seed, "--output", run,
        "--budget", "1s", "--workers", 0,
    )  # fmt: skip
    return int(done.stderr.split(" lines to train on")[0].split()[-1])


def test_a_model_that_is_not_beaten_stays(trained: Path, tmp_path: Path) -> None:
    """A model that got worse would replace a good one, silently."""
    write_pages(tmp_path / "own", 5, lines=8, seed=70)
    (tmp_path / "slow.toml").write_text(TINY.read_text().replace("rate = 0.01", "rate = 1e-12"))
    done = run_command(
        "train", "--config", tmp_path / "slow.toml", "--init", trained / "lines.zip",
        "--data", f"pages:{tmp_path / 'own'}?group=page", "--output", tmp_path / "adapted",
        "--budget", "2s", "--workers", 0,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "keeping its weights" in done.stderr
    weights = read_bundle(trained / "lines.zip").trainable_pair.parameters
    kept = load_parameters(tmp_path / "adapted" / "model.params")
    assert all(np.array_equal(np.asarray(weights[name], np.float32), kept[name]) for name in kept)


def test_other_networks_are_refused(trained: Path, tmp_path: Path) -> None:
    """Weights of a reader would be taken for those of a detector."""
    done = run_command(
        "train", "--preset", "layout", "--init", LETTERS, "--data", f"pages:{trained / 'pages'}",
        "--output", tmp_path / "run",
    )  # fmt: skip
    assert done.returncode == 2
    assert "lines of pages" in done.stderr
    assert not (tmp_path / "run" / "run.toml").exists()
