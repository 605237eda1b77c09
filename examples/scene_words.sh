#!/usr/bin/env bash
# crnn on words in photographs: 899 of IIIT5K's for training beside generated ones, 101 of other photographs to score.
#   examples/scene_words.sh [--device gpu:0]
# Wants data/scene/iiit5k, data/corpora (data/README.md) and a folder with fonts: FONTS, or the TrueType ones that
# Debian has installed; fonts without small letters would contradict their labels. Forty minutes on two cores. A run
# that was stopped goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] && PATH="$PWD/.venv/bin:$PATH"
fonts="${FONTS:-/usr/share/fonts/truetype}"
work=runs/scene
photographed='listing:data/scene/iiit5k/train.tags?group=prefix'
generated="fonts:$fonts?alphabet=$work/alphabet.json&texts=words"
pack() { gluon-htr prepare "$1" --preset crnn --output "$work/$2.rec" "${@:3}"; }

pack "$photographed&split=train" photographed --alphabet "$work/alphabet.json"
pack "$photographed&split=validation" validation

# Half of what stands on signs is in capitals. The alphabet has no space, so that several words become one, as there.
find data/corpora -name '*.txt' -exec cat {} + | tr a-z A-Z > "$work/capitals.txt"
pack "$generated&corpus=data/corpora&count=20000&paper=1" words
pack "$generated&corpus=$work/capitals.txt&count=20000&seed=1&paper=2" capitals
pack "fonts:$fonts?alphabet=$work/alphabet.json&texts=patterns&count=4000&paper=3" patterns

# Photographed words come sixteen times, so that they are a quarter of all.
data=(--data "records:$work/words.rec" --data "records:$work/capitals.rec" --data "records:$work/patterns.rec")
data+=(--data "records:$work/photographed.rec*16")
gluon-htr train --preset crnn --engine torch --precision auto --output "$work/run" --resume --budget 40m "$@" \
    "${data[@]}" --validation "records:$work/validation.rec" --alphabet "$work/alphabet.json"

# Labels keep the case of what is seen and leave out punctuation. IIIT5K's authors count without regard to case: so does
# the last line.
gluon-htr evaluate --model "$work/run" --data "records:$work/validation.rec" --report "$work/report"
awk -F'\t' '{ right += toupper($2) == toupper($3) } END { printf "exact whatever the case %.4f\n", right / NR }' \
    "$work/report/texts.tsv"
