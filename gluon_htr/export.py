"""Makes a bundle of a run, or of a Gluon model from elsewhere, and proves that it reads the same."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from . import _command, _progress
from .bundles.reader import Bundle, read_bundle
from .bundles.writer import check_target
from .errors import MissingToolError, UsageError
from .exporting.triton import check_repository, write_repository
from .runtime.loading import find_model


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="gluon_htr.export",
        description=__doc__,
        epilog="A Gluon model from elsewhere: export --symbol S --params P --alphabet A --preset NAME --output BUNDLE",
    )
    parser.add_argument(
        "run", nargs="?", type=Path, metavar="RUN", help="the folder of a run; with --triton also a bundle"
    )
    parser.add_argument("--output", type=Path, metavar="BUNDLE", help="a .zip, or a new folder")
    parser.add_argument("--triton", type=Path, metavar="DIR", help="add it to the model repository for Triton there")
    parser.add_argument("--float16", action="store_true", help="store weights in half the bytes")
    parser.add_argument("--split", type=Path, metavar="DIR", help="also write featurizer.onnx and tail.onnx there")
    parser.add_argument("--validation", metavar="SPEC", help="samples to compare on (default: the run's own)")
    parser.add_argument(
        "--score",
        action="append",
        default=[],
        metavar="SPEC",
        help="score it on these data (default: the run's own scores)",
    )
    parser.add_argument("--limitations", default="", metavar="TEXT", help="what it is known to read badly")
    parser.add_argument("--name", help="default: that of the output")
    parser.add_argument("--task", choices=["lines", "words"], help="default: words for presets with a box, else lines")
    parser.add_argument("--license", type=Path, metavar="FILE", help="becomes LICENSE.txt (default: made of the terms)")
    parser.add_argument("--trained-on", action="append", default=[], metavar="NAME", help="default: the run's own data")
    parser.add_argument("--terms", help="of the training data (default: what is known of them)")
    parser.add_argument("--opset", type=int, default=13, help="of ONNX, 13 to 17 (default: %(default)s)")
    pair = parser.add_argument_group("a pair instead of a run")
    pair.add_argument("--symbol", type=Path, metavar="FILE", help="symbol.json")
    pair.add_argument("--params", type=Path, metavar="FILE", help="model.params")
    pair.add_argument("--alphabet", type=Path, metavar="FILE", help='{"characters": ["a", …]}, the blank left out')
    pair.add_argument("--preset", metavar="NAME", help="how images are prepared for it")
    pair.add_argument("--config", metavar="FILE", help="the same, from a TOML file of your own")
    return parser


def run(given: argparse.Namespace) -> int:
    """Writes the bundle and says what it is; with --triton alone, only the repository of a bundle that is there."""
    if given.output is None:
        return _serve(read_bundle(find_model(str(given.run))), given.triton)
    check_target(given.output)
    name, scored = _name(given.name or given.output.name), tuple(given.score)
    if given.triton:
        check_repository(given.triton, name)
    license_text = _text(given.license) if given.license else None
    try:
        from .exporting.assembly import Wish, export
        from .exporting.samples import read_samples
        from .exporting.sources import from_pair, from_run
    except ImportError as error:
        raise MissingToolError(f"export needs the package {error.name}: pip install {error.name}") from None

    preset = given.config or given.preset
    if given.run:
        model = from_run(given.run, given.trained_on, given.terms)
    else:
        model = from_pair(given.symbol, given.params, given.alphabet, preset, given.trained_on, given.terms)
    rule = model.preset.preprocessing
    task: Literal["lines", "words"] = given.task or ("words" if rule.rule == "box" else "lines")
    wish = Wish(name, task, given.float16, license_text, given.opset, given.limitations, scored)
    samples = read_samples(given.validation or model.validation, rule, _progress.track, model.alphabet.normalization)
    bundle = export(model, wish, given.output, samples, _command.say, given.split, _progress.track)
    characters = len(bundle.reader.alphabet)
    print(f"{given.output}: {wish.name}, {wish.task}, {characters} characters, {_megabytes(given.output)}")
    return _serve(bundle, given.triton) if given.triton else 0


def _serve(bundle: Bundle, folder: Path) -> int:
    model = write_repository(bundle, folder)
    print(f"{folder}: a model repository for Triton; {model / 'README.md'} says how to serve it")
    return 0


def _name(text: str) -> str:
    name = text.removesuffix(".zip")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise UsageError(f"{name!r} cannot be a bundle's name: give --name letters, digits, dots and dashes")
    return name


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text in UTF-8: give --license a text file") from None


def _megabytes(path: Path) -> str:
    files = path.rglob("*") if path.is_dir() else [path]
    return f"{sum(file.stat().st_size for file in files if file.is_file()) / 1e6:.1f} MB"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses and runs."""
    given = parser().parse_args(arguments)
    pair = [given.symbol, given.params, given.alphabet, given.preset or given.config]
    if given.run and any(pair):
        raise UsageError("give a run, or a pair with --symbol, --params, --alphabet and --preset; not both")
    if not given.run and not all(pair):
        raise UsageError("give the folder of a run, or --symbol, --params, --alphabet and --preset or --config")
    if not given.output and (given.triton is None or any(pair)):
        raise UsageError("give --output BUNDLE; only a bundle that is there already becomes --triton DIR without it")
    if not given.output and (ignored := _changed(given) - {"run", "triton"}):
        options = ", ".join(f"--{key.replace('_', '-')}" for key in sorted(ignored))
        raise UsageError(f"{options}: give --output BUNDLE, too; --triton alone takes a bundle as it is")
    return run(given)


def _changed(given: argparse.Namespace) -> set[str]:
    """The arguments that are not as they are by default."""
    known = parser()
    return {key for key, value in vars(given).items() if value != known.get_default(key)}


if __name__ == "__main__":
    sys.exit(_command.main(main))
