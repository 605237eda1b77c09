"""The preset `digits` as a user trains, exports and reads with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mnist import write_mnist
from needs_mxnet import need_mxnet
from PIL import Image
from support import Command, refusal

pytest.importorskip("onnx")
need_mxnet()

import gluon_htr
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.networks.presets import preset_text

MOST_BYTES = 1_000_000  # of the bundle, which ships


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """A folder with drawn digits."""
    (tmp_path / "mnist").mkdir()
    return write_mnist(tmp_path / "mnist")


def training(mnist: Path, query: str, *more: object) -> list[object]:
    """Arguments that train for a few steps on strips."""
    validation = f"strips:{mnist}?split=validation&count=8&digits=1-3"
    data = ["--data", f"strips:{mnist}?{query}", "--validation", validation]
    return [*data, "--output", "run", "--budget", "2s", "--workers", 0, *more]


def test_a_small_bundle_reads_any_width(mnist: Path, command: Command, tmp_path: Path) -> None:
    """The bundle would be too large to ship, or refuse a single digit or a long number."""
    done = command("train", *training(mnist, "count=192&digits=1-6", "--preset", "digits"))
    assert done.returncode == 0, done.stderr
    done = command("export", "run", "--output", "digits.zip", "--float16", "--terms", "none")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "digits.zip").stat().st_size <= MOST_BYTES
    assert read_bundle(tmp_path / "digits.zip").reader.alphabet == list("0123456789")
    recognizer = gluon_htr.load(tmp_path / "digits.zip")
    noise = np.random.default_rng(0).integers(0, 256, (32, 3000), np.uint8)
    for width in (8, 9, 31, 100, 1001, 3000):
        read = recognizer.read(Image.fromarray(noise[:, :width]))
        assert set(read.text) <= set("0123456789")
        assert all(0 <= c.left < c.right <= width for c in read.characters)


def test_labels_that_need_more_time_steps_are_named_when_some_are_left_out(mnist: Path, command: Command) -> None:
    """Samples would vanish from a training without a word."""
    for number, width in enumerate((8, 12, 200)):
        Image.new("L", (width, 32), 255).save(mnist / f"{number}.png")
    missing = "".join(f"missing{number}.png\t1\n" for number in range(9))
    (mnist / "labels.tsv").write_text(f"0.png\t11\n1.png\t11\n2.png\t11\n{missing}")
    (mnist / "fine.toml").write_text(preset_text("digits").replace("width_multiple = 16", "width_multiple = 4"))
    listing = ("--data", f"listing:{mnist}/labels.tsv", "--config", mnist / "fine.toml", "--unfit", "skip")
    done = command("train", *training(mnist, "count=8&digits=1", *listing))
    assert done.returncode == 0, done.stderr
    assert "left out 0.png: its image has 2 time steps of 4 pixels, but '11' needs 3" in done.stderr
    assert "use wider images, or less stride and pooling along the width" in done.stderr
    assert "10 samples to train on, 10 left out" in done.stderr


def test_a_network_with_too_many_pooling_steps_is_told_when_nothing_is_left(mnist: Path, command: Command) -> None:
    """Training would end with a message that leads nowhere."""
    coarse = preset_text("digits").replace("pool = [2, 1]", "pool = [2, 4]").replace("multiple = 16", "multiple = 256")
    (mnist / "coarse.toml").write_text(coarse)
    arguments = training(mnist, "count=8&digits=15", "--config", mnist / "coarse.toml", "--unfit", "skip")
    line = refusal(command("train", *arguments))
    assert "8 samples cannot be trained on: train-0-0000000: its image has" in line
    assert "time steps of 256 pixels" in line
    assert "less stride and pooling along the width" in line
    assert "no other samples are left" in line
