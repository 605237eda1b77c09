#!/usr/bin/env bash
# An alphabet of thousands, from a font to a model that reads it: 3,755 Chinese characters, digits and punctuation.
#   examples/chinese.sh POEMS.txt [--device gpu:0]
# Wants a CJK font (apt-get install fonts-wqy-zenhei, or FONTS=folder) and any Chinese text in UTF-8 to be read at the end: the
# training sees random characters alone. Forty minutes on two cores. A run that was stopped goes on.
set -euo pipefail
text="$(realpath "${1:?name a Chinese text to be read at the end}")"
shift
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] && PATH="$PWD/.venv/bin:$PATH"
fonts="${FONTS:-/usr/share/fonts/truetype/wqy}"
work=runs/chinese
random="fonts:$fonts?texts=characters"
unseen="fonts:$fonts?texts=lines&alphabet=gb2312&corpus=$text"
pack() { gluon-htr prepare "$1" --preset examples/chinese.toml --output "$work/$2.rec" "${@:3}"; }
train() {
    gluon-htr train --config examples/chinese.toml --engine torch --precision auto --resume \
        --validation "records:$work/$1-validation.rec" --alphabet "$work/$1.json" --data "records:$work/$1.rec" \
        --output "$work/run-$1" "${@:2}"
}

# What the text looks like, before an hour is spent on it.
gluon-htr synthesize "$unseen" --count 10 --output "$work/look"

# With thousands of classes at once CTC finds no foothold: a few hundred common characters first.
gluon-htr prepare text:examples/chinese.txt --alphabet "$work/few.json"
pack "$random&alphabet=$work/few.json&count=12000&seed=3" few
pack "$random&alphabet=$work/few.json&count=200&seed=4" few-validation
train few --budget 5m "$@"

pack "$random&alphabet=gb2312&count=60000" all --alphabet "$work/all.json"
pack "$random&alphabet=gb2312&count=400&seed=1" all-validation
train all --init "$work/run-few" --budget 20m "$@"

gluon-htr export "$work/run-all" --output "$work/chinese.zip" --float16
gluon-htr evaluate --model "$work/chinese.zip" --data "$unseen&count=500&seed=2"
