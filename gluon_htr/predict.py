"""Reads images: one line of text each."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from . import _command, load
from .errors import ImageError, UsageError
from .images.decoding import ImageLike
from .runtime.backends import ENGINES, PRECISIONS, PROVIDERS
from .runtime.recognizer import Recognition, Recognizer


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon_htr.predict", description=__doc__, epilog="Exit status 1 when an image could not be read."
    )
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="PNG, JPEG, TIFF, WebP, …")
    parser.add_argument("--model", help="name of a model, a bundle, or the folder of a run (default: what ships)")
    engines = f"{', '.join(ENGINES)}, or http://HOST:PORT of a model server (default: %(default)s)"
    parser.add_argument("--engine", default="onnx", metavar="ENGINE", help=engines)
    parser.add_argument("--precision", choices=PRECISIONS, default="float32", help="int8: where the bundle has it")
    parser.add_argument("--threads", type=int, help="threads of the engine (default: one a core)")
    parser.add_argument("--provider", default="cpu", help=f"of the engine onnx: {', '.join(PROVIDERS)} (default: cpu)")
    parser.add_argument("--json", action="store_true", help="text, confidence and characters, one JSON object an image")
    return parser


def run(images: list[Path], recognizer: Recognizer, as_json: bool) -> int:
    """Print what is read; a bad image is reported and the rest go on."""
    failures = 0

    def failed(image: ImageLike, error: ImageError) -> None:
        nonlocal failures
        failures += 1
        _command.say(f"error: {error}")

    for path, recognition in recognizer.stream(images, failed=failed):
        print(_json(path, recognition) if as_json else _line(path, recognition, alone=len(images) == 1))
        if not recognition.text:
            _command.say(_nothing(path))
    return 1 if failures else 0


def _line(path: object, recognition: Recognition, alone: bool) -> str:
    return recognition.text if alone else f"{path}\t{recognition.text}"


def _nothing(path: object) -> str:
    return f"{path}: no text found; an image of one line or word is what is read"


def _json(path: object, recognition: Recognition) -> str:
    return json.dumps({"path": str(path), **asdict(recognition)}, ensure_ascii=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse and runs."""
    options = parser().parse_args(arguments)
    if options.threads is not None and options.threads < 1:
        raise UsageError("--threads is at least 1")
    recognizer = load(options.model, options.engine, options.threads, [options.provider], options.precision)
    return run(options.images, recognizer, options.json)


if __name__ == "__main__":
    sys.exit(_command.main(main))
