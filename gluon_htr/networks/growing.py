"""Growing a trained network: residual stages between the trained stages, which compute the identity at first.

A stage with `residual = true` and `norm = "before"` computes relu(x + norm(convolution(x))). If the norm's gamma is 0,
that is the identity, since the output of a ReLU, pooled or not, is never negative. Goyal et al. 2017 (section 5.1)
initialize all residual blocks so. A network with another encoder takes the featurizer only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..errors import ConfigurationError
from .configuration import Convolution, Network

Arrays = dict[str, np.ndarray]
_STAGE = re.compile(r"(?<=:)stage(\d+)_")


def grown(old: Network, trained: Arrays, new: Network, initial: Arrays) -> Arrays:
    """Return the weights of `new`: those of `old` for common layers, and elsewhere initial ones that compute the
    identity.

    trained, initial: all parameters of the two networks, which have the same classes. With another encoder, encoder and
    decoder keep their initial weights. Raises `ConfigurationError` if `new` is not `old` with residual stages in
    between.
    """
    places = matched_stages(old, new)
    if not has_same_encoder(old, new):
        trained = {name: array for name, array in trained.items() if _STAGE.search(name)}
    moved = {_STAGE.sub(lambda found: f"stage{places[int(found[1])]}_", name): a for name, a in trained.items()}
    for name, array in moved.items():
        if name not in initial or initial[name].shape != array.shape:
            raise ConfigurationError(f"the trained {name} of shape {array.shape} has no place in the new network")
    result = initial | moved
    for name in initial.keys() - moved.keys():
        if has_same_encoder(old, new) and not _STAGE.search(name):
            raise ConfigurationError(f"the new network's {name} is in none of its stages, and the trained one lacks it")
        if name.endswith("norm_gamma") and _is_residual(new, name):
            result[name] = np.zeros_like(initial[name])
    return result


def matched_stages(old: Network, new: Network) -> dict[int, int]:
    """Map the number of each stage of `old`, from 1, to that of the stage of `new` that it becomes.

    Their order stays. A stage may lose its pooling to a residual one behind it. With another encoder, any stages may
    follow the last one. Raises `ConfigurationError` if a stage has no counterpart, or if another new stage is not
    residual, or stands behind one with norm = "after", whose negative outputs it would not pass on.
    """
    if isinstance(old.featurizer, str) or isinstance(new.featurizer, str):
        raise ConfigurationError("only networks with [[network.featurizer]] tables can be grown")
    waiting = list(enumerate(old.featurizer, 1))
    places: dict[int, int] = {}
    for number, stage in enumerate(new.featurizer, 1):
        if waiting and _shape(waiting[0][1]) == _shape(stage):
            places[waiting.pop(0)[0]] = number
        elif not _passes_on(new.featurizer, number) and (waiting or has_same_encoder(old, new)):
            raise ConfigurationError(
                f"stage {number} of the new network is none of the trained ones in their order, and cannot start as "
                'the identity: that takes residual = true and norm = "before", and no norm = "after" in front of it'
            )
    if waiting:
        raise ConfigurationError(f"the trained stage {waiting[0][0]} has no place in the new network")
    return places


def has_same_encoder(old: Network, new: Network) -> bool:
    """Test whether two networks make the same of the columns of their featurizers."""
    return (old.encoder, old.columns) == (new.encoder, new.columns)


def _passes_on(stages: Sequence[Convolution], number: int) -> bool:
    """Test whether a stage, counted from 1, can start as the identity of its input, which must not be negative."""
    return _is_identity(stages[number - 1]) and not (number > 1 and stages[number - 2].norm == "after")


def _is_identity(stage: Convolution) -> bool:
    """Test whether a stage computes the identity when its norm's gamma is 0."""
    return stage.residual and stage.norm == "before"


def _is_residual(network: Network, name: str) -> bool:
    """Test whether a parameter belongs to a stage that can be the identity."""
    found = _STAGE.search(name)
    return bool(
        found and not isinstance(network.featurizer, str) and _is_identity(network.featurizer[int(found[1]) - 1])
    )


def _shape(stage: object) -> tuple[object, ...]:
    """Return what determines a stage's weights and its function, except for pooling."""
    keys = ("channels", "kernel", "stride", "norm", "residual", "dilation", "pad_height")
    return tuple(getattr(stage, key) for key in keys)
