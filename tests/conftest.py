"""Fixtures that tests of several packages share."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archive_server import ArchiveServer
from hypothesis import settings
from needs_mxnet import need_mxnet
from PIL import Image, ImageDraw
from support import SAMPLE, Command, draw_iam_archives, run_command, training

# Few examples, and no deadline: cores are shared. `HYPOTHESIS_PROFILE=thorough` draws many.
settings.register_profile("quick", max_examples=20, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

os.environ["GLUON_HTR_NO_NOTICE"] = "1"  # tests compare what commands say
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # some tests import ONNX Runtime before the package
os.environ.pop("GLUON_HTR_MODELS", None)
os.environ["XDG_DATA_HOME"] = str(Path(__file__) / "none")  # the user's own models would be read with

# Test networks are small: a second thread gains little, and waits for its turn where anything else computes.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def iam_archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with words.tgz, lines.tgz, xml.tgz, ascii.tgz in the official layout: real ones, or drawn ones."""
    real = SAMPLE / "iam"
    return real if (real / "words.tgz").is_file() else draw_iam_archives(tmp_path_factory.mktemp("iam"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests of a module, which must import `chromium` to be skipped where there is none."""
    from chromium import launched

    with launched() as started:
        yield started


@pytest.fixture
def archive_server(iam_archives: Path) -> Iterator[ArchiveServer]:
    """A server on loopback that asks for a password and serves those archives."""
    with ArchiveServer(iam_archives) as server:
        yield server


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs a command as a user does, in an empty folder: `command("download", "--dataset", "mnist", input="…")`."""

    def run(name: str, *words: object, **options: object) -> subprocess.CompletedProcess[str]:
        return run_command(name, *words, **({"timeout": 60, "cwd": tmp_path} | options))

    return run


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An IAM-like folder of drawn words, by two writers' forms of the training and the validation part."""
    root = tmp_path_factory.mktemp("drawn")
    draw = random.Random(0)
    rows = []
    for form, count in (("a01-000u", 160), ("c04-156", 32)):
        for k in range(count):
            text = "".join(draw.choice("abcde") for _ in range(draw.randint(1, 4)))
            image = Image.new("L", (60, 16), 255)
            ImageDraw.Draw(image).text((4 + draw.random() * 8, 2), text, fill=0)
            path = root / "words" / f"{form}-00-{k:03}.png"
            path.parent.mkdir(exist_ok=True)
            image.save(path)
            rows.append(f"{form}-00-{k:03} ok 154 1 1 60 16 NN {text}")
    (root / "ascii").mkdir()
    (root / "ascii" / "words.txt").write_text("\n".join(rows))
    return root


@pytest.fixture(scope="session")
def run(words: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the tiny preset."""
    need_mxnet()
    output = tmp_path_factory.mktemp("runs") / "whole"
    done = run_command("train", *training(words, output), cwd=output.parent)
    assert done.returncode == 0, done.stderr
    assert "CER" in done.stdout
    return output


@pytest.fixture(scope="session")
def vivid(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run with the weights of a network of its kind that really reads."""
    from letters import LETTERS

    from gluon_htr.bundles.reader import read_bundle
    from gluon_htr.graphs.params import pack_parameters

    copy = tmp_path_factory.mktemp("vivid") / "vivid"
    shutil.copytree(run, copy)
    trained = read_bundle(LETTERS).trainable_pair.parameters
    single = {name: np.asarray(array, np.float32) for name, array in trained.items()}
    (copy / "model.params").write_bytes(pack_parameters(single))
    return copy
