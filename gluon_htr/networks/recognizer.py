"""The recognizer: one HybridBlock from image to logits, built from a preset, exported as a pair of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .._mxnet import mx, own_errors
from .._storage import write_atomically
from ..graphs.pair import Pair, write_pair
from ..text.alphabet import ALPHABET, Alphabet
from .blocks import Columns, StageBlock, encoder_block
from .character_configuration import CharacterPreset
from .characters import build_characters
from .configuration import Network, Preset
from .presets import PRESET, load_reading_preset, preset_text


class RecognizerBlock(mx.gluon.HybridBlock):
    """(N, 1, H, W) float32, ink 1 and paper 0, W a multiple of `network.step_width`, to logits (N, T, C), blank last.

    The tensor between featurizer and encoder is named `features` in the symbol, so that a graph can be cut there.
    """

    def __init__(self, network: Network, classes: int) -> None:
        super().__init__(prefix="")
        self._dropout = network.dropout
        self.featurizer = _featurizer(network)
        self.columns = Columns(network.columns)
        self.encoder = encoder_block(network.encoder)
        self.decoder = mx.gluon.nn.Dense(classes, flatten=False, prefix="decoder_")

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        x = F.Dropout(self.featurizer(x), p=self._dropout, name="features")
        x = self.decoder(self.encoder(self.columns(x)))
        return F.transpose(x, (1, 0, 2), name="logits")


@own_errors()
def build(preset: Preset, classes: int, seed: int = 0) -> RecognizerBlock:
    """Build a hybridized recognizer with initialized parameters, the same for the same seed.

    classes: characters of the alphabet and the blank.
    """
    mx.random.seed(seed)
    recognizer = RecognizerBlock(preset.network, classes)
    recognizer.initialize(mx.init.Xavier())
    recognizer.hybridize(static_alloc=True)
    height, width = preset.nominal_size
    recognizer(mx.nd.zeros((1, 1, height, width))).wait_to_read()  # fixes the shapes, draws the parameters
    return recognizer


def build_reading(preset: Preset | CharacterPreset, alphabet: Alphabet, seed: int = 0) -> Any:
    """Build the network of a preset of lines, words or characters; the latter has no class for a blank."""
    if isinstance(preset, CharacterPreset):
        return build_characters(preset, len(alphabet), seed)
    return build(preset, alphabet.classes, seed)


def export_pair(recognizer: Any, folder: str | Path) -> None:
    """Write `symbol.json` and `model.params` of a hybridized block that has run once. Raises `StorageError`.

    They are what `HybridBlock.export` writes, made in memory: MXNet writes in place, and its errors do not say where.
    """
    _, symbol = recognizer._cached_graph  # as `export` takes it: a symbol of other inputs has other names
    parameters = {parameter.name: parameter for parameter in recognizer.collect_params().values()}
    running = set(symbol.list_auxiliary_states())
    with own_errors():
        arrays = {
            f"{'aux' if name in running else 'arg'}:{name}": parameters[name]._reduce().asnumpy()
            for name in symbol.list_inputs()
            if name in parameters
        }
    write_pair(Path(folder), Pair(symbol.tojson(), arrays))


def initialize(name: str, alphabet: Alphabet, folder: Path, seed: int = 0) -> None:
    """Write an initialized exported pair with `alphabet.json` and `preset.toml`: all that training needs, without
    mxnet.
    """
    export_pair(build_reading(load_reading_preset(name), alphabet, seed), folder)
    write_atomically(folder / ALPHABET, alphabet.to_json())
    write_atomically(folder / PRESET, preset_text(name).encode())


def _featurizer(network: Network) -> Any:
    if isinstance(network.featurizer, str):
        from .gluoncv import featurizer

        return featurizer(network.featurizer, network.stride)
    stages = mx.gluon.nn.HybridSequential(prefix="")
    for number, stage in enumerate(network.featurizer, 1):
        stages.add(StageBlock(stage, prefix=f"stage{number}_"))
    return stages
