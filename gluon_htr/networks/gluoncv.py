"""Any ResNet of GluonCV as a featurizer: `featurizer = "gluoncv:resnet18_v1b"`.

Its blocks are used up to the horizontal stride that the preset allows; later ones, which would leave too few columns
for the text, are cut off. The first convolution adapts to one gray channel by itself, since weights are initialized
here. GluonCV cannot be imported beside torch 2 and is an extra of its own.
"""

from __future__ import annotations

from typing import Any

from .._mxnet import mx
from ..errors import ConfigurationError, MissingToolError

FAMILIES = ("resnet", "resnext", "resnest", "se_resnet", "se_resnext")
_PROBE = 256  # pixels: a width that every stride divides


def featurizer(name: str, stride: int) -> Any:
    """Build a featurizer. name: "gluoncv:NAME". stride: image pixels per column of the result.

    Returns a HybridBlock, (N, 1, H, W) to (N, C, ⌈H / stride⌉, W / stride). Raises `MissingToolError` without gluoncv
    and `ConfigurationError` for a model that it does not have, that is not a ResNet, or that never reaches the stride.
    """
    block, data, reached = mx.gluon.nn.HybridSequential(prefix="featurizer_"), mx.sym.var("data"), 1
    for part in _parts(name):
        data = part(data)
        _, (shape,), _ = data.infer_shape(data=(1, 1, _PROBE, _PROBE))
        if len(shape) != 4 or _PROBE // shape[3] > stride:
            break
        reached = _PROBE // shape[3]
        block.add(part)
    if reached != stride:
        raise ConfigurationError(
            f"network.stride is {stride}, but {name} cannot be cut there; its stage before has {reached}"
        )
    return block


def _parts(name: str) -> list[Any]:
    """Return the blocks of a model of the zoo, in order."""
    try:
        from gluoncv import model_zoo
    except Exception as error:  # gluoncv raises various errors for versions that it does not know
        raise MissingToolError(
            f"gluoncv cannot be imported ({' '.join(str(error).split())}); install it in an environment of its own, "
            "without torch: pip install 'gluon-htr[gluoncv]'"
        ) from None
    model_name = name.removeprefix("gluoncv:").lower()
    try:
        if not model_name.startswith(FAMILIES):
            raise ValueError(model_name)
        model = model_zoo.get_model(model_name, pretrained=False)
    except ValueError:
        raise ConfigurationError(f"{name} is not a ResNet of gluoncv; try gluoncv:resnet18_v1b") from None
    return list(getattr(model, "features", model)._children.values())
