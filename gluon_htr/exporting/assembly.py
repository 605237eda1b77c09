"""All steps from a model to a bundle: convert, check, calibrate, describe, write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import onnx

from .. import __version__
from .._storage import write_atomically
from ..bundles.licenses import license_text
from ..bundles.reader import Bundle
from ..bundles.schema import (
    GOLDEN,
    LICENSE,
    MODEL,
    NORMALIZATIONS,
    REMAINDER,
    REQUIRES,
    Calibration,
    Card,
    Characters,
    Description,
    Golden,
    Input,
    Layout,
    Lines,
    Tensor,
    Words,
)
from ..bundles.writer import check_target, write_bundle
from ..datasets.loading import Track, untracked
from ..decoding.greedy import best_labels
from ..errors import GraphError, MissingToolError
from ..graphs.onnx.initializers import initializers
from ..graphs.onnx.restoring import remainder, restore
from ..graphs.onnx.splitting import split
from ..graphs.onnx.storage import rounded, store_weights
from ..graphs.onnx.writer import to_onnx
from ..graphs.pair import SYMBOL, Pair
from ..graphs.params import pack_parameters
from ..graphs.symbol import parse_graph
from ..networks.presets import CharacterPreset, LayoutPreset, Preset
from ..runtime.backends import LogitsFunction, mxnet_network, onnx_network
from ..runtime.loading import from_bundle
from ..training.lineage import Lineage
from .calibration import fit_calibration, reader_of
from .golden import draw_golden
from .layers import first_difference
from .parity import check_shapes, compare, random_images
from .request import ExportOptions, ExportRequest
from .samples import Samples
from .scoring import score_cards
from .sources import ExportSource, from_pair, from_run, kept_start
from .temperature import best_temperature

PARTS = ("featurizer.onnx", "tail.onnx")
USELESS = 0.7  # character error rate: nobody could make sense of what such a model reads
Say = Callable[[str], object]


@dataclass(frozen=True)
class Converted:
    """The pair and the graphs made of it.

    graph: float32, for splitting. stored: as in the bundle. kept: the parameters that cannot be rebuilt from it.
    """

    pair: Pair
    graph: onnx.ModelProto
    stored: bytes
    kept: dict[str, np.ndarray]


def convert(pair: Pair, options: ExportOptions, height: int | None = None, width: int | None = None) -> Converted:
    """Convert a pair to ONNX. height, width: of its images in pixels, if they are fixed.

    Raises `GraphError` for operators that cannot be converted, `ParametersError` for the weights of another network.
    """
    symbol = parse_graph(pair.symbol)
    given = dict(pair.parameters)
    ordered = {name: given[name] for name in symbol.parameters if name in given} | given
    parameters = rounded(ordered) if options.float16 else ordered
    graph = to_onnx(symbol, parameters, opset=options.opset, height=height, width=width)
    stored = store_weights(graph, parameters).SerializeToString()
    kept = remainder(symbol, parameters, initializers(stored))
    rebuilt = pack_parameters(restore(symbol, initializers(stored), kept))
    if rebuilt != pack_parameters(parameters):
        raise GraphError("the pair cannot be rebuilt from the exported graph: please report this")
    return Converted(Pair(pair.symbol, parameters), graph, stored, kept)


def check_parity(
    model: ExportSource, converted: Converted, exported: LogitsFunction, samples: Samples, say: Say
) -> None:
    """Compare the exported network with MXNet; raise `GraphError` if anything differs.

    Reports it if mxnet or samples are missing. MXNet computes in 64 bits here, so that the bound applies to the
    rounding of the exported network alone.
    """
    preprocessing, step = model.preset.preprocessing, model.text_preset.network.step_width
    random = random_images(preprocessing, step)
    check_shapes(exported, random, model.alphabet.classes, step)
    if samples.problem:
        say(f"not compared on real samples: {samples.problem}")
    reference = mxnet_reference(converted.pair, say)
    if reference is None:
        return
    explain = partial(first_difference, converted.pair, converted.stored)
    verdict = compare(reference, exported, random, samples.batches, explain)
    texts = f"{verdict.ties} texts differ by a tie" if verdict.ties else "all texts identical"
    say(
        f"as MXNet on {verdict.shapes} random images and {verdict.samples} validation samples: "
        f"logits within {verdict.difference:.1e}, {texts}"
    )


def export_request(
    request: ExportRequest, output: Path, say: Say = lambda message: None, track: Track = untracked
) -> Bundle:
    """Convert, check, score and write a bundle. Raises before anything is written."""
    check_target(output)
    model = open_model(request)
    if model.run and kept_start(model.run):
        say(f"warning: {model.run.path} has the weights of {model.run.request.init}: its training improved on nothing")
    samples = model.samples(request.validation, track)
    options = request.options
    height = model.preset.preprocessing.height
    converted = convert(model.pair, options, height)
    halves = split(converted.graph) if request.parts else ()
    exported = onnx_network(converted.stored)
    check_parity(model, converted, exported, samples, say)
    if options.score_on:
        cards = score_cards(exported, model.alphabet, model.preset.preprocessing, options.score_on, track)
        model = replace(model, cards=cards)
    logits = [exported(images) for images in samples.batches]
    temperature, calibration = _calibration(request, model, logits, samples, say)
    bundle = describe(model, options, output, converted, temperature, calibration)
    write_bundle(output, bundle.description, bundle.files)
    _warn_of_nonsense(bundle, output, say)
    for name, half in zip(PARTS, halves):
        assert request.parts is not None
        write_atomically(request.parts / name, half.SerializeToString())
    return bundle


def _calibration(
    request: ExportRequest, model: ExportSource, logits: list[np.ndarray], samples: Samples, say: Say
) -> tuple[float, Calibration | None]:
    """Return temperature and calibration: fitted on the samples or, if they are too few, those of the model that the
    run started from.
    """
    temperature = _temperature(model, logits, samples, request.options, say)
    known, start = request.calibrated_as, model.run.request.init if model.run else None
    if known is None:
        calibration = fit_calibration(logits, samples.texts, samples.groups, model.alphabet, temperature)
        known = reader_of(start) if start and not calibration else None
        if known is None or known.calibration is None:
            return temperature, calibration
        say(f"{sum(map(len, logits))} samples are too few to calibrate on: calibrated as {start} is")
    return known.temperature, known.calibration


def _warn_of_nonsense(bundle: Bundle, output: Path, say: Say) -> None:
    for card in bundle.reader.score_cards:
        if card.cer.value >= USELESS:
            share = f"{card.cer.value:.1%} of the characters of {card.data} are wrong"
            advice = "train it longer, or look for the cause with gluon-htr doctor RUN"
            say(f"warning: {output} reads nothing yet: {share}; {advice}")


def open_model(request: ExportRequest) -> ExportSource:
    """Open the run or the pair of a request. Raises as `from_run` and `from_pair` do."""
    source = request.source
    if isinstance(source, Path):
        return from_run(source, request.trained_on, request.terms)
    return from_pair(
        source.symbol, source.parameters, source.alphabet, source.preset, request.trained_on, request.terms
    )


def _temperature(
    model: ExportSource, logits: list[np.ndarray], samples: Samples, options: ExportOptions, say: Say
) -> float:
    """Fit the temperature of the exported network on the samples; also report how many texts float16 changed."""
    if options.float16 and logits:
        unrounded = onnx_network(convert(model.pair, replace(options, float16=False)).stored)
        texts = zip(logits, map(unrounded, samples.batches))
        changed = sum(a != b for ours, theirs in texts for a, b in zip(best_labels(ours), best_labels(theirs)))
        say(f"float16 weights change {changed} of {sum(map(len, logits))} texts")
    return best_temperature(logits, samples.texts, model.alphabet) if logits else 1.0


def describe(
    model: ExportSource,
    options: ExportOptions,
    path: Path,
    converted: Converted,
    temperature: float,
    calibration: Calibration | None = None,
) -> Bundle:
    """Build the bundle as it will be written, and read its golden images with itself."""
    task = options.task or model.text_preset.resolved_task
    kind = Words if task == "words" else Lines
    reader = kind(
        alphabet=list(model.alphabet.characters),
        normalization=NORMALIZATIONS[model.alphabet.normalization],
        preprocessing=Input(model.preset.preprocessing),
        temperature=temperature,
        step_width=model.text_preset.network.step_width,
        score_cards=[card for card in model.cards if isinstance(card, Card)],
        calibration=calibration,
    )
    bundle = assemble(reader, model.preset, model.lineage, options, path, converted)
    return replace(bundle, files=bundle.files | _golden(bundle, model))


def assemble(
    model: Lines | Words | Characters | Layout,
    preset: Preset | CharacterPreset | LayoutPreset,
    lineage: Lineage,
    options: ExportOptions,
    path: Path,
    converted: Converted,
) -> Bundle:
    """Build a bundle without golden images, which it must read itself first."""
    description = Description(
        schema_version=2,
        requires=REQUIRES,
        name=options.name,
        description=preset.description,
        writer=f"gluon_htr {__version__}",
        model=model,
        inputs=[tensor(converted.graph.graph.input[0])],
        outputs=[tensor(converted.graph.graph.output[0])],
        weights="float16" if options.float16 else "float32",
        network=msgspec.to_builtins(preset.network),
        training_data=list(lineage.data),
        stints=list(lineage.stints),
        limitations=options.limitations,
        files={},
    )
    return Bundle(path, description, model_files(converted, options, lineage))


def mxnet_reference(pair: Pair, say: Say) -> LogitsFunction | None:
    """Return the network of a pair as MXNet computes it in 64 bits; say so and return None where MXNet is missing."""
    try:
        return mxnet_network(pair, "float64")
    except MissingToolError as error:
        say(f"NOT compared with MXNet, so this bundle is unchecked: {error}")
        return None


def _golden(bundle: Bundle, model: ExportSource) -> dict[str, bytes]:
    recognizer = from_bundle(bundle).uncalibrated()
    drawn = draw_golden(model.preset.preprocessing, model.alphabet.characters)
    images = {f"golden/{k}.png": png for k, png in enumerate(drawn, 1)}
    read = {name: recognizer.read(png, whole=True) for name, png in images.items()}
    expected = [Golden(name, found.text, round(found.confidence, 4)) for name, found in read.items()]
    return images | {GOLDEN: msgspec.json.format(msgspec.json.encode(expected), indent=1) + b"\n"}


def model_files(converted: Converted, options: ExportOptions, lineage: Lineage) -> dict[str, bytes]:
    """Return the files of every bundle, except for the golden images."""
    sources = [(source.data, source.terms) for source in lineage.data]
    return {
        MODEL: converted.stored,
        SYMBOL: converted.pair.symbol.encode(),
        REMAINDER: pack_parameters(converted.kept),
        LICENSE: (options.license or license_text(options.name, sources)).encode(),
    }


def tensor(value: onnx.ValueInfoProto) -> Tensor:
    """Describe an input or an output."""
    sizes = value.type.tensor_type.shape.dim
    return Tensor(value.name, "float32", [size.dim_value or size.dim_param for size in sizes])
