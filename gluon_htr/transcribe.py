"""Read many pages into a folder: results for each page, one table of all lines, and a report. Repeat it to go on."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from . import _command, _options, _progress
from ._processes import cores
from ._storage import only_writer
from .datasets.download.fetching import Fetcher
from .errors import UsageError
from .pages.formats.registry import FORMATS
from .runtime.backends import PROVIDERS
from .transcription.batch import read_all
from .transcription.engines import ENGINES, EngineRequest, StartingEngine
from .transcription.journal import Journal
from .transcription.report import write_report
from .transcription.results import write_results
from .transcription.settings import check_same
from .transcription.sources import expand
from .transcription.tasks import ReaderSettings

JOURNAL, RESULTS, REPORT = "journal.sqlite", "results.parquet", "report.html"
SHOWN = 10  # failures that are printed


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr transcribe",
        description=__doc__,
        epilog="The same command continues a batch that was interrupted. The exit status is 1 if pages failed.",
    )
    add = parser.add_argument
    sources = "an image, a PDF, a folder, a pattern, a listing (.txt, .csv), a IIIF manifest, an address (s3://…)"
    add("sources", nargs="*", metavar="SOURCE", help=sources)
    add("--output", type=Path, required=True, metavar="DIR", help="folder of the results and the journal")
    add("--format", choices=tuple(FORMATS), default="page", help="format of the pages (default: %(default)s)")
    add("--retry-failed", action="store_true", help="read the pages again that failed")
    _options.add_model(parser)
    add("--layout", metavar="MODEL", help="model that finds lines (default: the built-in one)")
    add("--precision", choices=_options.PRECISIONS, default="float32", help="int8 needs a model that has it")
    _options.add_decoder(parser)
    add("--provider", default="cpu", help=f"execution provider of ONNX Runtime: {', '.join(PROVIDERS)} (default: cpu)")
    add("--engine", choices=ENGINES, default="local", help="where pages are read (default: processes of this machine)")
    add("--address", help="with --engine ray: of a running cluster, or auto")
    add("--workers", type=_options.count, metavar="N", help="pages that are read at once (default: one per core)")
    add(
        "--threads",
        type=_options.count,
        default=1,
        metavar="N",
        help="threads of each worker (default: 1, which is best)",
    )
    seconds = "a page that takes longer is given up (default: 300)"
    add("--page-timeout", type=_options.seconds, default=300.0, metavar="TIME", help=seconds)
    add("--page-memory", type=float, default=2.0, metavar="GB", help="and one that needs more than this (default: 2)")
    rate = "requests per second that all workers together send to servers (default: %(default)g)"
    add("--rate", type=float, default=4.0, metavar="N", help=rate)
    add("--allow-private", action="store_true", help="fetch from addresses of private networks, too")
    return parser


def run(sources: Sequence[str], settings: ReaderSettings, request: EngineRequest, retry: bool) -> int:
    """Read what is waiting, then write table and report. Return the exit status."""
    folder, suffix = settings.output, FORMATS[settings.format].suffix
    with only_writer(folder), Journal(folder / JOURNAL) as journal:
        models = check_same(journal, settings)
        settings = replace(settings, written=int(journal.setting("written", str(settings.written))))
        with StartingEngine(settings, request) as starting:
            interval = settings.interval / request.workers  # between the requests of all workers
            journal.add(expand(sources, Fetcher(interval, settings.allow_private), folder))
            if retry:
                journal.retry_failed()
            if journal.counts().waiting:
                _read(journal, starting)
        try:
            write_results(folder / RESULTS, journal, models, suffix)
        except ImportError:
            _command.say(f'{RESULTS} needs pyarrow: pip install "gluon-htr[scale]", then repeat the command')
        write_report(folder / REPORT, journal, suffix, models)
        counts = journal.counts()
    read = f"{counts.done:,} page{'' if counts.done == 1 else 's'} read"
    _command.say(f"{read}, {counts.failed:,} failed: see {os.path.relpath(folder / REPORT)}")
    return 1 if counts.failed else 0


def _read(journal: Journal, starting: StartingEngine) -> None:
    counts, failures = journal.counts(), 0
    if counts.done:
        _command.say(f"{counts.done + counts.failed:,} pages are done already")

    def report(reason: str) -> None:
        nonlocal failures
        failures += 1
        if failures <= SHOWN:
            _command.say(f"error: {reason}")
        elif failures == SHOWN + 1:
            _command.say(f"… more failures are listed in {REPORT} at the end")

    done = counts.done + counts.failed
    engine = starting.ready()
    with _progress.Bar(counts.total, "page", "read", done) as bar:
        for ended, total in read_all(journal, engine, report):
            bar.reach(ended, total)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    if not options.sources and not (options.output / JOURNAL).exists():
        raise UsageError("name the pages: files, folders, patterns, listings or addresses")
    if not (0 < options.rate < math.inf and 0 < options.page_memory < math.inf):
        raise UsageError("--rate and --page-memory are numbers above 0")
    workers = options.workers or cores()
    settings = ReaderSettings(
        model=options.model,
        layout=options.layout,
        threads=options.threads,
        precision=options.precision,
        provider=options.provider,
        decoder=_options.decoder_request(options),
        format=options.format,
        output=options.output.resolve(),
        written=int(os.environ.get("SOURCE_DATE_EPOCH") or time.time()),
        page_seconds=options.page_timeout,
        page_bytes=int(options.page_memory * 1e9),
        interval=workers / options.rate,
        allow_private=options.allow_private,
    )
    request = EngineRequest(options.engine, workers, options.address)
    return run(options.sources, settings, request, options.retry_failed)


if __name__ == "__main__":
    sys.exit(_command.main(main))
