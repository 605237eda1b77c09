"""Read images of handwriting: one line of text each, or a single character with a model of these."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import _command, _options, load
from ._inputs import Input, inputs, samples
from ._predictions import SUFFIXES, Sink, sink
from .errors import ImageError, UsageError
from .images.decoding import ImageLike
from .runtime.backends import PROVIDERS
from .runtime.classifier import Classifier
from .runtime.line_checks import ADVICE, PictureWarning
from .runtime.recognizer import Recognizer


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr predict",
        description=__doc__,
        epilog="The exit status is 1 if an image could not be read, or has no text.",
    )
    parser.add_argument(
        "images",
        nargs="*",
        metavar="IMAGE",
        help="an image of one line, word or character, a folder of these, a pattern, a URL, or - for stdin",
    )
    _options.add_model(parser)
    _options.add_reading(parser)
    _options.add_decoder(parser)
    _options.add_n_best(parser, "also print the N most probable texts with their probabilities; of each word in JSON")
    providers = f"execution provider of the engine onnx: {', '.join(PROVIDERS)} (default: cpu)"
    parser.add_argument("--provider", default="cpu", help=providers)
    parser.add_argument("--frame", type=int, metavar="N", help="the picture to read in files with several, from 1")
    add = parser.add_argument
    add("--data", action="append", default=[], metavar="SPEC", help="read the images of a data set; may be repeated")
    kinds = "text; JSON, an object per image with confidences and places, or the error; a table (default: %(default)s)"
    add("--format", choices=tuple(SUFFIXES), default="text", help=kinds)
    add("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    add(
        "--output",
        type=Path,
        metavar="FILE|DIR",
        help="write into a file, or into a folder (a name without suffix) a file for each image (default: print)",
    )
    return parser


def run(images: list[Input], recognizer: Recognizer, sink: Sink, frame: int | None = None) -> int:
    """Give the text of each image to a sink; one that is unreadable or without text is reported, others are read."""
    failures = 0

    def failed(image: ImageLike, error: ImageError) -> None:
        nonlocal failures
        failures += 1
        sink(image, error)
        _command.say(f"error: {error}")

    for path, recognition in recognizer.stream(images, failed=failed, frame=frame):
        sink(path, recognition)
        if not recognition.text:
            failures += 1
            if isinstance(recognizer, Classifier):
                _command.say(_no_character(path))
            elif not recognition.warnings:
                _command.say(_nothing(path))
        for warning in recognition.warnings:
            _command.say(_warning(path, warning))
    return 1 if failures else 0


def _nothing(path: object) -> str:
    return f"{path}: no text found. predict reads single lines or words; for a page use gluon-htr read"


def _no_character(path: object) -> str:
    return f"{path}: no character found: the image has no contrast"


def _warning(path: object, warning: PictureWarning) -> str:
    is_turned = warning in ("upside-down", "sideways")
    return f"{path}: this {ADVICE[warning]}: {'turn it' if is_turned else 'for a page use gluon-htr read'}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    _options.check_threads(options.threads)
    if not (options.images or options.data):
        raise UsageError("give images to read, or --data")
    images = inputs(options.images) + samples(options.data)
    decoder = _options.decoder(options)
    recognizer = load(options.model, options.engine, options.threads, [options.provider], options.precision, decoder)
    with sink(options.format, images, options.output) as take:
        return run(images, recognizer, take, options.frame)


if __name__ == "__main__":
    sys.exit(_command.main(main))
