"""Quantize the featurizer with Vitis AI's quantizer for PyTorch, inside AMD's container of Vitis AI 3.0.

`python vai_quantize.py calib` chooses scales on calibration.npy.
`python vai_quantize.py test` writes quantize_result/Featurizer_int.xmodel.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np


def main() -> None:
    """Run one of the two passes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("mode", choices=("calib", "test"))
    mode = parser.parse_args().mode

    import featurizer  # type: ignore[import-not-found]
    import torch
    from pytorch_nndct.apis import torch_quantizer

    images = np.load(Path(__file__).parent / "calibration.npy")
    batch = torch.from_numpy((255 - images[:, None].astype(np.float32)) / 255)
    module = featurizer.load()
    quantizer = torch_quantizer(mode, module, (batch[:1],), output_dir="quantize_result", device=torch.device("cpu"))
    with torch.no_grad():
        for image in batch if mode == "calib" else batch[:1]:  # to export a graph, it wants one image
            quantizer.quant_model(image[None])
    if mode == "calib":
        quantizer.export_quant_config()
    else:
        quantizer.export_xmodel(output_dir="quantize_result", deploy_check=False)


if __name__ == "__main__":
    main()
