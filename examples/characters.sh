#!/bin/sh
# Single characters from the data to a board: train, export, read, evaluate, quantize for CPUs, and plan for an AMD DPU.
#
#   examples/characters.sh [FOLDER]
#
# Needs EMNIST in data/emnist (gluon-htr download --dataset emnist), and the extra `train`. EMNIST names no writers, so
# its official test part is only looked at in the end. PRESET (chars-cnn) and BUDGET (2h) can be set.
set -eu
work=${1:-runs/characters}
preset=${PRESET:-chars-cnn}
train='emnist:data/emnist?split=train'
test='emnist:data/emnist?split=test'

gluon-htr presets "$preset"
gluon-htr train --preset "$preset" --data "$train" --output "$work/$preset" --budget "${BUDGET:-2h}" --resume
gluon-htr export "$work/$preset" --score "$test" --output "$work/$preset.zip"
gluon-htr models verify "$work/$preset.zip"
gluon-htr evaluate --model "$work/$preset.zip" --data "$test" --report "$work/report"
gluon-htr predict --json --model "$work/$preset.zip" examples/character.png

gluon-htr quantize "$work/$preset.zip" --calibration "$train" --output "$work/$preset.int8.zip"
gluon-htr evaluate --model "$work/$preset.int8.zip" --precision int8 --data "$test"

gluon-htr dpu plan "$work/$preset.zip"
gluon-htr dpu quantize "$work/$preset.zip" --calibration "$train" --output "$work/dpu"
gluon-htr dpu evaluate "$work/$preset.zip" "$work/dpu" --data "$test"
