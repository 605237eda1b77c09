"""Reader of handwriting on a board: the featurizer runs on its DPU, the rest on its CPU.

    python3 dpu_runner.py word.png …           one line `path<TAB>text` per image; for a single image, the text alone

It lies in a folder that `gluon-htr dpu package` has written and needs numpy and onnxruntime alone. Images are PGM, or
PNG of 8 bits without interlacing. Engines: `vart` runs featurizer.xmodel, `vitisai` the ONNX graph through the board's
Vitis AI provider, `cpu` the same graph without a DPU, `float` the network before quantization; `auto` uses the first
that is available. Exit status: 0 done, 1 an image could not be read, 2 wrong use, 3 a tool is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

#: (1, 1, H, W) float32, ink 1 and paper 0 → features (1, C, H', W') float32.
Featurizer = Callable[[np.ndarray], np.ndarray]
ENGINES = ("auto", "vart", "vitisai", "cpu", "float")
VAIP = "/usr/bin/vaip_config.json"  # on AMD's images of Vitis AI 3.5
MAX_BYTES = 1 << 28  # of the pixels of a PNG
PADDING = 230  # minimum gray of the padding
CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # of PNG's color types
MARGIN = 1 / 14  # around a single character, as a proportion of a side
MIN_CONTRAST = 24  # gray levels between paper and ink of a single character


class RunnerError(Exception):
    """An error for the user, in one line; `status` is the exit status."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Settings:
    """Content of `reader.json`. rule, height, width, resample: the preprocessing, as in the bundle."""

    alphabet: list[str]
    rule: str
    height: int
    width: int
    resample: str


def settings(folder: Path) -> Settings:
    """Read the settings that `gluon-htr dpu package` wrote. Raises `RunnerError`."""
    try:
        content = json.loads((folder / "reader.json").read_text("utf-8"))
        return Settings(**{key: content[key] for key in Settings.__dataclass_fields__})
    except (OSError, ValueError, KeyError) as error:
        raise RunnerError(f"{folder} is not a folder of gluon-htr dpu package: {error}") from None


def decode(path: Path) -> np.ndarray:
    """Decode a PGM or PNG file to (H, W) uint8, 0 = black ink. Raises `RunnerError`."""
    try:
        content = path.read_bytes()
        if content[:2] == b"P5":
            return _pgm(content)
        if content[:8] == b"\x89PNG\r\n\x1a\n":
            return _png(content)
    except OSError as error:
        raise RunnerError(f"{path}: {error.strerror}") from None
    except (ValueError, IndexError, KeyError, zlib.error, struct.error) as error:
        raise RunnerError(f"{path} cannot be decoded: {error}") from None
    raise RunnerError(f"{path} is neither PGM nor PNG: convert it")


def _pgm(content: bytes) -> np.ndarray:
    words: list[int] = []
    at = 2
    while len(words) < 3:
        while content[at : at + 1].isspace() or content[at : at + 1] == b"#":
            at = content.index(b"\n", at) + 1 if content[at : at + 1] == b"#" else at + 1
        end = next((k for k in range(at, len(content)) if content[k : k + 1].isspace()), len(content))
        words.append(int(content[at:end]))
        at = end
    width, height, max_value = words
    if min(width, height) < 1:
        raise ValueError("it has no pixels")
    if max_value != 255:
        raise ValueError("its maximum gray is not 255")
    return np.frombuffer(content, np.uint8, width * height, at + 1).reshape(height, width)


