"""Read whole pages: find the lines, read them in order, and write text, JSON, PAGE, ALTO, hOCR, PDF or HTML."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from . import _command, _options, _progress, load_reader
from ._inputs import Input, inputs
from ._page_printing import print_pages
from ._page_reading import PageReading, read_segmented
from ._storage import check_folder, write_atomically
from .errors import UsageError
from .pages.drawing import draw_lines
from .pages.files import output_files
from .pages.formats.registry import FORMATS, Format
from .runtime.backends import PROVIDERS
from .runtime.page_reader import PageReader

DEFAULT_FORMAT = "txt"


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr read", description=__doc__, epilog="The exit status is 1 if a page could not be read."
    )
    add = parser.add_argument
    add(
        "pages",
        nargs="+",
        metavar="PAGE",
        help="an image, a TIFF or PDF with pages, a folder of these, a pattern, a URL, or - for stdin",
    )
    add("--format", choices=tuple(FORMATS), help=f"format of the output (default: {DEFAULT_FORMAT})")
    add("--output", type=Path, metavar="DIR", help="write files there (default: print)")
    add("--render", action="store_true", help="also write each page with its lines drawn, into --output")
    add(
        "--segmentation", type=Path, metavar="FILE", help="read the lines of this PAGE or ALTO file, and write it again"
    )
    _options.add_model(parser)
    add(
        "--layout",
        metavar="MODEL",
        help="model that finds lines: a name, a bundle or a run (default: the built-in one)",
    )
    choices = "int8 needs a model that reads with int8 (default: %(default)s)"
    add("--precision", choices=_options.PRECISIONS, default="float32", help=choices)
    _options.add_threads(parser)
    _options.add_decoder(parser)
    _options.add_n_best(parser, "up to N readings of each line and word, with probabilities, in JSON, PAGE, ALTO, HTML")
    providers = f"execution provider of ONNX Runtime: {', '.join(PROVIDERS)} (default: cpu)"
    add("--provider", default="cpu", help=providers)
    return parser


def run(files: list[Input], reader: PageReader, kind: Format, output: Path | None, render: bool) -> int:
    """Read all files. A page that cannot be read is reported, and the others are still read."""
    reading = PageReading(reader)
    if output is None:
        print_pages(files, reading, kind)
    else:
        targets = output_files(files, output, kind.suffix, kind.unit == "page")
        with _progress.track("read", len(files)) as advance:
            for path, target in zip(files, targets):
                _write(path, target, reading, kind, render)
                advance(1)
    return 1 if reading.failures else 0


def _write(path: Input, target: Path, reading: PageReading, kind: Format, render: bool) -> None:
    """Write the pages of a file. Nothing is written if none can be read."""
    with ExitStack() as stack:
        writer = None
        for page, pixels in reading.pages(path):
            writer = writer or stack.enter_context(kind.open(target))
            writer.add(page, pixels)
            if render:
                stem = target.name.removesuffix(kind.suffix)
                picture = target.with_name(f"{stem}-{page.number:04}.lines.png")
                write_atomically(picture, draw_lines(page, pixels))


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    _options.check_threads(options.threads)
    kind = FORMATS[options.format or DEFAULT_FORMAT]
    files = list(dict.fromkeys(inputs(options.pages)))
    if options.segmentation:
        if len(files) != 1:
            raise UsageError(f"--segmentation is for one page, not {len(files)}")
        if options.output and (options.output / options.segmentation.name).resolve() == options.segmentation.resolve():
            raise UsageError(f"{options.segmentation} is to be read, and would be replaced: give another --output")
        used = vars(options).keys() - {"format", "render", "layout"}
        _options.refuse_others(parser(), options, used, "--segmentation names the lines and the format: leave it out")
    if options.render and not options.output:
        raise UsageError("--render writes pictures: give --output DIR")
    if options.n_best and not (kind.has_alternatives or options.segmentation):
        others = ", ".join(name for name, each in FORMATS.items() if each.has_alternatives)
        raise UsageError(f"{kind.name} has no place for other readings: omit --n-best, or give --format {others}")
    if options.output is None and not options.segmentation:
        _check_printable(kind, files)
    check_folder(options.output)
    decoder = _options.decoder(options)
    reader = load_reader(options.model, options.layout, options.threads, [options.provider], options.precision, decoder)
    if options.segmentation:
        return read_segmented(files[0], options.segmentation, reader, options.output)
    return run(files, reader, kind, options.output, options.render)


def _check_printable(kind: Format, files: list[Input]) -> None:
    """Raise `UsageError` for output that cannot be printed: several files of XML, or PDF and HTML."""
    if kind.encode is None:
        raise UsageError(f"{kind.name} cannot be printed: give --output DIR")
    if len(files) > 1 and kind.name not in ("txt", "json"):
        raise UsageError(f"{kind.name} of {len(files)} files cannot be printed: give --output DIR")


if __name__ == "__main__":
    sys.exit(_command.main(main))
