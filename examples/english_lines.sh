#!/usr/bin/env bash
# english-lines, the model for whole lines of many hands: from data to a bundle. Hours on two cores, minutes on a GPU.
#   examples/english_lines.sh [--device gpu:0]
# Wants data/iam, data/iam-online, data/pages/hooker and data/corpora (data/README.md). A run that was stopped goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
packed=runs/packed
pack() { gluon-htr prepare "$1" --preset lines --output "$packed/$2.rec"; }

pack 'iam-lines:data/iam?split=train' iam-lines
pack 'iam-words:data/iam?split=train' iam-words
pack 'iam-online:data/iam-online?split=train&variants=3' online
pack 'iam-online:data/iam-online?split=validation-v&variants=3' online-v
pack 'fonts:hershey?corpus=data/corpora&count=20000' fonts
pack 'pages:data/pages/hooker?split=train' hooker
pack 'iam-lines:data/iam?split=validation' validation

# The real lines come three times, for every invented one.
gluon-htr train --preset lines --engine torch --precision bfloat16 --output runs/english-lines --resume --budget 8h "$@" \
    --data "records:$packed/iam-lines.rec" --data "records:$packed/iam-lines.rec" --data "records:$packed/iam-lines.rec" \
    --data "records:$packed/iam-words.rec*0.5" --data "records:$packed/online.rec" --data "records:$packed/online-v.rec" \
    --data "records:$packed/fonts.rec*0.5" --data "records:$packed/hooker.rec" \
    --validation "records:$packed/validation.rec"
gluon-htr export runs/english-lines --output english-lines.zip --float16

gluon-htr evaluate --model english-lines.zip --data 'iam-lines:data/iam?split=validation'
gluon-htr evaluate --model english-lines.zip --data 'iam-lines:data/iam?split=validation&paper=1'
gluon-htr evaluate --model english-lines.zip --data 'iam-words:data/iam?split=validation'
gluon-htr evaluate --model english-lines.zip --data 'iam-online:data/iam-online?split=validation-t'
gluon-htr evaluate --model english-lines.zip --data 'pages:data/pages/hooker?split=validation'
