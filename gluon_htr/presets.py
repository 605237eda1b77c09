"""List the presets, show the cost of one, or initialize its weights for training on a machine without mxnet."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from . import _command, _options
from .errors import UsageError
from .networks.presets import is_characters, load_reading_preset, reading_preset_names
from .text.alphabet import Alphabet

if TYPE_CHECKING:
    from .networks.summary import Summary

LATIN_CLASSES = 80  # IAM's 79 characters and the blank: the default without an alphabet
CHARACTER_CLASSES = 62  # digits and letters, of EMNIST and Chars74K: the same for single characters


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(prog="gluon-htr presets", description=__doc__)
    parser.add_argument("preset", nargs="?", metavar="NAME|FILE", help="a preset (default: list all)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--alphabet", type=Path, metavar="FILE", help="alphabet.json of the network (default: 79 characters, or 62)"
    )
    parser.add_argument(
        "--initialize", type=Path, metavar="DIR", help="write the network with initialized weights there"
    )
    parser.add_argument(
        "--init",
        metavar="MODEL",
        help="grow a trained network: take the weights of a bundle or a run for common layers",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the initialized weights (default: %(default)s)")
    return parser


def list_presets(as_json: bool) -> int:
    """Print one line per preset: name and description."""
    presets = {name: load_reading_preset(name).description for name in reading_preset_names()}
    lines = [json.dumps(presets)] if as_json else [f"{name:10} {text}" for name, text in presets.items()]
    print("\n".join(lines))
    return 0


def show(preset: str, classes: int, as_json: bool) -> int:
    """Print layers, parameters, work and time steps of a preset."""
    from .networks.summary import summarize

    summary = summarize(load_reading_preset(preset), classes)
    print(json.dumps(asdict(summary)) if as_json else _table(summary))
    return 0


def initialize(preset: str, alphabet: Path | None, folder: Path, seed: int) -> int:
    """Write initialized weights for `train --init`."""
    if alphabet is None:
        raise UsageError("--initialize needs --alphabet: the output layer has a class for each character")
    from .networks.recognizer import initialize as write

    write(preset, Alphabet.load(alphabet), folder, seed)
    _command.say(f"{folder} has initialized weights of {preset}; train from them with --init {folder}")
    return 0


def grow(preset: str, init: str, alphabet: Path | None, folder: Path, seed: int) -> int:
    """Write the weights of `init` for `train --init`, with residual stages that compute the identity at first."""
    from .training.growth import initialize_grown
    from .training.initial_weights import load_initial

    characters = Alphabet.load(alphabet) if alphabet else load_initial(init).alphabet
    words = initialize_grown(preset, init, characters, folder, seed)
    _command.say(f"{folder} {words}; train from it with --init {folder}")
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
        *([f"time steps {summary.steps}"] if summary.steps else []),
    ])  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the action."""
    options = parser().parse_args(arguments)
    _options.check_seed(options.seed)
    if options.preset is None:
        if options.initialize:
            raise UsageError(f"--initialize needs the name of a preset: {', '.join(reading_preset_names())}")
        return list_presets(options.json)
    if options.init and not options.initialize:
        raise UsageError("--init needs --initialize DIR, the folder for the weights")
    if options.init:
        return grow(options.preset, options.init, options.alphabet, options.initialize, options.seed)
    if options.initialize:
        return initialize(options.preset, options.alphabet, options.initialize, options.seed)
    return show(options.preset, _classes(options.preset, options.alphabet), options.json)


def _classes(preset: str, alphabet: Path | None) -> int:
    """Return the number of the network's outputs; single characters have no blank."""
    if is_characters(preset):
        return len(Alphabet.load(alphabet)) if alphabet else CHARACTER_CLASSES
    return Alphabet.load(alphabet).classes if alphabet else LATIN_CLASSES


if __name__ == "__main__":
    sys.exit(_command.main(main))
