"""What a board gets: the runner reads there what is read here, and the generated module is the same network."""

from __future__ import annotations

import importlib.util
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from characters import CHARACTERS, CLASSES, save
from characters import draw as draw_character
from letters import LETTERS, WORDS, array, draw
from PIL import Image
from small_featurizers import everything, images
from support import PROJECT

from gluon_htr import load
from gluon_htr.images.decoding import decode
from gluon_htr.images.preprocessing import Preprocessing, fit, to_network_input
from gluon_htr.quantization.dpu.qdq import Quantized
from gluon_htr.quantization.dpu.recipes import Recipe, prepared, quantized_by
from gluon_htr.quantization.dpu.running import session
from gluon_htr.quantization.dpu.simulator import simulate
from gluon_htr.quantization.dpu.sources import open_source
from gluon_htr.quantization.dpu.splitting import halves
from gluon_htr.quantization.dpu.targets import dpu_runner, packaging
from gluon_htr.quantization.dpu.targets.readmes import BOARDS
from gluon_htr.quantization.dpu.targets.torch_source import to_torch

RECIPE = Recipe()


@pytest.fixture(scope="module")
def made() -> Quantized:
    both = prepared(RECIPE, halves(open_source(str(LETTERS))))
    return quantized_by(RECIPE, both.featurizer, np.stack([array(word) for word in WORDS]))


