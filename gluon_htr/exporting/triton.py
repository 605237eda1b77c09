"""A bundle as a model repository of the Triton Inference Server, with the files that a client needs.

The layout and `config.pbtxt`: NVIDIA's user guide, "Model Repository" and "Model Configuration". A repository has a
folder for each model. In it, Triton takes folders with numbers for versions of the model and ignores other files: so
the files for clients are there, too, and models do not conflict.
"""

from __future__ import annotations

from pathlib import Path

from .._storage import atomic_folder, write_atomically
from ..bundles.reader import Bundle
from ..bundles.schema import Tensor
from ..bundles.upgrade import current_files
from ..bundles.writer import write_bundle
from ..errors import UsageError

MAX_BATCH, QUEUE_MICROSECONDS = 64, 3000

_README = """# {name} on a model server

The folder above this one is a model repository, which may hold more models. There, or with it mounted in a container
that has Triton:

    tritonserver --model-repository=$PWD

Then `python {name}/client.py http://localhost:8000 picture.png`, where gluon_htr is installed.

The server computes `{target}` (N, steps, {classes}) from `{source}` (N, 1, {height}, width; ink is 1, paper 0).
Whatever speaks version 2 of the Open Inference Protocol can serve it. Images of one width that come within {delay}
ms are computed as one batch. `labels.txt` has the character of each class, a line each; the last class is the CTC
blank. With `{name}.zip`, the bundle from which this was made, gluon_htr prepares images and decodes what the
server answers.
"""

_CLIENT = '''"""Reads pictures by way of a model server that has {name}."""

import argparse
import sys
from pathlib import Path

import gluon_htr
from gluon_htr.errors import HtrError

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("address", metavar="ADDRESS", help="of the server: http://localhost:8000")
parser.add_argument("pictures", metavar="PICTURE", nargs="+")
given = parser.parse_args()
failures = []
try:
    recognizer = gluon_htr.load(Path(__file__).parent / "{name}.zip", engine=given.address)
    for picture, recognition in recognizer.stream(given.pictures, failed=lambda *failure: failures.append(failure)):
        print(picture, recognition.text, sep="\\t")
except HtrError as error:
    sys.exit(f"error: {{error}}")
for _, error in failures:
    print(f"error: {{error}}", file=sys.stderr)
sys.exit(1 if failures else 0)
'''


def check_repository(folder: Path, name: str) -> None:
    """Raise `UsageError` if `write_repository` would: to be checked before hours of work."""
    if (folder / name).exists():
        raise UsageError(f"{folder / name} exists already: remove it, or give --triton another folder")


def write_repository(bundle: Bundle, folder: Path) -> Path:
    """Add the model to the repository `folder`, under its name; return its folder.

    Raises `UsageError` if that folder exists already, `StorageError` if it cannot be written.
    """
    about = bundle.description
    (source,), (target,) = about.inputs, about.outputs
    labels = [*bundle.reader.alphabet, "<blank>"]
    words = {
        "name": about.name,
        "source": source.name,
        "target": target.name,
        "height": bundle.reader.preprocessing.fit.height,
        "classes": len(labels),
        "delay": QUEUE_MICROSECONDS // 1000,
    }
    check_repository(folder, about.name)
    with atomic_folder(folder / about.name) as model:
        write_atomically(model / "1" / "model.onnx", bundle.model)
        write_atomically(model / "config.pbtxt", configuration(about.name, source, target).encode())
        write_atomically(model / "labels.txt", "".join(f"{label}\n" for label in labels).encode())
        write_bundle(model / f"{about.name}.zip", about, current_files(bundle))
        write_atomically(model / "client.py", _CLIENT.format(**words).encode())
        write_atomically(model / "README.md", _README.format(**words).encode())
    return folder / about.name


def configuration(name: str, source: Tensor, target: Tensor) -> str:
    """Return `config.pbtxt`: any width, and requests of equal width in one batch."""
    return f"""name: "{name}"
backend: "onnxruntime"
max_batch_size: {MAX_BATCH}
input [ {_tensor(source)} ]
output [ {_tensor(target)} ]
dynamic_batching {{ max_queue_delay_microseconds: {QUEUE_MICROSECONDS} }}
"""


def _tensor(tensor: Tensor) -> str:
    """Format a tensor without its batch dimension, which Triton adds."""
    sizes = ", ".join(str(size) if isinstance(size, int) else "-1" for size in tensor.shape[1:])
    return f'{{ name: "{tensor.name}" data_type: TYPE_FP32 dims: [ {sizes} ] }}'
