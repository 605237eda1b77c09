"""List the models that are here, show or verify one, or install one from an index.

`verify` reads the golden images again: a model must read here what it read on the machine that made it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from . import _command
from ._available_models import install_models, list_available
from ._model_words import details, languages, row_of, table
from .bundles.catalog import BundleEntry, known_bundles, own_folder, why_not_listed
from .bundles.licenses import weights_license
from .bundles.reader import Bundle, read_bundle
from .bundles.schema import Description, Layout
from .errors import HtrError, UsageError
from .runtime.backends import ENGINES
from .runtime.detector import Detector
from .runtime.installing import INDEX_VARIABLE, index_address
from .runtime.loading import find_model, from_bundle
from .runtime.loading_pages import detector_of
from .runtime.recognizer import Recognizer
from .runtime.verification import Finding, verify


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr models", description=__doc__, epilog=f"Your own bundles belong in {own_folder()}."
    )
    parser.add_argument(
        "action", nargs="?", choices=("list", "show", "verify"), default="list", help="what to do (default: list)"
    )
    parser.add_argument("bundle", nargs="?", help="for show and verify: name, .zip or folder of a bundle")
    parser.add_argument("--engine", choices=ENGINES, default="onnx", help="engine of verify (default: %(default)s)")
    add = parser.add_argument
    add("--available", action="store_true", help="fetch the index, and list the bundles that can be installed")
    add(
        "--install",
        nargs="+",
        metavar="NAME",
        help="fetch bundles that the index lists, or take files (.zip of a bundle, .lm of a language); check, install",
    )
    add(
        "--index",
        metavar="URL",
        help=f"https:// or file:// (default: ${INDEX_VARIABLE}, or the one that ships)",
    )
    add("--allow-private", action="store_true", help="fetch from private networks, and an index at http://, too")
    add("--json", action="store_true", help="print JSON")
    return parser


def list_models(as_json: bool) -> int:
    """Print all models; a damaged one is reported, and the others are still listed."""
    found: list[tuple[BundleEntry, Description]] = []
    failures = 0
    if why := why_not_listed():
        _command.say(why)
    for entry in known_bundles():
        try:
            found.append((entry, entry.describe()))
        except HtrError as error:
            failures += 1
            _command.say(f"error: {error}")
    if as_json:
        print(msgspec.json.encode([_content(entry, about) for entry, about in found]).decode())
    elif found:
        print(table([row_of(entry, about) for entry, about in found]))
        _command.say(
            "CER: the lowest and the highest of the score cards; languages: those whose letters the alphabet has"
        )
        _command.say("all scores with their data, alphabet, terms: gluon-htr models show NAME")
    else:
        print(f"no models: put bundles into {own_folder()}")
    return 1 if failures else 0


def show(bundle: str, as_json: bool) -> int:
    """Print a bundle's whole description, after all its checks."""
    path = find_model(bundle)
    about = read_bundle(path).description
    entry = next((each for each in known_bundles() if each.path == path), None)
    print(msgspec.json.encode(about).decode() if as_json else details(about, entry))
    return 0


def check(bundle: str, engine: str, as_json: bool) -> int:
    """Read the golden images; return 1 if anything differs."""
    opened = read_bundle(find_model(bundle))
    findings = verify(opened, _opened(opened, engine))
    bad = [finding for finding in findings if not finding.ok]
    if as_json:
        print(msgspec.json.encode({"name": opened.name, "ok": not bad, "images": findings}).decode())
    else:
        print("\n".join(map(_difference, bad)) or f"OK {opened.name}: {len(findings)} of {len(findings)} golden images")
    return 1 if bad else 0


def _opened(bundle: Bundle, engine: str) -> Recognizer | Detector:
    if not isinstance(bundle.description.model, Layout):
        return from_bundle(bundle, engine)
    if engine != ENGINES[0]:
        raise UsageError(f"{bundle.name} finds lines: it computes with {ENGINES[0]} alone, not with {engine}")
    return detector_of(bundle)


def _content(entry: BundleEntry, about: Description) -> dict[str, Any]:
    where = {"name": entry.name, "path": str(entry.path), "origin": entry.origin, "bytes": entry.bytes}
    more = {"license": weights_license(about.terms).spdx, "languages": languages(about)}
    return {**where, **more, "about": about}


def _difference(finding: Finding) -> str:
    return (
        f"{finding.file}: read {finding.text!r} ({finding.confidence:.4f}), "
        f"expected {finding.expected_text!r} ({finding.expected_confidence:.4f})"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the action."""
    options = parser().parse_args(arguments)
    if options.available or options.install:
        if options.bundle or options.action != "list":
            raise UsageError(f"models {options.action} takes neither --available nor --install: leave them out")
        address = index_address(options.index)
        if options.install:
            return install_models(options.install, address, options.allow_private)
        return list_available(address, options.allow_private, options.json)
    if options.index:
        raise UsageError("--index is for --available and --install NAME")
    if options.action == "list":
        return list_models(options.json)
    if options.bundle is None:
        raise UsageError(f"models {options.action} needs a bundle: a name, a .zip or a folder")
    if options.action == "show":
        return show(options.bundle, options.json)
    return check(options.bundle, options.engine, options.json)


if __name__ == "__main__":
    sys.exit(_command.main(main))
