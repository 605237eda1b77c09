"""Small stand-ins that let tests of loops run in milliseconds, without mxnet or torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from gluon_htr.datasets.store import Store
from gluon_htr.images.augmentation_settings import Augmentation
from gluon_htr.images.preprocessing import Preprocessing
from gluon_htr.networks.configuration import Network, NoEncoder, Preset
from gluon_htr.text.alphabet import Alphabet
from gluon_htr.training.batches import Batches
from gluon_htr.training.engines.interface import Arrays
from gluon_htr.training.objectives.batch import Batch
from gluon_htr.training.runs import Run, create_run
from gluon_htr.training.settings import Request

ALPHABET = Alphabet("ab")
BLANK = len(ALPHABET)


class FakeEngine:
    """An engine with one parameter, the number of samples that it reads. Implements `Engine`.

    skill: samples that are read after so many steps. losses: by step, where they are not 1. The images are those of
    `spelled_store`: the class of each time step in the first row, the sample's number in the second.
    """

    name = "fake"

    def __init__(self, skill: Callable[[int], float], losses: Mapping[int, float] | None = None) -> None:
        self._skill, self._losses = skill, losses or {}
        self._steps, self._reads = 0, float(skill(0))
        self.seen: list[tuple[int, bytes, float]] = []  # (seed, labels, rate) of each step

    def step(self, batch: Batch, rate: float, seed: int) -> float:
        self.seen.append((seed, batch.labels.tobytes(), rate))
        loss = self._losses.get(self._steps, 1.0)
        self._steps += 1
        self._reads = float(self._skill(self._steps))
        return loss

    def predict(self, images: np.ndarray) -> np.ndarray:
        classes = images[:, 0, :].astype(int)
        classes[images[:, 1, 0] >= self._reads] = BLANK
        return np.eye(BLANK + 1, dtype=np.float32)[classes]

    def parameters(self) -> Arrays:
        return {"arg:reads": np.array([self._reads], np.float32)}

    def state(self) -> Arrays:
        return {"steps": np.array([self._steps], np.int64)}

    def restore(self, parameters: Arrays, state: Arrays | None = None) -> None:
        self._reads = float(parameters["arg:reads"][0])
        if state is not None:
            self._steps = int(state["steps"][0])


def spelled_store(texts: Sequence[str], steps: int = 6) -> Store:
    """A store whose images spell their texts to the `FakeEngine`."""
    samples = []
    for number, text in enumerate(texts):
        image = np.full((2, steps), BLANK, np.uint8)
        for place, character in enumerate(text):
            image[0, 2 * place] = ALPHABET.characters.index(character)
        image[1, 0] = number
        samples.append((f"id-{number}", text, f"group-{number % 4}", image))
    return Store.collect(samples, [])


def fake_run(folder: Path, init: str | None = None, budget: float | None = None, **training: object) -> Run:
    """A run whose network does not matter. training: keys of the preset's table."""
    settings = {"batch_size": 4, "epochs": 4, "average": 0.0, "schedule": {"warmup": 0}} | training
    preset = Preset(
        "fake", Preprocessing("height", 2, 64, 2), Network(featurizer=[], encoder=NoEncoder()), training=settings
    )
    request = Request(preset="fake", data=["listing:none"], init=init, budget=budget)
    return create_run(folder, request, preset, ALPHABET, "0" * 64)


def fake_batches(store: Store, batch_size: int = 4) -> Batches:
    """Batches that are made in this process, without augmentation."""
    return Batches(store, ALPHABET, batch_size, Augmentation(share=0.0), seed=0, workers=0)
