"""Lists the presets, shows what one costs, or writes its fresh weights for training where mxnet is not installed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from . import _door
from .errors import UsageError
from .networks.presets import load_preset, preset_names
from .text.alphabet import Alphabet

if TYPE_CHECKING:
    from .networks.summary import Summary

LATIN_CLASSES = 80  # IAM's 79 characters and the blank: what is counted where no alphabet is given


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="gluon_htr.presets", description=__doc__)
    parser.add_argument("preset", nargs="?", metavar="NAME|FILE", help="a preset; without one, all are listed")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    parser.add_argument("--alphabet", type=Path, metavar="FILE", help="alphabet.json (default: 79 characters)")
    parser.add_argument("--initialize", type=Path, metavar="DIR", help="write the network with fresh weights there")
    parser.add_argument(
        "--init", metavar="MODEL", help="grow: with the weights of a bundle or a run where both have a layer"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the fresh weights (default: %(default)s)")
    return parser


def list_presets(as_json: bool) -> int:
    """One line each: name and description."""
    presets = {name: load_preset(name).description for name in preset_names()}
    lines = [json.dumps(presets)] if as_json else [f"{name:10} {text}" for name, text in presets.items()]
    print("\n".join(lines))
    return 0


def show(preset: str, classes: int, as_json: bool) -> int:
    """Layers, parameters, work and time steps."""
    from .networks.summary import summarize

    summary = summarize(load_preset(preset), classes)
    print(json.dumps(asdict(summary)) if as_json else _table(summary))
    return 0


def initialize(preset: str, alphabet: Path | None, folder: Path, seed: int) -> int:
    """Writes what `train --init` takes."""
    if alphabet is None:
        raise UsageError("--initialize needs --alphabet: the last layer has an output for each character")
    from .networks.recognizer import initialize as write

    write(preset, Alphabet.load(alphabet), folder, seed)
    _door.say(f"{folder} holds fresh weights of {preset}; train from them with: --init {folder}")
    return 0


def grow(preset: str, init: str, alphabet: Path | None, folder: Path, seed: int) -> int:
    """Write what `train --init` takes: the weights of `init`, and residual stages that change nothing yet."""
    from .training.growth import initialize_grown
    from .training.transfer import read_start

    characters = Alphabet.load(alphabet) if alphabet else read_start(init).alphabet
    words = initialize_grown(preset, init, characters, folder, seed)
    _door.say(f"{folder} {words}; train from it with: --init {folder}")
    return 0


def _table(summary: Summary) -> str:
    rows = [
        f"{layer.name:24} {layer.operator:14} {'x'.join(map(str, layer.shape)):>14} "
        f"{layer.parameters:>12,} {layer.macs:>16,}"
        for layer in summary.layers
    ]
    return "\n".join([
        f"{'layer':24} {'operator':14} {'output':>14} {'parameters':>12} {'MACs':>16}",
        *rows,
        f"input {summary.height} x {summary.width} pixels, {summary.classes} classes",
        f"parameters {summary.parameters:,}",
        f"MACs {summary.macs:,}",
        f"time steps {summary.steps}",
    ])  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses and calls."""
    given = parser().parse_args(arguments)
    if given.preset is None:
        if given.initialize:
            raise UsageError(f"--initialize needs the name of a preset: {', '.join(preset_names())}")
        return list_presets(given.json)
    if given.init and not given.initialize:
        raise UsageError("--init is for --initialize DIR: it says where the weights go")
    if given.init:
        return grow(given.preset, given.init, given.alphabet, given.initialize, given.seed)
    if given.initialize:
        return initialize(given.preset, given.alphabet, given.initialize, given.seed)
    classes = Alphabet.load(given.alphabet).classes if given.alphabet else LATIN_CLASSES
    return show(given.preset, classes, given.json)


if __name__ == "__main__":
    sys.exit(_door.main(main))
