#!/usr/bin/env bash
# An alphabet of thousands, from a font to a model that reads it: 3,755 Chinese characters, digits and punctuation.
#   examples/chinese.sh POEMS.txt [--device gpu:0]
# Wants a CJK font (apt-get install fonts-wqy-zenhei, or FONTS=folder) and any Chinese text in UTF-8 to be read at the end: the
# training sees random characters alone. Ninety minutes on two cores. A run that was stopped goes on.
set -euo pipefail
text="$(realpath "$1")"
shift
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] && PATH="$PWD/.venv/bin:$PATH"
fonts="${FONTS:-/usr/share/fonts/truetype/wqy}"
work=runs/chinese
random="fonts:$fonts?texts=characters&alphabet=gb2312"
unseen="fonts:$fonts?texts=lines&alphabet=gb2312&corpus=$text"

gluon-htr prepare "$random&count=60000" --preset examples/chinese.toml --output "$work/train.rec" --alphabet "$work/alphabet.json"
gluon-htr prepare "$random&count=400&seed=1" --preset examples/chinese.toml --output "$work/validation.rec"

gluon-htr train --config examples/chinese.toml --engine torch --precision bfloat16 --budget 80m --resume "$@" \
    --data "records:$work/train.rec" --validation "records:$work/validation.rec" \
    --alphabet "$work/alphabet.json" --output "$work/run"
gluon-htr export "$work/run" --output "$work/chinese.zip" --float16

gluon-htr evaluate --model "$work/chinese.zip" --data "$unseen&count=500&seed=2"
