"""Reading with the base install alone: no package of the training extra, little time, little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from letters import LETTERS, WORDS, draw
from PIL import Image
from support import PROJECT, command_environment

from gluon_htr._extras import missing_package

WORKSHOP = [
    "mxnet",
    "torch",
    "cv2",
    "matplotlib",
    "pandas",
    "onnx",
    "tensorboard",
    "tomli_w",
    "setuptools",
    "hypothesis",
    "gluoncv",
    "scipy",
    "requests",
    "shapely",
    "lxml",
    "pikepdf",
    "pypdfium2",
    "pillow_heif",
]
BLOCKER = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {WORKSHOP!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
import runpy
command, *sys.argv[1:] = sys.argv[1:]
status = 0
try:
    runpy.run_module(f"gluon_htr.{{command}}", run_name="__main__", alter_sys=False)
except SystemExit as end:
    status = end.code
import json, pathlib
state = pathlib.Path("/proc/self/status")
peak = int(state.read_text().split("VmHWM:")[1].split()[0]) if state.exists() else 0
print(json.dumps({{"kilobytes": peak, "modules": sorted(sys.modules)}}), file=sys.stderr)
sys.exit(status)
"""


def base(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs a command where no package of the training extra can be imported."""
    command = [sys.executable, "-c", BLOCKER, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=command_environment(), timeout=60)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Words as files."""
    folder = tmp_path_factory.mktemp("images")
    for word in WORDS:
        draw(word).save(folder / f"{word}.png")
    return [folder / f"{word}.png" for word in WORDS]


def test_predict_reads(images: list[Path], tmp_path: Path) -> None:
    """`pip install gluon-htr` would install what cannot read."""
    done = base(tmp_path, "predict", *images, "--model", LETTERS)
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == WORDS


def test_predict_stays_small(images: list[Path], tmp_path: Path) -> None:
    """A small computer could not read; an import that nobody needs would cost every user every time."""
    done = base(tmp_path, "predict", images[0], "--model", LETTERS)
    report = json.loads(done.stderr.splitlines()[-1])
    assert report["kilobytes"] < 200_000
    unneeded = {"tqdm", "asyncio", "multiprocessing.pool", "concurrent.futures.process", "unittest", "urllib.request"}
    assert not unneeded & set(report["modules"])


def test_where_no_text_is_found_predict_says_so(tmp_path: Path) -> None:
    """An empty line would look like a defect of the terminal, and a script would take it for a text."""
    Image.new("L", (300, 40), 250).save(tmp_path / "blank.png")
    done = base(tmp_path, "predict", tmp_path / "blank.png")
    assert (done.returncode, done.stdout) == (1, "\n")
    assert "blank.png: no text found" in done.stderr


def test_a_page_is_read_without_the_extra_for_pages(tmp_path: Path) -> None:
    """Whoever wants the text alone would have to install what writes PDF."""
    page = PROJECT / "examples" / "page.jpg"
    done = base(tmp_path, "read", page)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 8
    assert json.loads(done.stderr.splitlines()[-1])["kilobytes"] < 400_000
    refused = base(tmp_path, "read", page, "--format", "alto")
    assert refused.returncode == 3
    assert "gluon-htr[pages]" in refused.stderr


@pytest.mark.parametrize("arguments", [("models",), ("models", "show", LETTERS), ("models", "verify", LETTERS)])
def test_models_are_listed_and_verified(arguments: tuple[object, ...], tmp_path: Path) -> None:
    """A user could not check what was downloaded."""
    done = base(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr


def test_a_missing_extra_is_named(images: list[Path], tmp_path: Path) -> None:
    """A user would be told of a module that is missing, and not of what to install."""
    for arguments, says in (
        (("predict", images[0], "--model", LETTERS, "--engine", "mxnet"), "gluon-htr[train]"),
        (("predict", images[0], "--model", LETTERS, "--engine", "torch"), "torch"),
        (("export", "runs/none", "--output", "x.zip"), "onnx"),
        (("train", "--data", "listing:words", "--output", "run"), "gluon-htr[train]"),
        (("adapt", images[0], "--output", "mine.zip"), "gluon-htr[train]"),
    ):
        done = base(tmp_path, *arguments)
        assert done.returncode == 3, (arguments, done.stderr)
        first, *rest = done.stderr.splitlines()
        assert first.startswith("error: ")
        assert says in first
        assert len(rest) == 1  # the report of this test
    assert not list(tmp_path.iterdir())


def test_the_extra_of_every_package_is_known() -> None:
    """The advice would install nothing, or something else."""
    assert "gluon-htr[train]" in str(missing_package("tomli_w"))
    assert "opencv-python-headless: pip install 'gluon-htr[train]'" in str(missing_package("cv2"))
    assert "fonttools: pip install 'gluon-htr[train]'".lower() in str(missing_package("fontTools.ttLib")).lower()
    assert str(missing_package("numba")) == "this needs the package numba: pip install numba"


def test_every_room_of_readers_can_be_imported(tmp_path: Path) -> None:
    """A function of a package would need the training extra although another does not."""
    packages = ("text", "images", "bundles", "runtime")
    code = BLOCKER.split("import runpy")[0] + (
        "import importlib, pkgutil, gluon_htr\n"
        f"for name in {packages!r}:\n"
        "    package = importlib.import_module(f'gluon_htr.{name}')\n"
        "    for module in pkgutil.iter_modules(package.__path__):\n"
        "        if module.name not in ('augmentation', 'ink', 'opencv', 'paper', 'ruling', 'written_page'):\n"
        "            importlib.import_module(f'gluon_htr.{name}.{module.name}')\n"
        "gluon_htr.load\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=command_environment(), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
