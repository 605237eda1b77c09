#!/bin/sh
# From a bundle to a board in one line: scripts/dpu_convert.sh BUNDLE CALIBRATION_SPEC TARGET [OUTPUT]
#   scripts/dpu_convert.sh words 'iam-words:data/iam?split=train' zynq
# TARGET: vek280 | zynq | edge-gen2. Exit status 3 where a tool of AMD's is missing: what could be done is in OUTPUT then.
# ARCH=/path/arch.json names the DPU of the board for zynq.
set -eu
[ $# -ge 3 ] || { echo "usage: scripts/dpu_convert.sh BUNDLE CALIBRATION_SPEC TARGET [OUTPUT]" >&2; exit 2; }
bundle=$1 calibration=$2 target=$3 output=${4:-dpu-$3}
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")/.." && pwd)
[ -x "$here/.venv/bin/python" ] && [ -z "${PYTHON:-}" ] && python=$here/.venv/bin/python
case $target in
    vek280) dpu=DPUCV2DX8G-4x32x32 ;;
    edge-gen2) dpu=DPUCV2DX8G-4x32x32 ;;
    *) dpu=DPUCZDX8G-B4096 ;;
esac
missing() { echo "$1 is missing: $output holds all that could be done without it; $output/README.md says how to go on" >&2; exit 3; }

"$python" -m gluon_htr.dpu plan "$bundle" --dpu "$dpu"
"$python" -m gluon_htr.dpu package "$bundle" --calibration "$calibration" --target "$target" --output "$output"
cd "$output"
case $target in
    zynq)
        "$python" -c 'import pytorch_nndct' 2>/dev/null || missing "vai_q_pytorch (pytorch_nndct, in AMD's container of Vitis AI 3.0)"
        "$python" vai_quantize.py calib
        "$python" vai_quantize.py test
        command -v vai_c_xir >/dev/null || missing "vai_c_xir (in AMD's container of Vitis AI 3.0)"
        vai_c_xir -x quantize_result/Featurizer_int.xmodel \
            -a "${ARCH:-/opt/vitis_ai/compiler/arch/DPUCZDX8G/ZCU102/arch.json}" -o . -n featurizer
        ;;
    edge-gen2)
        "$python" -c 'import quark, torch' 2>/dev/null || missing "AMD Quark (pip install 'gluon-htr[quark]')"
        "$python" quark_quantize.py VINT8 featurizer.onnx calibration.npy featurizer.int8.onnx
        ;;
esac
echo "$output is ready: copy it to the board, and follow its README.md"
