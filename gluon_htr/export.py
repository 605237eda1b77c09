"""Export a run, or a Gluon model from elsewhere, as a bundle, and check that it reads the same."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import _command, _progress
from .bundles.reader import Bundle, read_bundle
from .bundles.upgrade import write_current
from .bundles.writer import bundle_name, bundle_size, check_target
from .errors import MissingToolError, UsageError
from .exporting.triton import check_repository, write_repository
from .graphs.pair import write_pair
from .runtime.loading import find_model, is_bundle

if TYPE_CHECKING:
    from .exporting.request import ExportRequest


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr export",
        description=__doc__,
        epilog="A Gluon model from elsewhere: export --symbol S --params P --alphabet A --preset NAME --output BUNDLE",
    )
    add = parser.add_argument
    add("source", nargs="?", type=Path, metavar="RUN", help="the folder of a run, or a bundle to convert")
    add("--output", type=Path, metavar="BUNDLE", help="the new bundle: a .zip, or a new folder")
    add("--pair", type=Path, metavar="DIR", help="write symbol.json and model.params there, for MXNet")
    add("--triton", type=Path, metavar="DIR", help="add the model to the Triton model repository there")
    add("--float16", action="store_true", help="store weights in half the size")
    add("--split", type=Path, metavar="DIR", help="also write featurizer.onnx and tail.onnx there")
    add("--validation", metavar="SPEC", help="samples for the parity check (default: those of the run)")
    score = "data to score the bundle on; may be repeated (default: the scores of the run)"
    add("--score", action="append", default=[], metavar="SPEC", help=score)
    add("--limitations", default="", metavar="TEXT", help="known limitations of the model")
    add("--name", help="name of the model (default: that of the output)")
    add("--task", choices=("lines", "words"), help="task of the model (default: that of the preset)")
    add("--license", type=Path, metavar="FILE", help="text of LICENSE.txt (default: made of the terms)")
    add(
        "--trained-on",
        action="append",
        default=[],
        metavar="NAME",
        help="name of training data; may be repeated (default: the data of the run)",
    )
    add("--terms", help="terms of the training data (default: the known ones)")
    add("--opset", type=int, default=13, help="ONNX opset, 13 to 17 (default: %(default)s)")
    pair = parser.add_argument_group("a pair instead of a run").add_argument
    pair("--symbol", type=Path, metavar="FILE", help="symbol.json")
    pair("--params", type=Path, metavar="FILE", help="model.params")
    pair("--alphabet", type=Path, metavar="FILE", help='alphabet.json: {"characters": ["a", …]}, without the blank')
    pair("--preset", metavar="NAME", help="preset with its preprocessing")
    pair("--config", metavar="FILE", help="a preset of your own, as a TOML file")
    return parser


def run(request: ExportRequest, output: Path, triton: Path | None = None, pair: Path | None = None) -> int:
    """Write a bundle of a run or of a pair, and the other requested files."""
    if triton:
        check_repository(triton, request.options.name)
    try:
        from .exporting.assembly import export_request
    except ModuleNotFoundError as error:
        raise MissingToolError(f"export needs the package {error.name}: pip install {error.name}") from None
    bundle = export_request(request, output, _command.say, _progress.track)
    characters = f"{len(bundle.reader.alphabet)} characters"
    print(f"{output}: {bundle.name}, {bundle.description.task}, {characters}, {bundle_size(output)}")
    return _write_more(bundle, triton, pair)


def convert(bundle: Bundle, output: Path | None, triton: Path | None, pair: Path | None) -> int:
    """Write an existing bundle in other forms: in the current schema, as a pair, for Triton."""
    if output:
        check_target(output)
        write_current(bundle, output)
        print(f"{output}: {bundle.name}, {bundle_size(output)}")
    return _write_more(bundle, triton, pair)


def _write_more(bundle: Bundle, triton: Path | None, pair: Path | None) -> int:
    if pair:
        write_pair(pair, bundle.pair)
        print(f"{pair}: symbol.json and model.params")
    if triton:
        model = write_repository(bundle, triton)
        print(f"{triton}: a model repository for Triton; see {model / 'README.md'}")
    return 0


def _request(options: argparse.Namespace) -> ExportRequest:
    from .exporting.request import ExportOptions, ExportRequest, PairFiles

    source = options.source or PairFiles(
        options.symbol, options.params, options.alphabet, options.preset or options.config
    )
    text = _text(options.license) if options.license else None
    name = bundle_name(options.name or options.output.name)
    settings = ExportOptions(
        name, options.task, options.float16, text, options.opset, options.limitations, tuple(options.score)
    )
    return ExportRequest(source, settings, options.validation, options.split, options.trained_on, options.terms)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not text in UTF-8: give --license a text file") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    pair = [options.symbol, options.params, options.alphabet, options.preset or options.config]
    if options.source and any(pair):
        raise UsageError("give a run, or a pair with --symbol, --params, --alphabet and --preset; not both")
    if not options.source and not all(pair):
        raise UsageError("give the folder of a run, or --symbol, --params, --alphabet and --preset or --config")
    if options.source and is_bundle(options.source):
        kept = {"source", "output", "triton", "pair"}
        if ignored := _changed(options) - kept:
            named = ", ".join(f"--{key.replace('_', '-')}" for key in sorted(ignored))
            raise UsageError(f"{named}: only for a run or a pair; a bundle is converted as it is")
        if not (options.output or options.triton or options.pair):
            raise UsageError(f"{options.source} is a bundle already: give --output, --pair DIR or --triton DIR")
        return convert(read_bundle(find_model(str(options.source))), options.output, options.triton, options.pair)
    if not options.output:
        raise UsageError("give --output BUNDLE; only an existing bundle can be converted without it")
    check_target(options.output)
    return run(_request(options), options.output, options.triton, options.pair)


def _changed(options: argparse.Namespace) -> set[str]:
    """Return the arguments that differ from their defaults."""
    known = parser()
    return {key for key, value in vars(options).items() if value != known.get_default(key)}


if __name__ == "__main__":
    sys.exit(_command.main(main))
