"""Loading of a trained model as a recognizer."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..bundles.catalog import BundleEntry, default_bundle, find_bundle, known_bundles
from ..bundles.notice import note_license
from ..bundles.reader import Bundle, read_bundle
from ..bundles.run_folder import has_weights, is_run, read_alphabet, read_preprocessing, task_of, tells_real
from ..bundles.schema import DOCUMENT, INTEGER_MODEL, Characters
from ..decoding.decoder import Decoder, JointDecoder
from ..decoding.greedy import GREEDY, GreedyDecoder
from ..errors import BundleError, CheckpointError, ModelError, UsageError
from ..graphs.pair import PARAMETERS, read_pair
from .backends import PRECISIONS, LogitsFunction, one_by_one, onnx_network, pair_network
from .classifier import Classifier
from .decoders import suited
from .kserve import is_address, remote_network
from .origin import Origin
from .recognizer import Recognizer


def load(
    model: str | Path | None = None,
    engine: str = "onnx",
    threads: int | None = None,
    providers: Sequence[str] = ("cpu",),
    precision: str = "float32",
    decoder: Decoder = GREEDY,
) -> Recognizer:
    """Load a model for reading.

    Args:
        model: The name of a shipped or installed bundle, the path of a bundle or of a run, or None for the default. A
            name goes before a path: `./words` is the folder where `words` is the name of a bundle.
        engine: `onnx`, `mxnet`, `torch`, or the address of a model server that has the bundle (`http://host:8000`).
            All engines give the same text.
        threads: Threads of the engine onnx; None for one per core.
        providers: Execution providers of the engine onnx in order of preference: `cpu`, `cuda`, `openvino`, `coreml` …,
            if the installed onnxruntime has them.
        precision: `float32`, or with the engine onnx `int8`, if the bundle has it.
        decoder: Decoder of logits to text; greedy by default.

    Returns:
        A recognizer, which threads may share; of a model of single characters a `Classifier`.

    Raises:
        ModelError: There is no such model.
        BundleError: The bundle is damaged, or is not a recognizer.
        MissingToolError: The engine is not installed.

    Example:
        >>> import gluon_htr
        >>> gluon_htr.load("digits").read("examples/number.png").text
        '958321704081994'
    """
    path = find_model(model)
    if is_run(path):
        if precision != "float32":
            raise UsageError(
                f"{path} is a run, and only bundles have {precision}: use gluon-htr export, then gluon-htr quantize"
            )
        return _from_run(path, engine, threads, providers, decoder)
    return from_bundle(read_bundle(path), engine, threads, providers, precision, decoder)


def load_text_model(
    model: str | Path | None = None,
    engine: str = "onnx",
    threads: int | None = None,
    providers: Sequence[str] = ("cpu",),
    precision: str = "float32",
    decoder: Decoder = GREEDY,
) -> Recognizer:
    """Load a model that reads lines or words, as `load` does. Raises `ModelError` for one of single characters, too."""
    recognizer = load(model, engine, threads, providers, precision, decoder)
    if isinstance(recognizer, Classifier):
        raise ModelError(f"{recognizer.name} reads single characters: use a model that reads lines or words")
    return recognizer


def _check_greedy(name: str, decoder: Decoder) -> None:
    if not isinstance(decoder, GreedyDecoder):
        raise UsageError(f"{name} reads single characters, for which there is no --decoder beam: leave it out")


def find_model(model: str | Path | None, task: str | None = None) -> Path:
    """Return the path of the bundle or run that `model` names. Raises `ModelError` if there is none.

    task: of the models that the error may name; it is not checked.
    """
    if model is None:
        return default_bundle()
    if isinstance(model, str) and (path := find_bundle(model)):
        return path
    path = Path(model)
    if not path.exists():
        known = [entry.name for entry in known_bundles() if task is None or _is_for(entry, task)]
        similar = get_close_matches(str(model), known, 1)
        meant = f"; did you mean {similar[0]}?" if similar else ""
        raise ModelError(
            f"there is no model {model}: give a bundle, the folder of a run, or a known name "
            f"({', '.join(known) or 'none'}){meant}"
        )
    if path.is_dir() and not is_run(path) and not (path / DOCUMENT).is_file():
        raise ModelError(f"{model} is not a model: it has neither {DOCUMENT} (bundle) nor run.toml (run)")
    return path


def _is_for(entry: BundleEntry, task: str) -> bool:
    """Test whether a bundle is sound and of a task."""
    try:
        return entry.describe().task == task
    except BundleError:
        return False


def is_bundle(model: str | Path) -> bool:
    """Test whether `model` is the name or the path of a bundle."""
    path = Path(model)
    return find_bundle(str(model)) is not None or path.is_file() or (path / DOCUMENT).is_file()


def from_bundle(
    bundle: Bundle,
    engine: str = "onnx",
    threads: int | None = None,
    providers: Sequence[str] = ("cpu",),
    precision: str = "float32",
    decoder: Decoder = GREEDY,
) -> Recognizer:
    """Build a recognizer of an open bundle. Raises as `load` does."""
    about, reader = bundle.description, bundle.image_reader
    note_license(about)
    calibration = None if isinstance(reader, Characters) else reader.calibration
    decoder = suited(decoder, calibration is not None and calibration.has_beam)
    if isinstance(reader, Characters):
        _check_greedy(about.name, decoder)
    if precision != "float32":
        network = _integer_network(bundle, engine, threads, providers, precision)
    elif engine == "onnx":
        network = onnx_network(bundle.model, threads, providers)
    elif is_address(engine):
        network = remote_network(engine, about.name, about.inputs[0].name, about.outputs[0].name)
    else:
        network = pair_network(bundle.trainable_pair, engine)
    fit, temperature = reader.preprocessing.fit, reader.temperature
    origin = _origin(bundle.path, engine, threads, providers, precision)
    if isinstance(reader, Characters):
        classifier = Classifier(network, bundle.alphabet, fit, about.name, temperature, decoder, origin)
        classifier.tells_real = reader.tells_real
        return classifier
    known = calibration if isinstance(decoder, GreedyDecoder | JointDecoder) else None  # others are not calibrated
    return Recognizer(network, bundle.alphabet, fit, about.name, temperature, decoder, origin, known)


def _loaded_again(*arguments: Any) -> Recognizer:
    return _shared(*arguments).copy()  # what is changed later is changed in this one alone


@lru_cache(maxsize=2)  # tasks that are sent to a process bring their recognizer each time
def _shared(path: str, engine: str, threads: int | None, providers: tuple[str, ...], precision: str) -> Recognizer:
    return load(Path(path), engine, threads, providers, precision)


def _origin(path: Path, engine: str, threads: int | None, providers: Sequence[str], precision: str) -> Origin:
    providers = (providers,) if isinstance(providers, str) else tuple(providers)
    return Origin(_loaded_again, (str(path.resolve()), engine, threads, providers, precision))


def _integer_network(
    bundle: Bundle, engine: str, threads: int | None, providers: Sequence[str], precision: str
) -> LogitsFunction:
    """Build the int8 network. It reads image by image: its LSTM scales depend on the batch, and no text may depend on
    its neighbors.
    """
    if precision not in PRECISIONS or engine != "onnx":
        raise UsageError(f"--precision {precision} is not available for the engine {engine}: use int8 with onnx")
    if INTEGER_MODEL not in bundle.files:
        raise BundleError(
            f"{bundle.path} has no {INTEGER_MODEL}: make a bundle that has it with gluon-htr quantize {bundle.name}"
        )
    return one_by_one(onnx_network(bundle.files[INTEGER_MODEL], 1, providers), threads)


def _from_run(run: Path, engine: str, threads: int | None, providers: Sequence[str], decoder: Decoder) -> Recognizer:
    if not has_weights(run):
        raise CheckpointError(f"{run} has no {PARAMETERS} yet: it is written after the first validation")
    if task_of(run) == "layout":
        raise CheckpointError(f"{run} finds the lines of pages: here a model that reads is needed")
    decoder = suited(decoder, has_beam_calibration=False)
    single = task_of(run) == "characters"
    if single:
        _check_greedy(run.name, decoder)
    network = pair_network(read_pair(run), engine, threads, providers)
    origin = _origin(run, engine, threads, providers, "float32")
    common = network, read_alphabet(run), read_preprocessing(run), run.name
    if not single:
        return Recognizer(*common, decoder=decoder, origin=origin)
    classifier = Classifier(*common, decoder=decoder, origin=origin)
    classifier.tells_real = tells_real(run)
    return classifier
