"""Fetch a data set, or import archives that you have, and unpack it in its official layout; or fetch the images of an
export of Dataturks or Label Studio.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import _command, _progress
from ._export_images import download_images
from ._login import PASSWORD_VARIABLE, login
from .datasets.download.acquisition import Acquired, acquire, match, missing_parts
from .datasets.download.archives import Advance
from .datasets.download.catalog import DATASETS, METADATA, Dataset, dataset
from .datasets.download.checksums import measure, write_checksums
from .datasets.download.site import Site
from .errors import UsageError


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    sets = "\n".join(f"  {name:16}  {each.title}. {each.terms}" for name, each in DATASETS.items())
    result = argparse.ArgumentParser(
        prog="gluon-htr download",
        description=__doc__,
        epilog=f"data sets and their terms:\n{sets}\n\nThe password is read from ${PASSWORD_VARIABLE}, or asked for.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # --password must not pass for --password-stdin
    )
    result.add_argument(
        "--dataset", default="iam-words", metavar="NAME", help="a data set listed below (default: %(default)s)"
    )
    result.add_argument("--user", help="your user name at the site")
    result.add_argument(
        "--annotations",
        type=Path,
        metavar="FILE",
        help="fetch the images of this export of Dataturks or Label Studio instead of a data set",
    )
    result.add_argument(
        "--root",
        "--output",
        type=Path,
        metavar="DIR",
        help="folder of the data set (default: data/iam or similar), or of the images (default: FILE-images)",
    )
    result.add_argument("--base-url", metavar="URL", help="another server with the same files")
    result.add_argument(
        "--archive", type=Path, nargs="+", default=[], metavar="FILE", help="archives that you have already"
    )
    result.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    result.add_argument("--keep", action="store_true", help="keep fetched archives after unpacking")
    result.add_argument(
        "--update-checksums",
        action="store_true",
        help=f"for maintainers: unpack nothing, and write sizes and SHA-256 of the files into {METADATA.name}",
    )
    result.add_argument(
        "--timeout", type=_seconds, default=30.0, metavar="SECONDS", help="time to wait for an answer (default: 30)"
    )
    result.add_argument(
        "--allow-private", action="store_true", help="with --annotations: fetch from private networks, too"
    )
    return result


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 3600")
    return seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and acquire the data set."""
    options = parser().parse_args(arguments)
    if options.annotations and options.update_checksums:
        raise UsageError("--update-checksums is for data sets; --annotations lists SHA-256 beside its images")
    if options.annotations:
        return download_images(options.annotations, options.root, options.allow_private)
    chosen = dataset(options.dataset)
    root = options.root or Path(chosen.root)
    archives = match(options.archive, chosen)
    if options.update_checksums:
        return _update_checksums(chosen, root, archives, options)
    if not missing_parts(chosen, root):
        _command.say(f"{chosen.name} is complete in {root}: nothing to do")
        return 0
    return _report(chosen, root, acquire(chosen, root, archives, _site(chosen, options), _bar, options.keep))


def _site(chosen: Dataset, options: argparse.Namespace) -> Site | None:
    if options.archive and not (options.user or options.base_url):
        return None
    known = login(options.user, options.password_stdin)
    return Site(options.base_url or chosen.base_url, known, options.timeout, chosen.registration)


def _update_checksums(chosen: Dataset, root: Path, archives: Mapping[str, Path], options: argparse.Namespace) -> int:
    """Write what the files of a data set are today; print each with its size and SHA-256."""
    measured = measure(chosen, root, archives, _site(chosen, options), _bar, options.keep)
    write_checksums(METADATA, chosen, measured)
    for file in chosen.files:
        if new := measured.get(file.name):
            print(f"{new.name}\t{new.size}\t{new.sha256}")
    changed = [
        file.name for file in chosen.files if file.sha256 and measured.get(file.name, file).sha256 != file.sha256
    ]
    if changed:
        _command.say(f"{', '.join(changed)} changed since the last time: find out why before you commit {METADATA}")
    return 0


def _report(chosen: Dataset, root: Path, done: Acquired) -> int:
    for place, count in done.made.items():
        print(f"{place}\t{count}")
    if done.missing:
        _command.say(
            f"{chosen.name} in {root} still lacks {', '.join(done.missing)}: pass these files with "
            "--archive, or fetch them with --user NAME"
        )
        return 1
    if done.unchecked:
        _command.say(f"no SHA-256 is known for {', '.join(done.unchecked)}: only the checksums inside were checked")
    _command.say(f"{chosen.name} is complete in {root}. Terms: {chosen.terms}")
    return 0


@contextmanager
def _bar(label: str) -> Iterator[Advance]:
    """Show a progress bar in bytes, with rate and ETA."""
    with _progress.Bar(None, "B", label) as bar:
        yield bar.reach


if __name__ == "__main__":
    sys.exit(_command.main(main))
