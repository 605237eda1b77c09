"""Export a run, or a Gluon model from elsewhere, as a bundle, and prove that it computes the same."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import _command, _options, _progress
from ._text_files import read_text
from .bundles.reader import Bundle, read_bundle
from .bundles.upgrade import write_current
from .bundles.writer import bundle_name, bundle_size, check_target
from .errors import MissingToolError, UsageError
from .exporting.recalibration import recalibrated
from .exporting.request import ExportOptions, ExportRequest, PairFiles
from .exporting.triton import check_repository, write_repository
from .graphs.pair import write_pair
from .runtime.loading import find_model, is_bundle
from .runtime.loading_pages import is_layout_run


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr export",
        description=__doc__,
        epilog="A Gluon model from elsewhere: export --symbol S --params P --alphabet A --preset NAME --output BUNDLE",
    )
    add = parser.add_argument
    add("source", nargs="?", type=Path, metavar="RUN", help="the folder of a run; or a bundle, to write it otherwise")
    add("--output", type=Path, metavar="BUNDLE", help="a .zip, or a new folder")
    add("--pair", type=Path, metavar="DIR", help="write symbol.json and model.params there, for MXNet")
    add("--triton", type=Path, metavar="DIR", help="add it to the model repository for Triton there")
    add("--float16", action="store_true", help="store weights in half the bytes")
    add("--split", type=Path, metavar="DIR", help="also write featurizer.onnx and tail.onnx there")
    add("--validation", metavar="SPEC", help="samples to compare and calibrate on (default: the run's own)")
    add("--score", action="append", default=[], metavar="SPEC", help="data to score it on (default: the run's scores)")
    add("--limitations", default="", metavar="TEXT", help="what it is known to read badly")
    add("--name", help="default: that of the output")
    add("--task", choices=("lines", "words"), help="default: that of the preset")
    add("--license", type=Path, metavar="FILE", help="becomes LICENSE.txt (default: made of the terms)")
    add("--trained-on", action="append", default=[], metavar="NAME", help="default: the run's own data")
    add("--terms", help="of the training data (default: what is known of them)")
    add("--opset", type=int, default=13, help="of ONNX, 13 to 17 (default: %(default)s)")
    pair = parser.add_argument_group("a pair instead of a run").add_argument
    pair("--symbol", type=Path, metavar="FILE", help="symbol.json")
    pair("--params", type=Path, metavar="FILE", help="model.params")
    pair("--alphabet", type=Path, metavar="FILE", help='{"characters": ["a", …]}, the blank left out')
    pair("--preset", metavar="NAME", help="how images are prepared for it")
    pair("--config", metavar="FILE", help="the same, from a TOML file of your own")
    return parser


def run(request: ExportRequest, output: Path, triton: Path | None = None, pair: Path | None = None) -> int:
    """Write a bundle of a run or of a pair, and what else is asked for."""
    if triton:
        check_repository(triton, request.options.name)
    try:
        from .exporting.assembly import export_request
        from .exporting.characters import export_characters, exports_characters
    except ImportError as error:
        raise MissingToolError(f"export needs the package {error.name}: pip install {error.name}") from None
    if isinstance(request.source, Path) and is_layout_run(request.source):
        from .exporting.layout import export_layout

        options, data = request.options, request.trained_on
        bundle = export_layout(request.source, options, output, data, request.terms, _command.say)
        classes = ", ".join(bundle.layout.channels)
    elif exports_characters(request):
        bundle = export_characters(request, output, _command.say, _progress.track)
        classes = f"{len(bundle.alphabet)} characters"
    else:
        bundle = export_request(request, output, _command.say, _progress.track)
        classes = f"{len(bundle.reader.alphabet)} characters"
    print(f"{output}: {bundle.name}, {bundle.description.task}, {classes}, {bundle_size(output)}")
    return _write_more(bundle, triton, pair)


def convert(bundle: Bundle, output: Path | None, triton: Path | None, pair: Path | None) -> int:
    """Write a bundle that is there already otherwise: in the current schema, as a pair, for Triton."""
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
        print(f"{triton}: a model repository for Triton; {model / 'README.md'} says how to serve it")
    return 0


def _request(options: argparse.Namespace) -> ExportRequest:
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
        return read_text(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): give --license a text file") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    pair = [options.symbol, options.params, options.alphabet, options.preset or options.config]
    if options.source and any(pair):
        raise UsageError("give a run, or a pair with --symbol, --params, --alphabet and --preset; not both")
    if not options.source and not all(pair):
        raise UsageError("give the folder of a run, or --symbol, --params, --alphabet and --preset or --config")
    if options.source and is_bundle(options.source):
        kept = {"source", "output", "triton", "pair", "validation"}
        _options.refuse_others(
            parser(), options, kept, "a bundle is written as it is; only a run or a pair takes these"
        )
        if not (options.output or options.triton or options.pair):
            raise UsageError(f"{options.source} is a bundle already: give --output, --pair DIR or --triton DIR")
        bundle, data = read_bundle(find_model(str(options.source))), options.validation
        bundle = recalibrated(bundle, data, _progress.track) if data else bundle
        return convert(bundle, options.output, options.triton, options.pair)
    if not options.output:
        raise UsageError("give --output BUNDLE; only a bundle that is there already does without it")
    check_target(options.output)
    if options.source and is_layout_run(options.source):
        kept = vars(options).keys() - {"split", "validation", "task"}
        _options.refuse_others(
            parser(), options, kept, f"{options.source} finds lines: only a run that reads takes these"
        )
    return run(_request(options), options.output, options.triton, options.pair)


if __name__ == "__main__":
    sys.exit(_command.main(main))
