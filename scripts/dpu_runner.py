#!/usr/bin/env python3
"""Read images with a folder of `gluon-htr dpu package`, from a checkout: scripts/dpu_runner.py --folder DIR word.png

The program itself is the file that every such folder has; it needs numpy and onnxruntime alone.
"""

import runpy
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[1] / "gluon_htr" / "quantization" / "dpu" / "targets" / "dpu_runner.py"

if __name__ == "__main__":
    runpy.run_path(str(PROGRAM), run_name="__main__")
