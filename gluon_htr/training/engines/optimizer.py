"""Settings of the optimizer, with the same meaning in both engines."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ...networks.configuration import Fraction

Positive = Annotated[float, Meta(gt=0.0)]
NotNegative = Annotated[float, Meta(ge=0.0)]


class OptimizerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Update rule of the weights. The learning rate belongs to the schedule and is passed with every step."""

    kind: Literal["adam", "sgd"] = "adam"
    momentum: Fraction = 0.9  # sgd
    beta1: Fraction = 0.9  # adam: of the gradient's mean
    beta2: Fraction = 0.999  # adam: of its square
    epsilon: Positive = 1e-8  # adam
    weight_decay: NotNegative = 0.0  # L2, on weights only: not on biases and batch norms
    clip: NotNegative = 0.0  # largest norm of all gradients together; 0 = no limit
    frozen: tuple[str, ...] = ()  # prefixes of weights that are not trained: `stage` is the whole featurizer

    def trains(self, name: str) -> bool:
        """Test whether the parameter of this Gluon name is trained."""
        return not name.startswith(self.frozen)

    def decays(self, name: str) -> bool:
        """Test whether weight decay applies to the parameter of this Gluon name."""
        return self.weight_decay > 0 and name.endswith("weight")
