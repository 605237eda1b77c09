"""Distillation: a trained model, the teacher, shows a network in training what it reads (Hinton et al. 2015).

Labels say which characters a line has, the teacher's posteriors also where they are, and what else they could be.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ...errors import UsageError
from ...images.preprocessing import PADDING
from ...runtime.backends import LogitsFunction
from ...runtime.classifier import softmax
from ...runtime.loading import load_text_model
from ...runtime.recognizer import Recognizer
from ...text.alphabet import Alphabet
from ..objectives.batch import Batch
from .interface import Arrays, Engine


class Teacher:
    """A model whose posteriors are brought to the classes and time steps of another network.

    Its lines may be higher than those of the network, its time steps shorter.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        alphabet: Alphabet,
        height: int,
        step_width: int,
        network: LogitsFunction | None = None,
    ) -> None:
        """Take a model. alphabet, height, step_width: of the network in training, the last two in pixels.

        network: computes in place of the model's own. Raises `UsageError` if the network in training lacks characters
        that the model reads.
        """
        self._network, self._shape = network or recognizer.network, recognizer.preprocessing
        self._height, self._step_width = height, step_width
        place = {character: k for k, character in enumerate(alphabet.characters)}
        if lacking := [c for c in recognizer.alphabet.characters if c not in place]:
            raise UsageError(
                f"the teacher {recognizer.name} reads {len(lacking)} characters that this training's alphabet lacks, "
                f"such as {' '.join(lacking[:5])}: give its alphabet with --alphabet"
            )
        self._classes = np.array([*(place[c] for c in recognizer.alphabet.characters), alphabet.blank])
        self._count = len(alphabet) + 1

    def posteriors(self, images: np.ndarray) -> np.ndarray:
        """Read images (N, H, W) uint8 of the network in training; return its targets (N, W / step_width, C) float32."""
        values = softmax(self._network(self._resized(images)))
        steps = images.shape[2] // self._step_width
        targets = np.zeros((len(images), steps, self._count), np.float32)
        targets[:, :, self._classes] = self._at_steps(values, steps, images.shape[2])
        return targets

    def _resized(self, images: np.ndarray) -> np.ndarray:
        """Scale images to the teacher's height, and pad them on the right to its multiple of widths."""
        height, multiple = self._shape.height, self._shape.width_multiple
        count, _, width = images.shape
        scaled = round(width * height / self._height)
        result = np.full((count, height, -(-scaled // multiple) * multiple), PADDING, np.uint8)
        for target, image in zip(result, images):
            target[:, :scaled] = cv2.resize(image, (scaled, height), interpolation=cv2.INTER_LINEAR)
        return result

    def _at_steps(self, values: np.ndarray, steps: int, width: int) -> np.ndarray:
        """Interpolate posteriors (N, T, C) linearly at the centers of the network's time steps."""
        scale = self._shape.height / self._height
        theirs = -(-round(width * scale) // self._shape.width_multiple) * self._shape.width_multiple / values.shape[1]
        places = (np.arange(steps) + 0.5) * self._step_width * scale / theirs - 0.5
        places = np.clip(places, 0, values.shape[1] - 1)
        left = places.astype(int)
        right = np.minimum(left + 1, values.shape[1] - 1)
        share = (places - left).astype(np.float32)[:, None]
        return values[:, left] * (1 - share) + values[:, right] * share


class TaughtEngine:
    """An engine whose batches get a teacher's posteriors; everything else is the engine's own.

    share: of the teacher in the loss, 0..1.
    """

    def __init__(self, engine: Engine, teacher: Teacher, share: float) -> None:
        self._engine, self._teacher, self._share = engine, teacher, share
        self.name = engine.name

    def step(self, batch: Batch, rate: float, seed: int) -> float:
        targets = self._teacher.posteriors(batch.images)
        return self._engine.step(replace(batch, targets=targets, taught=self._share), rate, seed)

    def predict(self, images: np.ndarray) -> np.ndarray:
        return self._engine.predict(images)

    def parameters(self) -> Arrays:
        return self._engine.parameters()

    def state(self) -> Arrays:
        return self._engine.state()

    def restore(self, parameters: Arrays, state: Arrays | None = None) -> None:
        self._engine.restore(parameters, state)


def load_teacher(
    model: str,
    alphabet: Alphabet,
    height: int,
    step_width: int,
    threads: int | None,
    network: LogitsFunction | None = None,
) -> Teacher:
    """Load the teacher of a network. It runs on ONNX Runtime on the CPU, if `network` does not compute in its place.

    The other arguments are `Teacher`'s. Raises the errors of `load_text_model`, and `UsageError` as `Teacher` does.
    """
    return Teacher(load_text_model(model, threads=threads), alphabet, height, step_width, network)
