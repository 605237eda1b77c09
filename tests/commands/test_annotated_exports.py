"""The example of docs/pages.md: an export trains beside IAM, for lines and for layout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from drawn_pages import TEXTS, draw_page
from needs_mxnet import need_mxnet
from support import PROJECT, SAMPLE, run_command, tiny_preset

need_mxnet()
LINES = 4


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Six pages with text, one with rectangles only, one that nobody has annotated."""
    rows = []
    for number in range(8):
        page, _ = draw_page(LINES, number)
        (tmp_path / "set-images").mkdir(exist_ok=True)
        page.save(tmp_path / "set-images" / f"p{number}.png")
        marks = []
        for line in range(LINES):
            top, bottom = (30 * (2 * line + 3 + edge) / page.height for edge in (-0.9, 0.35))
            points = [[0.02, top], [0.98, top], [0.98, bottom], [0.02, bottom]]
            notes = TEXTS[(number + line) % len(TEXTS)] if number < 6 else ""
            size = {"imageWidth": page.width, "imageHeight": page.height}
            marks.append({"label": ["line"], "shape": "rectangle", "points": points, "notes": notes, **size})
        rows.append({"content": f"http://site.test/p{number}.png", "annotation": marks if number < 7 else None})
    file = tmp_path / "set.json"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_lines_of_an_export_train_beside_iam(export: Path, tmp_path: Path) -> None:
    """The kinds could not be mixed, or lines without text be learned as empty."""
    if not SAMPLE.is_dir():
        pytest.skip("the official sample of IAM, ../shared/data/sample, is not here")
    preset = tiny_preset(tmp_path, epochs=1)
    preset.write_text(preset.read_text().replace("width = 64", "width = 320"))
    train, validation = (f"dataturks:{export}?split={split}&ratio=0.2" for split in ("train", "validation"))
    done = run_command(
        "train", "--config", preset, "--data", train,
        "--data", f"iam-lines:{SAMPLE / 'iam'}?split=all", "--validation", validation,
        "--output", tmp_path / "run", "--workers", 0,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    skipped = (tmp_path / "run" / "skipped.tsv").read_text()
    assert "p7\thas no annotation" in skipped
    assert skipped.count("\thas no text") >= LINES
    assert "time steps" not in skipped  # the lines of IAM are learned, too


def test_places_of_an_export_train_layout(export: Path, tmp_path: Path) -> None:
    """The page without text has places as good as the others'."""
    pytest.importorskip("shapely")
    preset = (PROJECT / "tests" / "tiny-layout.toml").read_text().replace("epochs = 30", "epochs = 1")
    (tmp_path / "layout.toml").write_text(preset)
    done = run_command(
        "train", "--config", tmp_path / "layout.toml", "--data", f"dataturks:{export}",
        "--validation", f"dataturks:{export}", "--output", tmp_path / "run", "--workers", 0,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "has no annotation" in done.stderr
    assert json.loads((tmp_path / "run" / "scores.json").read_text())["pages"] == 7
