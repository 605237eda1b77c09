#!/usr/bin/env bash
# english-lines for another language in Latin letters: some 200 transcribed lines, and texts in that language, which generated
# hands write beside them: a network also learns which letters follow each other. Ten minutes on two cores.
#   examples/language.sh LINES TEXTS [OPTION OF TRAIN ...]
#   examples/language.sh 'listing:mine/labels.tsv' french/ --budget 8m
# LINES: a spec; TEXTS: a .txt file in UTF-8, or a folder of them. Wants handwriting fonts in FONTS, as examples/english_lines.sh
# does, and for block letters data/characters (data/README.md). A part of the lines is held out to see whether it reads better.
set -euo pipefail
lines="${1:?name your lines, such as listing:mine/labels.tsv}"
texts="${2:?name texts in the language, a .txt file or a folder of them}"
shift 2
[ -x .venv/bin/python ] && PATH="$PWD/.venv/bin:$PATH"
fonts="${FONTS:-runs/fonts}"
work="${WORK:-runs/language}"
letters=fonts:data/characters/chars74k-trajectories.json.xz
pack() { gluon-htr prepare "$1" --preset lines --output "$work/$2.rec"; }

pack "$lines" lines
pack "fonts:$fonts?corpus=$texts&texts=lines&alphabet=any&count=1500" outline
# Nobody drew letters with marks: these go without. In small letters and in capitals, and in both mixed.
find "$texts" -name '*.txt' -exec cat {} + | python -c '
import sys, unicodedata
marked = unicodedata.normalize("NFD", sys.stdin.read())
sys.stdout.write("".join(character for character in marked if character.isascii()))' > "$work/bare.txt"
for small in a-z a-dgln-tw-z abdf-hk-npr-u b-df-hj-np-tw-z; do tr "$small" "${small^^}" < "$work/bare.txt"; done > "$work/capitals.txt"
ascii="texts=lines&alphabet=examples/english.json&joins=0.8"
pack "$letters?corpus=$work/capitals.txt&$ascii&count=1000" capitals
pack "$letters?corpus=$work/bare.txt&$ascii&small_capitals=0.8&count=1000&seed=1" small
pack "$letters?corpus=$work/bare.txt&$ascii&count=500&seed=2" letters

# Of 200 lines and as many generated ones, each is seen often; with more lines, fewer times each is as good.
gluon-htr train --preset lines --init english-lines --engine torch --precision bfloat16 --budget 8m --output "$work/run" \
    --data "records:$work/lines.rec*8" --data "records:$work/outline.rec*0.4" --data "records:$work/capitals.rec*0.4" \
    --data "records:$work/small.rec*0.4" --data "records:$work/letters.rec*0.4" "$@"
