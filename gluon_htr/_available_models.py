"""`models --available` and `--install`: bundles beyond those that are here, from an index or a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from . import _command
from ._model_words import HEAD, TASKS, megabytes, percent, short_languages, table
from .bundles.catalog import known_bundles
from .bundles.index import AvailableBundle
from .errors import UsageError
from .ngrams.catalog import SUFFIX, open_model
from .runtime.installing import available_bundles, install
from .runtime.installing_files import install_file, is_file_name


def list_available(address: str, allow_private: bool, as_json: bool) -> int:
    """Print the bundles of an index."""
    found = available_bundles(address, allow_private)
    if as_json:
        print(msgspec.json.encode(found).decode())
        return 0
    if not found:
        _command.say(f"{address} lists no bundles: there are none beyond those of `gluon-htr models`")
        return 0
    here = {entry.name for entry in known_bundles()}
    print(table([_row(bundle, bundle.name in here) for bundle in found], (*HEAD[:-1], "here")))
    _command.say("figures are those of the index; `gluon-htr models --install NAME` fetches one and checks it")
    return 0


def install_models(names: Sequence[str], address: str, allow_private: bool) -> int:
    """Install bundles by their names in the index, and files of this machine."""
    for name in names:
        if is_file_name(name):
            _install_file(Path(name))
        else:
            _install_bundle(name, address, allow_private)
    return 0


def _install_file(file: Path) -> None:
    path, is_new = install_file(file)
    print(path)
    _command.say(f"{path.stem} is installed" if is_new else f"{path.stem} was installed already")
    if path.suffix == SUFFIX:
        of_words = open_model(path).ngrams.unit == "words"
        chosen = "" if of_words else "; without the option, it is one of those to choose from"
        _command.say(f"read with it: --language {path.stem}{chosen}")
    else:
        _say_how_to_use(path.stem)


def _install_bundle(name: str, address: str, allow_private: bool) -> None:
    found = {bundle.name: bundle for bundle in available_bundles(address, allow_private)}
    if name not in found:
        raise UsageError(f"{address} has no bundle {name}; it lists {', '.join(found) or 'none'}")
    _command.say(f"fetching {found[name].url}, {megabytes(found[name].bytes)}")
    path, is_new = install(found[name], allow_private)
    print(path)
    _command.say(f"{name} is installed" if is_new else f"{name} was installed already")
    _say_how_to_use(name)


def _say_how_to_use(name: str) -> None:
    _command.say(f"read with it: --model {name}; check that it reads here as it should: gluon-htr models verify {name}")


def _row(bundle: AvailableBundle, is_here: bool) -> tuple[str, ...]:
    codes = short_languages(bundle.languages)
    figures = (percent(bundle.cer), megabytes(bundle.bytes), bundle.license)
    return (bundle.name, TASKS[bundle.task], codes, *figures, "yes" if is_here else "no")
