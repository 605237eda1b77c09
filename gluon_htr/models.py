"""List the available models, show a model, or verify that it reads its golden images as on the machine that made it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from . import _command
from .bundles.catalog import BundleEntry, known_bundles, own_folder, why_not_listed
from .bundles.licenses import weights_license
from .bundles.reader import Bundle, read_bundle
from .bundles.schema import AccuracyCard, Card, Description, DetectionCard, Layout, TrainingStage
from .errors import HtrError, UsageError
from .runtime.backends import ENGINES
from .runtime.detector import Detector
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
    parser.add_argument("--json", action="store_true", help="print JSON")
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
    else:
        listed = "\n\n".join(_words(about, entry) for entry, about in found)
        print(listed or f"no models: put bundles into {own_folder()}")
    return 1 if failures else 0


def show(bundle: str, as_json: bool) -> int:
    """Print a bundle's whole description, after all its checks."""
    about = read_bundle(find_model(bundle)).description
    print(msgspec.json.encode(about).decode() if as_json else _words(about))
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
    if isinstance(bundle.description.model, Layout):
        return detector_of(bundle)
    return from_bundle(bundle, engine)


def _content(entry: BundleEntry, about: Description) -> dict[str, Any]:
    where = {"name": entry.name, "path": str(entry.path), "origin": entry.origin, "bytes": entry.bytes}
    return {**where, "license": weights_license(about.terms).spdx, "about": about}


def _words(about: Description, entry: BundleEntry | None = None) -> str:
    head = f"{entry.name} ({entry.origin}, {entry.bytes / 1e6:.1f} MB, {entry.path})" if entry else about.name
    rows = [
        ("for", f"{about.task}: {about.description}"),
        ("license", weights_license(about.terms).words),
        *_outputs(about),
        *(("scores", _card(card)) for card in about.model.score_cards),
        *(("limitations", text) for text in [about.limitations] if text),
        *(("trained", _stage(stage)) for stage in about.stints),
        *(("trained on", f"{source.data}: {source.terms}") for source in about.training_data),
    ]
    return "\n".join([head, *(f"  {name:12}{text}" for name, text in rows)])


def _outputs(about: Description) -> list[tuple[str, str]]:
    if isinstance(about.model, Layout):
        return [("channels", ", ".join(about.model.channels))]
    alphabet = "".join(about.model.alphabet)
    return [("alphabet", f"{len(alphabet)} characters: {alphabet[:100]}{'…' if len(alphabet) > 100 else ''}")]


def _card(card: Card | AccuracyCard | DetectionCard) -> str:
    digest = f" (samples {card.samples_sha256[:8]})" if card.samples_sha256 else ""
    if isinstance(card, Card):
        accuracy = card.levenshtein_accuracy
        figures = f"CER {card.cer}, WER {card.wer}, Levenshtein accuracy {accuracy}, n = {card.samples}"
    elif isinstance(card, AccuracyCard):
        figures = f"accuracy {card.accuracy}, without case {card.case_insensitive_accuracy}, n = {card.samples}"
    else:
        figures = (
            f"F1 {card.f1:.3f} by polygons, {card.baseline_f1:.3f} by baselines, precision {card.precision:.3f}, "
            f"recall {card.recall:.3f}, n = {card.lines} lines"
        )
    return f"{card.data}{digest}: {figures}"


def _stage(stage: TrainingStage) -> str:
    return f"{stage.samples:,} images in {stage.hours:g} hours; {stage.engine}; {stage.machine}"


def _difference(finding: Finding) -> str:
    return (
        f"{finding.file}: read {finding.text!r} ({finding.confidence:.4f}), "
        f"expected {finding.expected_text!r} ({finding.expected_confidence:.4f})"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the action."""
    options = parser().parse_args(arguments)
    if options.action == "list":
        return list_models(options.json)
    if options.bundle is None:
        raise UsageError(f"models {options.action} needs a bundle: a name, a .zip or a folder")
    if options.action == "show":
        return show(options.bundle, options.json)
    return check(options.bundle, options.engine, options.json)


if __name__ == "__main__":
    sys.exit(_command.main(main))
