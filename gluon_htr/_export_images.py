"""`download --annotations`: the images of an export of Dataturks or Label Studio."""

from __future__ import annotations

from pathlib import Path

from . import _command, _progress
from .datasets.download.fetching import Fetcher
from .datasets.exports.fetching import addresses_of, fetch_images
from .datasets.exports.reader import image_folder, read_export


def download_images(file: Path, output: Path | None, allow_private: bool) -> int:
    """Fetch the images of an export; report each failure in a line."""
    records, problems = read_export(file)
    folder = output or image_folder(file)
    for problem in problems:
        _command.say(f"{problem.id} {problem.reason}")
    fetched = kept = failed = 0
    with _progress.Bar(len(addresses_of(records)), "image", file.name) as bar:
        for outcome in fetch_images(records, folder, Fetcher(allow_private=allow_private)):
            kept += outcome.was_here
            failed += bool(outcome.failure)
            fetched += not (outcome.was_here or outcome.failure)
            if outcome.failure:
                _command.say(f"{outcome.address} {outcome.failure}")
            bar.update()
    print(f"{folder}\t{fetched + kept}")
    counts = f"{fetched} images fetched, {kept} were here"
    if failed or problems:
        _command.say(f"{counts}, {failed} failed: repeat the command to try these again")
        return 1
    _command.say(counts)
    return 0
