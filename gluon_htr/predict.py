"""Read images of handwriting: one line of text each, or a single character with a model of these."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from . import _command, _options, load
from ._inputs import Input, inputs
from .errors import ImageError
from .images.decoding import ImageLike
from .runtime.backends import PROVIDERS
from .runtime.classifier import Classification, Classifier
from .runtime.line_checks import ADVICE, PictureWarning
from .runtime.recognizer import Recognition, Recognizer


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr predict",
        description=__doc__,
        epilog="The exit status is 1 if an image could not be read, or has no text.",
    )
    parser.add_argument(
        "images",
        nargs="+",
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
    objects = "one object per image: text, confidence and characters, or the error; of single characters the top 5,"
    _options.add_json(parser, objects)
    return parser


def run(images: list[Input], recognizer: Recognizer, as_json: bool, frame: int | None = None) -> int:
    """Print the text of each image; one that is unreadable or without text is reported, the others are still read."""
    failures = 0

    def failed(image: ImageLike, error: ImageError) -> None:
        nonlocal failures
        failures += 1
        if as_json:
            print(json.dumps({"path": str(image), "error": str(error)}, ensure_ascii=False))
        _command.say(f"error: {error}")

    for path, recognition in recognizer.stream(images, failed=failed, frame=frame):
        print(_json(path, recognition) if as_json else _line(path, recognition, alone=len(images) == 1))
        if not recognition.text:
            failures += 1
            if isinstance(recognizer, Classifier):
                _command.say(_no_character(path))
            elif not recognition.warnings:
                _command.say(_nothing(path))
        for warning in recognition.warnings:
            _command.say(_warning(path, warning))
    return 1 if failures else 0


def _line(path: object, recognition: Recognition, alone: bool) -> str:
    others = "".join(f"\n  {other.probability:.4f}\t{other.text}" for other in recognition.alternatives)
    return (recognition.text if alone else f"{path}\t{recognition.text}") + others


def _nothing(path: object) -> str:
    return f"{path}: no text found. predict reads single lines or words; for a page use gluon-htr read"


def _no_character(path: object) -> str:
    return f"{path}: no character found: the image has no contrast"


def _warning(path: object, warning: PictureWarning) -> str:
    is_turned = warning in ("upside-down", "sideways")
    return f"{path}: this {ADVICE[warning]}: {'turn it' if is_turned else 'for a page use gluon-htr read'}"


def _json(path: object, recognition: Recognition) -> str:
    content = asdict(recognition)
    if isinstance(recognition, Classification):
        unknown = recognition.real_probability is None
        for key in ["words", "blank_probability", "warnings", *["real_probability"] * unknown]:
            del content[key]
    else:
        content["mean_character_confidence"] = recognition.mean_character_confidence
    if not recognition.alternatives:
        for part in (content, *content.get("words", ())):
            del part["alternatives"]
    return json.dumps({"path": str(path), **content}, ensure_ascii=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    _options.check_threads(options.threads)
    images = inputs(options.images)
    decoder = _options.decoder(options)
    recognizer = load(options.model, options.engine, options.threads, [options.provider], options.precision, decoder)
    return run(images, recognizer, options.json, options.frame)


if __name__ == "__main__":
    sys.exit(_command.main(main))