@pytest.fixture(scope="module")
def folders(made: Quantized, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every target's folder, by its name, and words as files."""
    root, source = tmp_path_factory.mktemp("targets"), open_source(str(LETTERS))
    calibration = np.stack([array(word) for word in WORDS])
    for target in BOARDS:
        packaging.package(target, source, halves(source), made, RECIPE, calibration, root / target)
    for word in WORDS:
        draw(word).save(root / f"{word}.png")
    return root


def _board(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The runner as it lies in the folder, where only numpy and onnxruntime can be imported."""
    blocked = ["PIL", "gluon_htr", "msgspec", "onnx", "torch", "mxnet", "cv2", "rapidfuzz", "tqdm"]
    code = (
        f"import sys\nfor name in {blocked}: sys.modules[name] = None\n"
        "import runpy; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-c", code, folder / "dpu_runner.py", *arguments]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, cwd=folder)


@pytest.mark.parametrize("target", BOARDS)
def test_the_runner_reads_with_numpy_and_onnxruntime_alone(target: str, folders: Path) -> None:
    """A board, where little can be installed, would read nothing."""
    files = [folders / f"{word}.png" for word in WORDS]
    done = _board(folders / target, *files)
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == WORDS
    assert "without the DPU" in done.stderr
    readme = (folders / target / "README.md").read_text()
    assert "dpu_runner.py" in readme
    assert "{" not in readme


def test_what_goes_wrong_on_a_board_is_one_line(folders: Path, tmp_path: Path) -> None:
    """A user would see a traceback where nobody can look it up; one bad image would end all."""
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    (tmp_path / "x.txt").write_text("text")
    (tmp_path / "cut.pgm").write_bytes(b"P5\n12")
    (tmp_path / "none.pgm").write_bytes(b"P5 0 0 255\n")
    huge = struct.pack(">IIBBBBB", 1 << 30, 1 << 30, 8, 0, 0, 0, 0)
    (tmp_path / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 13, b"IHDR") + huge + b"\0" * 4)
    bad = [tmp_path / name for name in ("bad.png", "x.txt", "cut.pgm", "none.pgm", "huge.png")]
    done = _board(folders / "zynq", "--engine", "cpu", *bad, folders / "bead.png")
    assert done.returncode == 1
    assert [line.split(" ")[0] for line in done.stderr.splitlines()] == ["error:"] * 5
    assert done.stdout.endswith("\tbead\n")
    for engine, says in (("vart", "xir"), ("vitisai", "vaip_config.json")):
        done = _board(folders / "zynq", "--engine", engine, folders / "bead.png")
        assert done.returncode == 3
        assert says in done.stderr or "vart" in done.stderr
        assert len(done.stderr.splitlines()) == 1


class Tensor:
    """A tensor of VART: its size and where its point is."""

    def __init__(self, dims: tuple[int, ...], point: int) -> None:
        self.dims, self._point = dims, point

    def get_attr(self, name: str) -> int:
        assert name == "fix_point"
        return self._point


class Board:
    """VART's runner, with the integer simulator for hardware."""

    def __init__(self, made: Quantized) -> None:
        self._made = made
        _, channels, height, width = made.network.shapes["features"]
        self._output = Tensor((1, height, width, channels), made.exponents["features"])

    def get_input_tensors(self) -> list[Tensor]:
        return [Tensor((), self._made.exponents[self._made.source])]

    def get_output_tensors(self) -> list[Tensor]:
        return [self._output]

    def execute_async(self, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> int:
        assert inputs[0].dtype == np.int8
        image = dpu_runner.from_fixed(inputs[0], self._made.exponents[self._made.source])
        outputs[0][:] = simulate(self._made, image)["features"].transpose(0, 2, 3, 1)
        return 7

    def wait(self, job: int) -> None:
        assert job == 7


def test_vart_is_given_and_gives_whole_numbers_in_its_order(
    made: Quantized, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On hardware the axes or the points of the numbers would be mixed up; the CPU would not show it."""

    class Piece:
        def has_attr(self, name: str) -> bool:
            return True

        def get_attr(self, name: str) -> str:
            return "DPU"

        def toposort_child_subgraph(self) -> list[Any]:
            return [self]

        get_root_subgraph = deserialize = lambda self, *path: self

    xir, vart = type(sys)("xir"), type(sys)("vart")
    xir.Graph = Piece()  # type: ignore[attr-defined]
    vart.Runner = type("Runner", (), {"create_runner": staticmethod(lambda piece, mode: Board(made))})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "xir", xir)
    monkeypatch.setitem(sys.modules, "vart", vart)
    boards, here = (dpu_runner.featurizer(folders / "zynq", engine) for engine in ("vart", "cpu"))
    for word in WORDS:
        np.testing.assert_array_equal(
            boards(to_network_input(array(word)[None])), here(to_network_input(array(word)[None]))
        )
    reader = dpu_runner.Reader(folders / "zynq", boards)
    assert [reader.read(folders / f"{word}.png") for word in WORDS] == WORDS


@pytest.mark.parametrize("preprocessing", [
    Preprocessing("box", 48, 192),
    Preprocessing("box", 32, 128, resample="linear"),
    Preprocessing("height", 48, 640, 640),
    Preprocessing("character", 28, 28),
    Preprocessing("character", 32, 20),
])  # fmt: skip
def test_the_runner_prepares_images_as_reading_does(preprocessing: Preprocessing) -> None:
    """The board would read other pixels than the network was trained and calibrated on."""
    where = dpu_runner.Settings(
        [], preprocessing.mode, preprocessing.height, preprocessing.width, preprocessing.resample
    )
    for height, width in ((120, 301), (20, 60), (48, 192), (7, 900), (300, 9), (131, 4000)):
        page = images(1, height, width)[0]
        theirs, ours = fit(page, preprocessing).astype(int), dpu_runner.fit(page, where).astype(int)
        assert np.abs(theirs - ours).max() <= (1 if preprocessing.resample == "area" else 2)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P"])
def test_the_runner_decodes_what_people_have(mode: str, tmp_path: Path) -> None:
    """PNG files of common programs, with every one of their filters, would be noise."""
    page = Image.fromarray(np.kron(images(1, 40, 60)[0], np.ones((2, 2), np.uint8)))
    if mode in ("RGBA", "LA"):
        page = page.convert(mode)
        page.putalpha(Image.linear_gradient("L").resize(page.size))
    elif mode == "RGB":
        page = Image.merge("RGB", [page, page.rotate(180), page.transpose(Image.Transpose.FLIP_TOP_BOTTOM)])
    page.convert(mode).save(tmp_path / "page.png")
    theirs, ours = decode(tmp_path / "page.png").astype(int), dpu_runner.decode(tmp_path / "page.png").astype(int)
    assert np.abs(theirs - ours).max() <= 1
    if mode == "L":
        page.save(tmp_path / "page.pgm")
        np.testing.assert_array_equal(dpu_runner.decode(tmp_path / "page.pgm"), np.asarray(page))


@pytest.mark.parametrize("case", ["orientation", "transparent color", "oblong pixels"])
def test_the_runner_refuses_what_reading_would_turn_or_fill(case: str, tmp_path: Path) -> None:
    """A board would read a picture on its side, or squeezed, where `predict` reads it upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {
        "orientation": {"exif": exif},
        "transparent color": {"transparency": 0},
        "oblong pixels": {"dpi": (204, 98)},
    }
    Image.new("L", (60, 20), 200).save(tmp_path / "page.png", **options[case])  # type: ignore[arg-type]
    with pytest.raises(dpu_runner.RunnerError, match="plain gray PNG"):
        dpu_runner.decode(tmp_path / "page.png")


@pytest.mark.torch
def test_the_generated_module_is_the_same_network(tmp_path: Path) -> None:
    """Vitis AI would quantize and compile another network."""
    torch = pytest.importorskip("torch")
    for number, network in enumerate((everything(), halves(open_source("words")).featurizer)):
        folder = tmp_path / str(number)
        folder.mkdir()
        source, weights = to_torch(network)
        (folder / "featurizer.py").write_text(source)
        np.savez(folder / "featurizer.npz", **weights)
        spec = importlib.util.spec_from_file_location(f"featurizer{number}", folder / "featurizer.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        _, _, height, width = network.shapes["image"]
        page = to_network_input(images(1, height, width))
        with torch.inference_mode():
            found = module.load()(torch.from_numpy(page)).numpy()
        (expected,) = session(network.model).run(None, {"image": page})
        # the hardware's slope of a leaky ReLU, 26/256, for 0.1
        np.testing.assert_allclose(found, expected, atol=1e-5 if number else 0.02 * np.abs(expected).max())


def test_the_runner_reads_what_the_package_reads(folders: Path) -> None:
    """Two readers of the same model would disagree."""
    recognizer = load(LETTERS)
    reader = dpu_runner.Reader(folders / "zynq", dpu_runner.featurizer(folders / "zynq", "float"))
    for word in WORDS:
        assert reader.read(folders / f"{word}.png") == recognizer.read(folders / f"{word}.png").text


@pytest.mark.parametrize("target", BOARDS)
def test_single_characters_go_to_a_board(target: str, tmp_path: Path) -> None:
    """A model of characters could be quantized and not be run, or would be read as a line."""
    source, recipe = open_source(str(CHARACTERS)), RECIPE
    both, classifier = halves(source), load(CHARACTERS)
    shown = np.stack([fit(draw_character(c, shift=k % 3), source.preprocessing) for k, c in enumerate(CLASSES * 3)])
    packaging.package(target, source, both, quantized_by(recipe, both.featurizer, shown), recipe, shown, tmp_path)
    files = [save(tmp_path / f"{k}.png", c, side=60, ink=250, paper=20) for k, c in enumerate(CLASSES)]
    for engine in ("float", "cpu"):
        reader = dpu_runner.Reader(tmp_path, dpu_runner.featurizer(tmp_path, engine))
        assert [reader.read(file) for file in files] == [classifier.read(file).text for file in files] == list(CLASSES)
    Image.new("L", (30, 30), 200).save(tmp_path / "blank.png")
    done = _board(tmp_path, "--engine", "cpu", "blank.png")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "error: blank.png shows no character\n")


def test_one_line_from_a_bundle_to_a_board(words: Path, tmp_path: Path) -> None:
    """The documented command would stop halfway, or claim to have done what it cannot."""
    spec = f"iam-words:{words}?split=validation"
    for target, status in (("vek280", 0), ("zynq", 3), ("nowhere", 2)):
        command = ["sh", PROJECT / "scripts" / "dpu_convert.sh", LETTERS, spec, target, tmp_path / target]
        environment = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "PYTHONPATH": str(PROJECT)}
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment, timeout=120)
        assert done.returncode == status, done.stderr
        assert (tmp_path / target / "README.md").is_file() == (status != 2)
    runners = (PROJECT / "scripts" / "dpu_runner.py", tmp_path / "zynq" / "dpu_runner.py")
    shown = [subprocess.run([sys.executable, runner, "--help"], capture_output=True, text=True) for runner in runners]
    assert shown[0].returncode == 0
    assert shown[0].stdout == shown[1].stdout
