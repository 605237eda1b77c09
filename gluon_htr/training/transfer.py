"""Training that starts from trained weights: those of a bundle, of a run, or of an exported pair."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ..bundles.catalog import find_bundle
from ..bundles.reader import read_bundle
from ..bundles.schema import DOCUMENT, Source
from ..datasets.provenance import UNKNOWN_TERMS
from ..errors import UsageError
from ..graphs.decoder import resize_decoder
from ..graphs.params import load_parameters
from ..networks.configuration import Network, Preset
from ..networks.presets import load_preset, preset_names
from ..text.alphabet import Alphabet
from ..text.typography import TYPOGRAPHY
from .engine import Arrays
from .lineage import NOTHING, Lineage
from .runs import is_run, lineage_of, load_run

UNLIKELY = -3.0  # added to the logit of a letter that starts as another one: a twentieth of its probability


@dataclass(frozen=True)
class Start:
    """Trained weights. network, height, lineage: what is known of where they come from; height in pixels."""

    name: str
    symbol: str
    parameters: Arrays
    alphabet: Alphabet
    network: Network | None = None
    height: int | None = None
    lineage: Lineage = NOTHING


def read_start(init: str) -> Start:
    """init: a bundle's name or path, the folder of a run, or one with an exported pair and its `alphabet.json`.

    Raises `UsageError` where it is none of these, `BundleError` and others where it is damaged.
    """
    folder = Path(init)
    if bundle := find_bundle(init) or (folder if folder.is_file() or (folder / DOCUMENT).is_file() else None):
        return _from_bundle(bundle)
    if not (folder / "symbol.json").is_file() or not (folder / "model.params").is_file():
        raise UsageError(
            f"{init} has no symbol.json and model.params: --init takes a bundle, a run or an exported pair"
        )
    preset: Preset | None = None
    lineage = NOTHING
    if is_run(folder):
        run = load_run(folder)
        preset, lineage = run.preset, lineage_of(run)
    elif (folder / "preset.toml").is_file():
        preset, lineage = load_preset(folder / "preset.toml"), _stored_lineage(folder / "lineage.json")
    else:
        lineage = Lineage((Source(f"what {folder.name} was trained on", UNKNOWN_TERMS),))
    return Start(
        init,
        (folder / "symbol.json").read_text("utf-8"),
        load_parameters(folder / "model.params"),
        Alphabet.load(folder / "alphabet.json"),
        preset.network if preset else None,
        preset.preprocessing.height if preset else None,
        lineage,
    )


def _stored_lineage(file: Path) -> Lineage:
    """Read that of weights which were grown from others (`growth.py`); fresh ones have none."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Lineage) if file.is_file() else NOTHING
    except msgspec.MsgspecError as error:
        raise UsageError(f"{file} is damaged: {error}") from None


def _from_bundle(path: Path) -> Start:
    bundle = read_bundle(path)
    about = bundle.description
    network: Network | None = None
    if about.network is not None:
        try:
            network = msgspec.convert(about.network, Network)
        except msgspec.ValidationError as error:
            raise UsageError(f"{path} is of a network that this version does not know: {error}") from None
    height = about.preprocessing.fit.height
    lineage = Lineage(tuple(about.training_data), tuple(about.stints))
    return Start(str(path), bundle.symbol, bundle.parameters, bundle.alphabet, network, height, lineage)


def default_preset(init: str | None) -> str:
    """The preset that ships with the network of `init`, if one does, `words` otherwise."""
    return (init and _preset_of(read_start(init))) or "words"


def _preset_of(start: Start) -> str | None:
    for name in preset_names():
        preset = load_preset(name)
        if (preset.network, preset.preprocessing.height) == (start.network, start.height):
            return name
    return None


def check_network(start: Start, preset: Preset, where: str) -> None:
    """Raises `UsageError` where the weights are known to belong to another network than the preset's."""
    known = _preset_of(start)
    way_out = f"give --preset {known}" if known else "give the preset that it was trained with, by --preset or --config"
    if start.height not in (None, preset.preprocessing.height):
        raise UsageError(
            f"{start.name} reads images of {start.height} pixels' height, {where} makes {preset.preprocessing.height}: "
            f"{way_out}"
        )
    if start.network is None or start.network == preset.network:
        return
    theirs, ours = _flat(start.network), _flat(preset.network)
    keys = [key for key in sorted(theirs.keys() | ours.keys()) if theirs.get(key) != ours.get(key)]
    raise UsageError(
        f"{start.name} has another network than {where}: {keys[0]} is {theirs.get(keys[0])}, not {ours.get(keys[0])}; "
        f"{way_out}"
    )


def _flat(network: Any, prefix: str = "network") -> dict[str, Any]:
    """Dotted keys of all settings."""
    content = msgspec.to_builtins(network)
    items = enumerate(content, 1) if isinstance(content, list) else content.items()
    found: dict[str, Any] = {}
    for key, value in items:
        name = f"{prefix}.{key}"
        found |= _flat(value, name) if isinstance(value, dict | list) and value else {name: value}
    return found


def fitted(start: Start, alphabet: Alphabet, seed: int) -> tuple[str, Arrays, str]:
    """The pair for another alphabet, and in words what of it starts anew. Characters that both have keep their weights.

    A network learns the blank and all that is not its last layer from any alphabet: these are kept, too. A letter with
    a mark starts as the bare one that it looks like, only less likely: until it is learned, reading stays as it was.
    """
    parameters = {name: np.asarray(array, np.float32) for name, array in start.parameters.items()}
    if alphabet == start.alphabet:
        return start.symbol, parameters, f"starts from the weights of {start.name}"
    place = {character: k for k, character in enumerate(start.alphabet.characters)}
    new = [c for c in alphabet.characters if c not in place]
    like = {c: _bare(c) for c in new if _bare(c) in place}
    kept = np.array([*(place.get(like.get(c, c), -1) for c in alphabet.characters), start.alphabet.blank])
    shift = np.array([*(UNLIKELY if c in like else 0.0 for c in alphabet.characters), 0.0])
    symbol, parameters = resize_decoder(start.symbol, parameters, kept, seed, shift)
    gone = [c for c in place if c not in set(alphabet.characters)]
    kept_ones = f"the blank and {len(place) - len(gone)} characters are kept"
    words = f"starts from the weights of {start.name}; of its last layer, {kept_ones}"
    return symbol, parameters, f"{words}{_changes(like, [c for c in new if c not in like], gone)}"


def _changes(like: dict[str, str], fresh: list[str], gone: list[str]) -> str:
    words = f", {len(like)} start as others: {', '.join(f'{c} as {bare}' for c, bare in like.items())}" if like else ""
    words += f", {len(fresh)} start anew: {' '.join(fresh)}" if fresh else ""
    return words + (f", {len(gone)} are gone: {' '.join(gone)}" if gone else "")


def _bare(character: str) -> str:
    """A letter without its marks, a sign of print as it is typed."""
    return TYPOGRAPHY.get(character) or unicodedata.normalize("NFD", character)[0]