def _png(content: bytes) -> np.ndarray:
    at, data = 8, b""
    header: tuple[int, ...] = ()
    palette = np.zeros((0, 3), np.uint8)
    while at + 8 <= len(content):
        size, kind = struct.unpack(">I4s", content[at : at + 8])
        chunk = content[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", chunk)
        elif kind == b"PLTE":
            palette = np.frombuffer(chunk, np.uint8).reshape(-1, 3)
        elif kind == b"IDAT":
            data += chunk
        elif kind in (b"eXIf", b"tRNS") or chunk.startswith((b"Raw profile type", b"XML:com.adobe.xmp")):
            raise ValueError("it has an orientation or a transparent color: save it as a plain gray PNG")
        elif kind == b"pHYs" and chunk[:4] != chunk[4:8]:
            raise ValueError("its pixels are not square: save it as a plain gray PNG")
        at += 12 + size
    width, height, bits, color, _, _, interlaced = header
    if bits != 8 or interlaced:
        raise ValueError("it does not have 8 bits per channel, or is interlaced")
    channels = CHANNELS.get(color, 1)
    size = height * (width * channels + 1)
    if not (min(width, height) > 0 and size <= MAX_BYTES):
        raise ValueError(f"it has {width} x {height} pixels")
    pixels = _unfiltered(zlib.decompressobj().decompress(data, size), height, width, channels)
    return _gray(palette[pixels[..., 0]] if color == 3 else pixels)


def _unfiltered(data: bytes, height: int, width: int, channels: int) -> np.ndarray:
    """Undo the filters of PNG: rows to pixels (H, W, channels)."""
    rows = np.frombuffer(data, np.uint8, height * (width * channels + 1)).reshape(height, -1)
    result = np.zeros((height + 1, width * channels), np.uint8)
    for y, row in enumerate(rows, 1):
        kind, line, above = int(row[0]), row[1:], result[y - 1]
        if kind == 0:
            result[y] = line
        elif kind == 1:
            result[y] = np.cumsum(line.reshape(width, channels), axis=0, dtype=np.uint8).ravel()
        elif kind == 2:
            result[y] = line + above
        else:
            _slowly(result[y], line, above, channels, kind)
    return result[1:].reshape(height, width, channels)


def _slowly(target: np.ndarray, line: np.ndarray, above: np.ndarray, channels: int, kind: int) -> None:
    """Undo PNG's filters 3 (average) and 4 (Paeth): each byte needs the one before."""
    made, up, options = [0] * channels, [0] * channels + above.tolist(), line.tolist()
    for k, byte in enumerate(options):
        left, top, corner = made[k], up[k + channels], up[k]
        if kind == 3:
            guess = (left + top) >> 1
        else:
            a, b, c = abs(top - corner), abs(left - corner), abs(left + top - 2 * corner)
            guess = left if a <= b and a <= c else top if b <= c else corner
        made.append((byte + guess) & 255)
    target[:] = made[channels:]


def _gray(pixels: np.ndarray) -> np.ndarray:
    """Convert (H, W, 1 to 4) to (H, W): transparent pixels become paper; luma as in ITU-R 601."""
    channels = pixels.shape[2]
    solid = pixels[..., :3] if channels > 2 else pixels[..., :1]
    if channels in (2, 4):
        share = pixels[..., -1:].astype(np.int32)
        solid = ((solid * share + 255 * (255 - share) + 127) // 255).astype(np.uint8)
    if solid.shape[2] == 1:
        return solid[..., 0]
    return ((solid.astype(np.int64) @ [19595, 38470, 7471] + 0x8000) >> 16).astype(np.uint8)


def fit(image: np.ndarray, where: Settings) -> np.ndarray:
    """Scale and pad to (height, width), as `gluon_htr.images.preprocessing.fit` does."""
    if where.rule == "character":
        image = isolate(image)
    height, width = image.shape
    ratio = min(where.height / height, where.width / width)
    if where.rule == "character":
        rows, columns = (max(1, side - 2 * round(MARGIN * side)) for side in (where.height, where.width))
        ratio = min(rows / height, columns / width)
    if where.rule != "box":
        height, width = max(1, round(height * ratio)), max(1, round(width * ratio))
    elif ratio < 1:
        height, width = max(1, int(height * ratio)), max(1, int(width * ratio))
    support = 1.0 if where.resample == "area" else 0.0
    scaled = image
    for axis, size in ((1, width), (0, height)):
        if scaled.shape[axis] != size:
            scaled = np.moveaxis(_resized(np.moveaxis(scaled, axis, 0), size, support), 0, axis)
    padding = 255 if where.rule == "character" else max(PADDING, int(scaled[0, 0]))
    canvas = np.full((where.height, where.width), padding, np.uint8)
    top = (where.height - height) // 2
    left = (where.width - width) // 2 if where.rule != "height" else 0
    canvas[top : top + height, left : left + width] = scaled
    return canvas


def isolate(image: np.ndarray) -> np.ndarray:
    """Cut a character out of its picture, as `gluon_htr.images.characters.isolate` does."""
    if int(image.max()) - int(image.min()) < MIN_CONTRAST:
        return np.full_like(image, 255)
    counts, grays = np.bincount(image.ravel(), minlength=256), np.arange(256)
    below, sums = counts.cumsum().astype(float), (counts * grays).cumsum().astype(float)
    apart = sums[-1] * below - sums * below[-1]
    threshold = int((apart * apart / (below * (below[-1] - below)).clip(1)).argmax())  # Otsu 1979
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    if np.count_nonzero(border <= threshold) > border.size / 2:
        image, counts, threshold = np.uint8(255) - image, counts[::-1], 254 - threshold
    total = counts.cumsum()
    dark, light = total[threshold], total[-1] - total[threshold]
    ink, paper = total.searchsorted([0.1 * dark, dark + light / 2]).tolist()
    table = ((grays - ink) * (255.0 / max(paper - ink, 1)) + 0.5).clip(0, 255).astype(np.uint8)
    rows, columns = ((image <= threshold).any(axis=axis).nonzero()[0] for axis in (1, 0))
    kept = image[max(rows[0] - 1, 0) : rows[-1] + 2, max(columns[0] - 1, 0) : columns[-1] + 2]
    return table[kept]  # type: ignore[no-any-return]


def _resized(pixels: np.ndarray, size: int, support: float) -> np.ndarray:
    """Resize the first axis to `size`: a triangle filter over all pixels covered (support 1), or over two neighbors
    (support 0).
    """
    ratio = pixels.shape[0] / size
    reach = max(ratio, 1.0) if support else 1.0
    centers = (np.arange(size) + 0.5) * ratio
    if not support:
        centers = np.clip(centers, 0.5, pixels.shape[0] - 0.5)
    weights = np.maximum(0, 1 - np.abs(np.arange(pixels.shape[0]) + 0.5 - centers[:, None]) / reach)
    weights /= weights.sum(axis=1, keepdims=True)
    mixed = weights @ pixels.astype(np.float64)
    return np.clip(np.floor(mixed + 0.5), 0, 255).astype(np.uint8)


def greedy(logits: np.ndarray, alphabet: list[str]) -> str:
    """Decode the best path of CTC through (T, C), whose last class is the blank."""
    best = logits.argmax(axis=1)
    kept = np.diff(best, prepend=-1) != 0
    return "".join(alphabet[k] for k in best[kept] if k < len(alphabet))


class Vart:
    """The file featurizer.xmodel under AMD's runtime VART: int8 images (1, H, W, C), scaled by a power of two at either
    end.
    """

    def __init__(self, path: Path) -> None:
        import vart
        import xir

        graph = xir.Graph.deserialize(str(path))
        pieces = [
            piece
            for piece in graph.get_root_subgraph().toposort_child_subgraph()
            if piece.has_attr("device") and piece.get_attr("device").upper() == "DPU"
        ]
        if len(pieces) != 1:
            raise RunnerError(f"{path} has {len(pieces)} pieces for the DPU: one is needed; see gluon-htr dpu plan")
        self._runner = vart.Runner.create_runner(pieces[0], "run")
        (self._input,), (self._output,) = self._runner.get_input_tensors(), self._runner.get_output_tensors()

    def __call__(self, image: np.ndarray) -> np.ndarray:
        options = to_fixed(image, self._input.get_attr("fix_point"))
        found = np.empty(tuple(self._output.dims), np.int8, order="C")
        self._runner.wait(self._runner.execute_async([options], [found]))
        return from_fixed(found, self._output.get_attr("fix_point"))


def to_fixed(image: np.ndarray, exponent: int) -> np.ndarray:
    """Convert (1, C, H, W) float32 to (1, H, W, C) int8: steps of 2^-exponent, rounded to even at halves."""
    steps = np.clip(np.rint(image.astype(np.float64) * 2.0**exponent), -128, 127)
    return np.ascontiguousarray(steps.astype(np.int8).transpose(0, 2, 3, 1))


def from_fixed(features: np.ndarray, exponent: int) -> np.ndarray:
    """Convert back: (1, H, W, C) int8 to (1, C, H, W) float32."""
    return np.ascontiguousarray(features.transpose(0, 3, 1, 2)).astype(np.float32) * np.float32(2.0**-exponent)


def session(path: Path, provider: str = "CPUExecutionProvider", **options: str) -> Any:
    """Open a graph on ONNX Runtime; operators that the provider lacks run on the CPU. Raises `RunnerError`."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import, which would start it
    try:
        import onnxruntime
    except ImportError:
        raise RunnerError(
            "this needs onnxruntime: the one of the board's image, or pip install onnxruntime", 3
        ) from None
    if provider not in onnxruntime.get_available_providers():
        raise RunnerError(f"this onnxruntime has no {provider}: use the one of AMD's image, or --engine cpu", 3)
    settings = onnxruntime.SessionOptions()
    settings.add_session_config_entry("session.load_model_format", "ONNX")
    chosen = {"providers": [provider], "provider_options": [options]}
    return onnxruntime.InferenceSession(str(path), settings, **chosen, enable_fallback=0)  # else it prints a banner


def featurizer(folder: Path, engine: str, vaip: str = VAIP) -> Featurizer:
    """Return the function that computes features under `engine`. Raises `RunnerError` if something is missing."""
    if engine == "auto":
        return _first(folder, vaip)
    if engine == "vart":
        try:
            return Vart(folder / "featurizer.xmodel")
        except ImportError as error:
            raise RunnerError(f"the engine vart needs {error.name}, which AMD's images of a board have", 3) from None
    name = "featurizer.onnx" if engine == "float" else "featurizer.int8.onnx"
    if engine == "vitisai":
        if not os.path.isfile(vaip):
            raise RunnerError(f"there is no {vaip}: name AMD's vaip_config.json with --vaip", 3)
        made = session(folder / name, "VitisAIExecutionProvider", config_file=vaip)
    else:
        made = session(folder / name)
    source = made.get_inputs()[0].name
    return lambda image: made.run(None, {source: image})[0]  # type: ignore[no-any-return]


def _first(folder: Path, vaip: str) -> Featurizer:
    """Use VART if the folder has an .xmodel, else the provider, else the CPU, with a message."""
    reasons = []
    for engine in ("vart", "vitisai") if (folder / "featurizer.xmodel").is_file() else ("vitisai",):
        try:
            return featurizer(folder, engine, vaip)
        except RunnerError as problem:
            reasons.append(str(problem))
    sys.stderr.write(f"without the DPU: {'; '.join(reasons)}\n")
    return featurizer(folder, "cpu")


class Reader:
    """A reader of images with a featurizer and the tail in `folder`."""

    def __init__(self, folder: Path, compute: Featurizer) -> None:
        self._settings, self._compute, self._tail = settings(folder), compute, session(folder / "tail.onnx")
        self._source = self._tail.get_inputs()[0].name

    def read(self, path: Path) -> str:
        page = fit(decode(path), self._settings)
        if self._settings.rule == "character" and page.min() == 255:
            raise RunnerError(f"{path} shows no character")
        image = (np.float32(255) - page.astype(np.float32)) / np.float32(255)
        features = self._compute(image[None, None])
        logits = self._tail.run(None, {self._source: features})[0][0]
        if self._settings.rule == "character":
            return self._settings.alphabet[int(logits.argmax())]
        return greedy(logits, self._settings.alphabet)


def main(arguments: list[str] | None = None) -> int:
    """Parse the arguments and read the images."""
    parser = argparse.ArgumentParser(prog="dpu_runner.py", description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="PGM or PNG")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="of the model (default: this one)")
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="default: %(default)s")
    parser.add_argument("--vaip", default=VAIP, metavar="FILE", help="AMD's vaip_config.json (default: %(default)s)")
    options = parser.parse_args(arguments)
    status = 0
    try:
        reader = Reader(options.folder, featurizer(options.folder, options.engine, options.vaip))
    except RunnerError as problem:
        sys.stderr.write(f"error: {problem}\n")
        return problem.status
    for path in options.images:
        try:
            text = reader.read(path)
        except RunnerError as problem:
            sys.stderr.write(f"error: {problem}\n")
            status = 1
            continue
        sys.stdout.write(text + "\n" if len(options.images) == 1 else f"{path}\t{text}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
