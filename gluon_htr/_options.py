"""Options that several commands share, declared once, and their checks."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import get_args

from .decoding.decoder import Decoder
from .errors import UsageError
from .runtime.decoders import DecoderName, DecoderRequest, make_decoder

ENGINES = ("onnx", "mxnet", "torch")
PRECISIONS = ("float32", "int8")
CALIBRATION_IMAGES = 256  # of the 100 to 1000 that Vitis AI advises


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`."""
    parser.add_argument(
        "--model", help="name of a model, path of a bundle or of a run's folder (default: the built-in model)"
    )


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options of reading: `--engine`, `--precision`, `--threads`."""
    engines = f"{', '.join(ENGINES)}, or http://HOST:PORT of a model server (default: %(default)s)"
    parser.add_argument("--engine", default="onnx", metavar="ENGINE", help=engines)
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="float32",
        help="int8 needs a bundle with an int8 model (default: %(default)s)",
    )
    add_threads(parser)


def add_decoder(parser: argparse.ArgumentParser, default: DecoderName = "auto") -> None:
    """Add the options of decoding: `--decoder`, `--language`, `--language-model`, `--lexicon`."""
    parser.add_argument(
        "--decoder",
        choices=get_args(DecoderName),
        default=default,
        help="beam searches with a language model: better text, more time; auto: beam with models that are calibrated "
        "for it (default: %(default)s)",
    )
    languages = "en, fr …; auto to choose by what is read, none where no model fits; or none (default: auto)"
    parser.add_argument("--language", metavar="CODE", help=languages)
    files = "a language model of gluon-htr language, or an ARPA file"
    parser.add_argument("--language-model", type=Path, metavar="FILE", help=files)
    words = "a text file with words that are expected; others stay readable"
    parser.add_argument("--lexicon", type=Path, metavar="FILE", help=words)


def add_n_best(parser: argparse.ArgumentParser, what: str) -> None:
    """Add `--n-best`."""
    parser.add_argument("--n-best", type=count, default=0, metavar="N", help=what)


def decoder(options: argparse.Namespace) -> Decoder:
    """Make the decoder that the options ask for."""
    return make_decoder(decoder_request(options))


def decoder_request(options: argparse.Namespace) -> DecoderRequest:
    """Return what the options ask of decoding."""
    return DecoderRequest(
        options.decoder, options.language, options.language_model, options.lexicon, getattr(options, "n_best", 0)
    )


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add `--threads`."""
    parser.add_argument("--threads", type=int, metavar="N", help="threads of the engine (default: one per core)")


def add_data(parser: argparse.ArgumentParser, purpose: str, required: bool = True) -> None:
    """Add `--data`, which may be repeated."""
    parser.add_argument(
        "--data", action="append", required=required, metavar="SPEC", help=f"{purpose}; may be repeated"
    )


def add_json(parser: argparse.ArgumentParser, what: str = "the result") -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


def add_calibration(parser: argparse.ArgumentParser) -> None:
    """Add `--calibration`, which may be repeated, and `--images`."""
    text = "images to choose scales on; labels are not needed; may be repeated"
    parser.add_argument("--calibration", action="append", required=True, metavar="SPEC", help=text)
    parser.add_argument(
        "--images",
        type=count,
        default=CALIBRATION_IMAGES,
        metavar="N",
        help="use at most N of these images (default: %(default)s)",
    )


def add_integer(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a quantization for CPUs."""
    parser.add_argument("model", metavar="MODEL", help="name or path of a bundle")
    add_calibration(parser)
    parser.add_argument(
        "--output", type=Path, required=True, metavar="BUNDLE", help="the new bundle: a .zip, or a new folder"
    )


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add a model as `dpu` takes it, and `--width`."""
    parser.add_argument("model", metavar="MODEL", help="a bundle, its name, or an ONNX file")
    parser.add_argument("--width", type=int, metavar="PIXELS", help="of the images (default: the model's widest)")


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Add a model, and how it is quantized for a DPU."""
    add_network(parser)
    add_calibration(parser)
    parser.add_argument("--method", default="minmse", choices=("minmse", "nonoverflow"), help="default: %(default)s")
    parser.add_argument("--equalization", action="store_true", help="first equalize the ranges of the channels")
    parser.add_argument("--bias-correction", action="store_true", help="add the mean error of each channel to its bias")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")


def count(text: str) -> int:
    """Convert an option to a number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def refuse_others(parser: argparse.ArgumentParser, options: argparse.Namespace, used: set[str], why: str) -> None:
    """Raise `UsageError` with the reason if options are given that are not among the `used` arguments."""
    given = {key for key, value in vars(options).items() if value != parser.get_default(key)}
    if unused := given - used:
        names = ", ".join(f"--{key.replace('_', '-')}" for key in sorted(unused))
        raise UsageError(f"{names}: {why}")


def seconds(text: str) -> float:
    """Convert `90m`, `1.5h`, `30s` or plain seconds."""
    match = re.fullmatch(r"([0-9.]+)([smh]?)", text)
    try:
        value = float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0.0
    except ValueError:
        value = 0.0
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: write 90m, 2h or 45s")
    return value


def check_threads(threads: int | None) -> None:
    """Raise `UsageError` for less than one thread."""
    if threads is not None and threads < 1:
        raise UsageError(f"--threads {threads}: give 1 or more")


def check_seed(seed: int | None) -> None:
    """Raise `UsageError` for a negative seed."""
    if seed is not None and seed < 0:
        raise UsageError(f"--seed {seed}: give 0 or more")


def check_workers(workers: int | None) -> None:
    """Raise `UsageError` for a negative number of processes."""
    if workers is not None and workers < 0:
        raise UsageError(f"--workers {workers}: give 0 or more")
