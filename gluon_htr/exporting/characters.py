"""Export of a network of single characters: convert, check, describe, write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from ..bundles.reader import Bundle
from ..bundles.schema import (
    GOLDEN,
    NORMALIZATIONS,
    AccuracyCard,
    Characters,
    Golden,
    Input,
)
from ..bundles.writer import check_target, write_bundle
from ..datasets.loading import Track, load_data, untracked
from ..datasets.provenance import public_name
from ..datasets.store import digest
from ..errors import GraphError, UsageError
from ..images.preprocessing import Preprocessing
from ..networks.presets import is_characters
from ..runtime.backends import LogitsFunction, onnx_network
from ..runtime.classifier import softmax
from ..runtime.loading import from_bundle
from ..runtime.stores import classify_store
from ..text.alphabet import Alphabet
from ..text.classification import classify
from .assembly import Converted, Say, assemble, convert, mxnet_reference, open_model
from .golden import draw_characters
from .parity import RELATIVE, strokes
from .request import ExportOptions, ExportRequest
from .samples import Samples
from .sources import ExportSource, accuracy_card, has_single_characters
from .temperature import CANDIDATES, MIN_SAMPLES

RANDOM = 64  # images of random strokes on which the networks are compared


def exports_characters(request: ExportRequest) -> bool:
    """Test whether a run or a pair is of single characters."""
    source = request.source
    return has_single_characters(source) if isinstance(source, Path) else is_characters(source.preset)


def export_characters(
    request: ExportRequest, output: Path, say: Say = lambda message: None, track: Track = untracked
) -> Bundle:
    """Convert, check, score and write a bundle. Raises before anything is written."""
    check_target(output)
    if request.parts or request.options.task:
        raise UsageError("--split and --task are for networks of lines and words: leave them out")
    model, options = open_model(request), request.options
    preprocessing, alphabet = model.character_preset.preprocessing, model.alphabet
    samples = model.samples(request.validation, track)
    converted = convert(model.pair, options, preprocessing.height, preprocessing.width)
    exported = onnx_network(converted.stored)
    _check_parity(model, converted, exported, samples, say)
    if options.score_on:
        model = replace(model, cards=_scored(exported, alphabet, preprocessing, options.score_on, track))
    logits = [exported(images) for images in samples.batches]
    temperature = best_temperature(logits, samples.texts, alphabet)
    bundle = _described(model, options, output, converted, temperature)
    write_bundle(output, bundle.description, bundle.files)
    return bundle


def best_temperature(logits: Sequence[np.ndarray], texts: Sequence[Sequence[str]], alphabet: Alphabet) -> float:
    """Return the temperature under which the characters are most probable (Guo et al. 2017); 1 for few samples.

    logits: batches (N, C); texts: the truth of each batch. Characters that the alphabet lacks do not count.
    """
    place = {character: k for k, character in enumerate(alphabet.characters)}
    truths = [text for batch in texts for text in batch]
    known = np.array([text in place for text in truths], bool)
    if known.sum() < MIN_SAMPLES:
        return 1.0
    rows = np.concatenate(list(logits))[known]
    labels = [place[text] for text in truths if text in place]

    def surprise(temperature: float) -> float:
        right = softmax(rows / np.float32(temperature))[np.arange(len(labels)), labels]
        return float(-np.log(right.clip(1e-12)).mean())

    return float(min(CANDIDATES, key=surprise))


def _check_parity(
    model: ExportSource, converted: Converted, exported: LogitsFunction, samples: Samples, say: Say
) -> None:
    """Compare the exported network with MXNet in 64 bits; raise `GraphError` beyond rounding, or if a class differs."""
    preprocessing, classes = model.preset.preprocessing, len(model.alphabet)
    random = strokes(np.random.default_rng(0), RANDOM, preprocessing.height, preprocessing.width)
    if (shape := exported(random).shape) != (RANDOM, classes):
        raise GraphError(
            f"the network produces logits of shape {shape} for {RANDOM} images, but the alphabet has {classes} "
            "characters: do they belong together?"
        )
    if samples.problem:
        say(f"not compared on real samples: {samples.problem}")
    reference = mxnet_reference(converted.pair, say)
    if reference is None:
        return
    largest = 0.0
    for images in (random, *samples.batches):
        theirs, ours = reference(images), exported(images)
        difference, allowed = float(np.abs(theirs - ours).max()), RELATIVE * max(1.0, float(np.abs(theirs).max()))
        rows, other = np.arange(len(theirs)), ours.argmax(axis=1)
        lost = theirs.max(axis=1) - theirs[rows, other]  # of a tie: no more than rounding
        if not difference <= allowed or not (lost <= 2 * allowed).all():
            raise GraphError(f"nothing was written: MXNet and ONNX Runtime disagree by {difference:.2g}: please report")
        largest = max(largest, difference)
    count = sum(map(len, samples.batches))
    say(
        f"as MXNet on {RANDOM} random images and {count} validation samples: logits within {largest:.1e}, "
        "all characters identical"
    )


def _scored(
    network: LogitsFunction, alphabet: Alphabet, preprocessing: Preprocessing, specs: Sequence[str], track: Track
) -> tuple[AccuracyCard, ...]:
    cards = []
    for spec in specs:
        store = load_data([spec], preprocessing, track=track, form=alphabet.normalization)
        found = classify(store.texts, classify_store(network, store, alphabet), store.groups)
        cards.append(accuracy_card(public_name(spec), found, digest(store.ids, store.texts)))
    return tuple(cards)


def _described(
    model: ExportSource, options: ExportOptions, path: Path, converted: Converted, temperature: float
) -> Bundle:
    """Build the bundle as it will be written, and read its golden images with itself."""
    reader = Characters(
        alphabet=list(model.alphabet.characters),
        normalization=NORMALIZATIONS[model.alphabet.normalization],
        preprocessing=Input(model.character_preset.preprocessing),
        temperature=temperature,
        tells_real=model.run is not None and bool(model.run.request.unlabeled),
        score_cards=[card for card in model.cards if isinstance(card, AccuracyCard)],
    )
    bundle = assemble(reader, model.preset, model.lineage, options, path, converted)
    return replace(bundle, files=bundle.files | _golden(bundle))


def _golden(bundle: Bundle) -> dict[str, bytes]:
    classifier = from_bundle(bundle)
    images = {f"golden/{k}.png": png for k, png in enumerate(draw_characters(bundle.alphabet.characters), 1)}
    read = {name: classifier.read(png) for name, png in images.items()}
    expected = [Golden(name, found.text, round(found.confidence, 4)) for name, found in read.items()]
    return images | {GOLDEN: msgspec.json.format(msgspec.json.encode(expected), indent=1) + b"\n"}
