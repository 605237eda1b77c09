"""`models --available` and `--install`: bundles beyond those that are here, from an index."""

from __future__ import annotations

import msgspec

from . import _command
from ._model_words import HEAD, TASKS, megabytes, percent, short_languages, table
from .bundles.catalog import known_bundles
from .bundles.index import AvailableBundle
from .errors import UsageError
from .runtime.installing import available_bundles, install


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


def install_model(name: str, address: str, allow_private: bool) -> int:
    """Install a bundle by its name in the index."""
    found = {bundle.name: bundle for bundle in available_bundles(address, allow_private)}
    if name not in found:
        raise UsageError(f"{address} has no bundle {name}; it lists {', '.join(found) or 'none'}")
    _command.say(f"fetching {found[name].url}, {megabytes(found[name].bytes)}")
    path, is_new = install(found[name], allow_private)
    print(path)
    _command.say(f"{name} is installed" if is_new else f"{name} was installed already")
    _command.say(f"read with it: --model {name}; check that it reads here as it should: gluon-htr models verify {name}")
    return 0


def _row(bundle: AvailableBundle, is_here: bool) -> tuple[str, ...]:
    codes = short_languages(bundle.languages)
    figures = (percent(bundle.cer), megabytes(bundle.bytes), bundle.license)
    return (bundle.name, TASKS[bundle.task], codes, *figures, "yes" if is_here else "no")
