"""Initial weights from a trained model: a bundle, a run, or an exported pair."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from .._files import MAX_TEXT, read_bounded
from .._json import decode_json
from ..bundles.catalog import find_bundle
from ..bundles.reader import read_bundle
from ..bundles.run_folder import ALPHABET, PARAMETERS, SYMBOL, is_run
from ..bundles.schema import DOCUMENT, Characters, DataSource
from ..datasets.kind import UNKNOWN_TERMS
from ..errors import ModelError, UsageError
from ..graphs.decoder import resize_decoder
from ..graphs.pair import Pair, read_pair
from ..networks.character_configuration import CharacterNetwork, CharacterPreset
from ..networks.configuration import Network, Preset
from ..networks.presets import PRESET, load_reading_preset, reading_preset_names
from ..runtime.loading import find_model
from ..text.alphabet import Alphabet
from ..text.typography import TYPOGRAPHY
from .lineage import NOTHING, Lineage
from .runs import lineage_of, load_run

LINEAGE = "lineage.json"  # beside a pair that was grown from trained weights (`growth.py`)
UNLIKELY = -3.0  # added to the logit of a letter that is initialized from another: a twentieth of its probability


@dataclass(frozen=True)
class InitialWeights:
    """Trained weights. network, height, lineage: their origin, as far as it is known; height in pixels.

    has_blank: the network reads texts, and its last class is the blank; networks of single characters have none.
    """

    name: str
    pair: Pair
    alphabet: Alphabet
    network: Network | CharacterNetwork | None = None
    height: int | None = None
    lineage: Lineage = NOTHING
    has_blank: bool = True


def load_initial(init: str, option: str = "--init") -> InitialWeights:
    """Load initial weights. init: a bundle's name or path, the folder of a run, or one with an exported pair and its
    `alphabet.json`. option: that named it, for messages.

    Raises `UsageError` if it is none of these, `BundleError` and others if it is damaged.
    """
    folder = Path(init)
    if bundle := find_bundle(init) or (folder if folder.is_file() or (folder / DOCUMENT).is_file() else None):
        return _from_bundle(bundle)
    if not (folder / SYMBOL).is_file() or not (folder / PARAMETERS).is_file():
        try:
            find_model(init)
        except ModelError as error:
            raise UsageError(f"{option} takes a bundle, a run or an exported pair: {error}") from None
        raise UsageError(f"{init} has no {SYMBOL} and {PARAMETERS}: {option} takes a bundle, a run or an exported pair")
    preset: Preset | CharacterPreset | None = None
    lineage = NOTHING
    if is_run(folder):
        run = load_run(folder)
        preset, lineage = run.preset, lineage_of(run)
    elif (folder / PRESET).is_file():
        preset, lineage = load_reading_preset(folder / PRESET), _stored_lineage(folder / LINEAGE)
    else:
        lineage = Lineage((DataSource(f"training data of {folder.name}", UNKNOWN_TERMS),))
    return InitialWeights(
        init,
        read_pair(folder),
        Alphabet.load(folder / ALPHABET),
        preset.network if preset else None,
        preset.preprocessing.height if preset else None,
        lineage,
        not isinstance(preset, CharacterPreset),
    )


def _stored_lineage(file: Path) -> Lineage:
    """Read the lineage of weights that were grown from others (`growth.py`); untrained ones have none."""
    if not file.is_file():
        return NOTHING
    return decode_json(read_bounded(file, MAX_TEXT), Lineage, f"{file} is damaged", UsageError)


def _from_bundle(path: Path) -> InitialWeights:
    """Open a bundle; it stays open for the next call, as a training asks for its preset first."""
    status = path.stat()
    return _opened(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _opened(path: Path, modified: int, size: int) -> InitialWeights:
    bundle = read_bundle(path)
    about = bundle.description
    single = isinstance(about.model, Characters)
    network: Network | CharacterNetwork | None = None
    if about.network is not None:
        try:
            network = _network(about.network, single)
        except msgspec.ValidationError as error:
            raise UsageError(f"{path} has a network that this version does not know: {error}") from None
    height = bundle.image_reader.preprocessing.fit.height
    lineage = Lineage(tuple(about.training_data), tuple(about.stints))
    return InitialWeights(str(path), bundle.trainable_pair, bundle.alphabet, network, height, lineage, not single)


def _network(table: dict[str, Any], single: bool) -> Network | CharacterNetwork:
    """Read the `[network]` table of a bundle. single: its model reads single characters."""
    return msgspec.convert(table, CharacterNetwork) if single else msgspec.convert(table, Network)


def default_preset(init: str | None) -> str:
    """Return the shipped preset that has the network of `init`, or `words` if there is none."""
    return (init and _preset_of(load_initial(init))) or "words"


def _preset_of(initial: InitialWeights) -> str | None:
    for name in reading_preset_names():
        preset = load_reading_preset(name)
        if (preset.network, preset.preprocessing.height) == (initial.network, initial.height):
            return name
    return None


def check_network(initial: InitialWeights, preset: Preset | CharacterPreset, where: str) -> None:
    """Raise `UsageError` if the weights are known to belong to another network than that of the preset."""
    known = _preset_of(initial)
    way_out = f"give --preset {known}" if known else "give its preset with --preset or --config"
    if initial.has_blank == isinstance(preset, CharacterPreset):
        kinds = ("lines or words", "single characters")[:: 1 if initial.has_blank else -1]
        raise UsageError(f"{initial.name} reads {kinds[0]}, but {where} is for {kinds[1]}: {way_out}")
    if initial.height not in (None, preset.preprocessing.height):
        raise UsageError(
            f"{initial.name} reads images {initial.height} pixels high, but {where} makes images "
            f"{preset.preprocessing.height} pixels high: {way_out}"
        )
    if initial.network is None or initial.network == preset.network:
        return
    theirs, ours = _flat(initial.network), _flat(preset.network)
    keys = [key for key in sorted(theirs.keys() | ours.keys()) if theirs.get(key) != ours.get(key)]
    raise UsageError(
        f"{initial.name} has another network than {where}: {keys[0]} is {theirs.get(keys[0])}, "
        f"not {ours.get(keys[0])}; {way_out}"
    )


def _flat(network: Any, prefix: str = "network") -> dict[str, Any]:
    """Flatten all settings to dotted keys."""
    content = msgspec.to_builtins(network)
    items = enumerate(content, 1) if isinstance(content, list) else content.items()
    found: dict[str, Any] = {}
    for key, value in items:
        name = f"{prefix}.{key}"
        found |= _flat(value, name) if isinstance(value, dict | list) and value else {name: value}
    return found


def remap_alphabet(initial: InitialWeights, alphabet: Alphabet, seed: int) -> tuple[Pair, str]:
    """Adapt the pair to another alphabet; also return a message about the output layer. Common characters keep their
    weights.

    A network learns the blank and all other layers from any alphabet: these are kept, too. A letter with a mark is
    initialized from the bare letter that it looks like, only less likely: until it is learned, reading stays as before.
    """
    parameters = {name: np.asarray(array, np.float32) for name, array in initial.pair.parameters.items()}
    if alphabet == initial.alphabet:
        return Pair(initial.pair.symbol, parameters), f"starts from the weights of {initial.name}"
    place = {character: k for k, character in enumerate(initial.alphabet.characters)}
    new = [c for c in alphabet.characters if c not in place]
    like = {c: _bare(c) for c in new if _bare(c) in place}
    blank = [initial.alphabet.blank] if initial.has_blank else []
    kept = np.array([*(place.get(like.get(c, c), -1) for c in alphabet.characters), *blank])
    shift = np.array([*(UNLIKELY if c in like else 0.0 for c in alphabet.characters), *(0.0 for _ in blank)])
    classes = len(initial.alphabet) + len(blank)
    symbol, parameters = resize_decoder(initial.pair.symbol, parameters, kept, seed, shift, classes)
    gone = [c for c in place if c not in set(alphabet.characters)]
    words = f"starts from the weights of {initial.name}; output layer: "
    words += f"kept {'the blank and ' if blank else ''}{len(place) - len(gone)} characters"
    return Pair(symbol, parameters), f"{words}{_changes(like, [c for c in new if c not in like], gone)}"


def _changes(like: dict[str, str], unseen: list[str], dropped: list[str]) -> str:
    words = f"; initialized {', '.join(f'{c} from {bare}' for c, bare in like.items())}" if like else ""
    words += f"; initialized at random: {' '.join(unseen)}" if unseen else ""
    return words + (f"; dropped {' '.join(dropped)}" if dropped else "")


def _bare(character: str) -> str:
    """Return a letter without its marks, or a typographic character as it is typed."""
    return TYPOGRAPHY.get(character) or unicodedata.normalize("NFD", character)[0]
