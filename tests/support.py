"""Small helpers that tests of several packages import."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from started_processes import can_fork, run_forked

from gluon_htr.datasets.preparation import Preparer
from gluon_htr.datasets.sample import Reader
from gluon_htr.datasets.store import Store
from gluon_htr.graphs.params import load_parameters
from gluon_htr.images.preprocessing import Preprocessing

#: The fixture `command`: runs a command as a user does.
Command = Callable[..., "subprocess.CompletedProcess[str]"]

PROJECT = Path(__file__).resolve().parents[1]
TINY = PROJECT / "tests" / "tiny.toml"  # a preset small enough to be trained in a test
BUGS = PROJECT.parent / "shared" / "bugs"  # inputs of users that once failed
SAMPLE = PROJECT.parent / "shared" / "data" / "sample"


def tiny_preset(folder: Path, **changes: int) -> Path:
    """The tiny preset with other settings of training."""
    settings = TINY.read_text().replace("batch_size = 16\n", "").replace("epochs = 3\n", "")
    lines = "\n".join(f"{key} = {value}" for key, value in ({"batch_size": 16, "epochs": 3} | changes).items())
    (folder / "preset.toml").write_text(settings.replace("[training]\n", f"[training]\n{lines}\n"))
    return folder / "preset.toml"


def command_environment(**extra: str) -> dict[str, str]:
    """This environment, without our own variables and with the package importable."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("GLUON_HTR_")}
    return ours | {"PYTHONPATH": str(PROJECT), "GLUON_HTR_NO_NOTICE": "1"} | extra


def run_command(name: str, *words: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does. options: those of `subprocess.run`."""
    arguments = [sys.executable, "-m", f"gluon_htr.{name}" if name else "gluon_htr", *map(str, words)]
    usual = {"capture_output": True, "text": True, "timeout": 250, "env": command_environment()}
    options = usual | options
    if can_fork(arguments, options):
        return run_forked(arguments, options)
    return subprocess.run(arguments, **options)  # type: ignore[call-overload, no-any-return]


def last_state(run: Path) -> dict[str, np.ndarray]:
    """All arrays with which a run would go on: weights, their averages, the state of the optimizer; not the time."""
    arrays = load_parameters(run / "checkpoints" / "last.params")
    return {name: np.asarray(array) for name, array in arrays.items() if name != "progress"}


def same_arrays(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    """Whether two states have the same arrays, to the last bit."""
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    """The error of a command that ended with one line and status 2, and in no other way."""
    assert result.returncode == 2, (result.returncode, result.stderr)
    assert "Traceback" not in result.stderr
    errors = [line for line in result.stderr.splitlines() if line]
    assert len(errors) == 1, result.stderr
    assert errors[0].startswith("error: ")
    assert "unexpected" not in errors[0]
    return errors[0]


def prepare(reader: Reader, preprocessing: Preprocessing, workers: int) -> Store:
    """The samples of a reader, as training gets them."""
    with Preparer(workers) as preparer:
        return preparer.prepare(reader, preprocessing)


def write_tar(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    """A tar archive of these files."""
    with tarfile.open(path, mode) as tar:
        for name, content in members.items():
            information = tarfile.TarInfo(name)
            information.size = len(content)
            tar.addfile(information, io.BytesIO(content))
    return path


def png(pixels: np.ndarray) -> bytes:
    """A gray image, (H, W) uint8, as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def is_framed(image: np.ndarray, white: int = 255) -> bool:
    """Whether a pixel of white is left around the ink of an image (H, W): a cropped one has ink at its edge."""
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return bool(edge.min() >= white)


def draw_iam_archives(folder: Path) -> Path:
    """words.tgz, lines.tgz, xml.tgz, ascii.tgz in the official layout: two forms of noise, big enough to be cut."""
    noise = np.random.default_rng(0)
    words, lines, xml, word_rows, line_rows = {}, {}, {}, [], []
    for form in ("a01-000u", "b01-033"):
        place, tokens = f"{form[:3]}/{form}/{form}-00", []
        for k, token in enumerate(("A", "MOVE", "to", "stop")):
            words[f"{place}-{k:02}.png"] = png(noise.integers(0, 256, (64, 160), np.uint8))
            box = f'<cmp x="{k}" y="1" width="9" height="9"/>'
            tokens.append(f'<word id="{form}-00-{k:02}" tag="NN" text="{token}">{box}</word>')
            word_rows.append(f"{form}-00-{k:02} ok 154 {k} 1 9 9 NN {token}")
        lines[f"{place}.png"] = png(noise.integers(0, 256, (64, 900), np.uint8))
        line_rows.append(f"{form}-00 ok 154 4 0 0 900 64 A|MOVE|to|stop")
        line = f'<line id="{form}-00" segmentation="ok" text="A MOVE to stop" threshold="154">{"".join(tokens)}</line>'
        xml[f"{form}.xml"] = (
            f'<?xml version="1.0" encoding="iso-8859-1"?>\n<form id="{form}" version="1.0" writer-id="{form[1:3]}0">'
            f"<handwritten-part>{line}</handwritten-part></form>\n"
        ).encode()
    tables = {"words.txt": "\n".join(word_rows).encode(), "lines.txt": "\n".join(line_rows).encode()}
    for name, members in {"words": words, "lines": lines, "xml": xml, "ascii": tables}.items():
        write_tar(folder / f"{name}.tgz", members)
    return folder


def training(words: Path, output: Path, *more: object) -> list[str]:
    """Arguments that train the tiny preset on the fixture `words`."""
    data = ["--data", f"iam-words:{words}?split=train", "--validation", f"iam-words:{words}?split=validation"]
    return [*data, "--config", str(TINY), "--output", str(output), "--workers", "0", *map(str, more)]
