"""README.md of each target: the commands to run there, and the results to expect."""

from __future__ import annotations

_HEAD = """# {name} for {board}

Made by `gluon-htr dpu package`. The featurizer, `{image}` to `{features}`, is for the DPU; `tail.onnx` and the decoding
run on the CPU. `dpu_runner.py` runs both and needs numpy and onnxruntime alone. Images are PGM or PNG of dark ink on
light paper, cut to what is to be read: it does not invert, straighten or trim them as `gluon-htr predict` does.

Nothing in this folder has run on a board where it was made. `python3 dpu_runner.py --engine cpu IMAGE` runs the same
int8 graph without a DPU: compare with it. A DPU may differ from it by one step in places, since it rounds halves
differently.

"""

_VEK280 = """## On the board (Vitis AI 3.5, AMD's image with its onnxruntime)

```sh
python3 dpu_runner.py --engine vitisai --vaip /usr/bin/vaip_config.json word.png
```

The provider compiles the DPU's part of `featurizer.int8.onnx` when it is first loaded, which takes minutes, and leaves
the rest to the CPU. `vaip_config.json` is part of AMD's image and not of this folder: it belongs to the provider's
version. Without `--engine`, the runner uses the DPU if possible, and prints a message if not.
"""

_ZYNQ = """## On a computer with AMD's container of Vitis AI 3.0 for PyTorch

```sh
docker run -it --rm -v "$PWD":/workspace -w /workspace xilinx/vitis-ai-pytorch-cpu:latest bash
conda activate vitis-ai-pytorch
python vai_quantize.py calib
python vai_quantize.py test
vai_c_xir -x quantize_result/Featurizer_int.xmodel -a /opt/vitis_ai/compiler/arch/{arch}/arch.json \\
    -o compiled -n featurizer
cp compiled/featurizer.xmodel .
```

`arch.json` must be that of the bitstream on the board (`xdputil query` names its fingerprint); ZCU102, ZCU104, KV260
and VCK190 have theirs in that folder. The compiler must make one DPU subgraph of it, as `gluon-htr dpu plan` predicts.

## On the board

```sh
python3 dpu_runner.py --engine vart word.png
```

`calibration.npy` holds images of your calibration data: their terms apply to everyone who receives this folder.
"""

_EDGE = """## On a computer with AMD Quark

```sh
pip install amd-quark onnxruntime torch          # an environment of its own: it needs numpy 2
python quark_quantize.py VINT8 featurizer.onnx calibration.npy featurizer.int8.onnx
```

This replaces the featurizer that `gluon-htr` quantized by one with the settings that AMD calls VINT8: rounding also
between a convolution and its ReLU. Compile it with the tools of the board's release, or let its provider compile it:

## On the board

```sh
python3 dpu_runner.py --engine vitisai --vaip PATH_OF_ITS_CONFIGURATION word.png
```

`calibration.npy` holds images of your calibration data: their terms apply to everyone who receives this folder.
"""

BOARDS = {
    "vek280": ("VEK280 or V70 (DPUCV2DX8G, Vitis AI 3.5)", _VEK280),
    "zynq": ("Zynq UltraScale+ or VCK190 (DPUCZDX8G, DPUCVDX8G, Vitis AI 3.0)", _ZYNQ),
    "edge-gen2": ("Versal AI Edge Gen 2", _EDGE),
}


def readme(target: str, name: str, image: str, features: str) -> str:
    """Write the README of a target. image, features: shapes at either end of the featurizer."""
    board, text = BOARDS[target]
    head = _HEAD.format(name=name, board=board, image=image, features=features)
    return head + text.format(arch="DPUCZDX8G/ZCU102") if target == "zynq" else head + text
