"""A bundle as a model repository of the Triton Inference Server, with what a client needs to know.

The layout and `config.pbtxt`: NVIDIA's user guide, "Model Repository" and "Model Configuration".
"""

from __future__ import annotations

from pathlib import Path

from .._storage import write_atomically
from ..bundles.reader import Bundle
from ..bundles.schema import DOCUMENT, Tensor
from ..bundles.writer import write_bundle

LARGEST_BATCH, QUEUE_MICROSECONDS = 64, 3000

_README = """# {name} on a model server

In this folder, or with it mounted in a container that has Triton:

    tritonserver --model-repository=$PWD

Then `python client.py http://localhost:8000 picture.png`.

The server computes `{target}` (N, steps, {classes}) from `{source}` (N, 1, {height}, width; ink is 1, paper 0).
Whatever speaks version 2 of the Open Inference Protocol can serve it. Images of one width that come within {delay}
ms are computed as one batch. `labels.txt` has the character of each class, a line each; the last class is the CTC
blank. With `{name}.zip`, the bundle from which this was made, gluon_htr prepares images and decodes what the
server answers.
"""

_CLIENT = '''"""Reads pictures by way of the server: python client.py http://localhost:8000 picture.png …"""

import sys
from pathlib import Path

import gluon_htr

address, *pictures = sys.argv[1:]
recognizer = gluon_htr.load(Path(__file__).parent / "{name}.zip", engine=address)
for picture, recognition in recognizer.stream(pictures):
    print(picture, recognition.text, sep="\\t")
'''


def write_repository(bundle: Bundle, folder: Path) -> None:
    """Writes the repository into `folder`. Raises `StorageError`."""
    about = bundle.description
    (source,), (target,) = about.inputs, about.outputs
    labels = [*about.alphabet, "<blank>"]
    words = {
        "name": about.name,
        "source": source.name,
        "target": target.name,
        "height": about.preprocessing.fit.height,
        "classes": len(labels),
        "delay": QUEUE_MICROSECONDS // 1000,
    }
    model = folder / about.name
    write_atomically(model / "1" / "model.onnx", bundle.model)
    write_atomically(model / "config.pbtxt", configuration(about.name, source, target).encode())
    write_atomically(model / "labels.txt", "".join(f"{label}\n" for label in labels).encode())
    write_bundle(folder / f"{about.name}.zip", about, {k: v for k, v in bundle.files.items() if k != DOCUMENT})
    write_atomically(folder / "client.py", _CLIENT.format(**words).encode())
    write_atomically(folder / "README.md", _README.format(**words).encode())


def configuration(name: str, source: Tensor, target: Tensor) -> str:
    """`config.pbtxt`: any width, and requests of like width in one batch."""
    return f"""name: "{name}"
backend: "onnxruntime"
max_batch_size: {LARGEST_BATCH}
input [ {_tensor(source)} ]
output [ {_tensor(target)} ]
dynamic_batching {{ max_queue_delay_microseconds: {QUEUE_MICROSECONDS} }}
"""


def _tensor(tensor: Tensor) -> str:
    """Without its batch dimension, which Triton adds."""
    sizes = ", ".join(str(size) if isinstance(size, int) else "-1" for size in tensor.shape[1:])
    return f'{{ name: "{tensor.name}" data_type: TYPE_FP32 dims: [ {sizes} ] }}'
