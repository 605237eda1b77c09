"""Fetch a data set, or import archives that you have, and unpack it in its official layout; or fetch the images of an
export of Dataturks or Label Studio.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import _command, _progress
from ._export_images import download_images
from .datasets.download.acquisition import Acquired, acquire, match, missing_parts
from .datasets.download.archives import Advance
from .datasets.download.catalog import DATASETS, Dataset, dataset
from .datasets.download.site import Login, Site
from .errors import UsageError

PASSWORD_VARIABLE = "GLUON_HTR_PASSWORD"


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
    if options.annotations:
        return download_images(options.annotations, options.root, options.allow_private)
    chosen = dataset(options.dataset)
    root = options.root or Path(chosen.root)
    archives = match(options.archive, chosen)
    if not missing_parts(chosen, root):
        _command.say(f"{chosen.name} is complete in {root}: nothing to do")
        return 0
    if options.archive and not (options.user or options.base_url):
        site = None
    else:
        site = Site(options.base_url or chosen.base_url, _login(options), options.timeout, chosen.registration)
    return _report(chosen, root, acquire(chosen, root, archives, site, _bar, options.keep))


def _report(chosen: Dataset, root: Path, done: Acquired) -> int:
    for place, count in done.made.items():
        print(f"{place}\t{count}")
    if done.missing:
        _command.say(
            f"{chosen.name} in {root} still lacks {', '.join(done.missing)}: pass these files with "
            "--archive, or fetch them with --user NAME"
        )
        return 1
    _command.say(f"{chosen.name} is complete in {root}. Terms: {chosen.terms}")
    return 0


def _login(options: argparse.Namespace) -> Login | None:
    if options.user is None:
        if options.password_stdin:
            raise UsageError("--password-stdin needs --user NAME")
        return None
    return Login(options.user, lambda: _password(options.user, options.password_stdin))


def _password(user: str, from_stdin: bool) -> str:
    """Ask for the password when the server demands it. It is never an argument, which other users of the machine could
    read.
    """
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif PASSWORD_VARIABLE in os.environ:
        password = os.environ[PASSWORD_VARIABLE]
    elif sys.stdin.isatty():
        password = getpass.getpass(f"password of {user}: ")
    else:
        raise UsageError(
            f"cannot ask for the password without a terminal: set {PASSWORD_VARIABLE} or use --password-stdin"
        )
    if not password:
        raise UsageError("the password is empty")
    return password


@contextmanager
def _bar(label: str) -> Iterator[Advance]:
    """Show a progress bar in bytes, with rate and ETA."""
    with _progress.Bar(None, "B", label) as bar:
        yield bar.reach


if __name__ == "__main__":
    sys.exit(_command.main(main))
