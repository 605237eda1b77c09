#!/usr/bin/env bash
# english-lines for another language in Latin letters: some 200 transcribed lines, and texts in that language, which generated
# hands write beside them: a network also learns which letters follow each other. Ten minutes on two cores, with torch.
#   examples/language.sh LINES TEXTS [OPTION OF TRAIN ...]
#   examples/language.sh listing:mine/labels.tsv french/
# LINES: a spec; TEXTS: a text file in UTF-8, or a folder of .txt files. Wants handwriting fonts in FONTS, as
# examples/english_lines.sh does. Block letters are written in data/characters (data/README.md), or not at all without it. A
# part of the lines is held out to see whether it reads better. A run that was stopped goes on.
set -euo pipefail
lines="${1:?name your lines, such as listing:mine/labels.tsv}"
texts="${2:?name texts in the language, a text file or a folder of .txt files}"
shift 2
here="$(cd "$(dirname "$0")/.." && pwd)"
command -v gluon-htr > /dev/null || PATH="$here/.venv/bin:$PATH"
fonts="${FONTS:-$here/runs/fonts}"
work="${WORK:-runs/language}"
drawings="${DRAWINGS:-$here/data/characters/chars74k-trajectories.json.xz}"
pack() { gluon-htr prepare "$1" --preset lines --output "$work/$2.rec"; }

[ -e "$fonts" ] || { echo "error: $fonts does not exist: name a folder of handwriting fonts in FONTS" >&2; exit 2; }
pack "$lines" lines
pack "fonts:$fonts?corpus=$texts&texts=lines&alphabet=any&count=1500" outline
data=(--data "records:$work/lines.rec*8" --data "records:$work/outline.rec*0.4")
if [ -e "$drawings" ]; then
    # In capitals, and in small letters and capitals mixed as writers of block letters mix them.
    mkdir -p "$work/capitals"
    for small in a-z a-dgln-tw-z abdf-hk-npr-u b-df-hj-np-tw-z; do
        find -L "$texts" -type f \( -iname '*.txt' -o -samefile "$texts" \) -exec awk 1 {} + | { grep -avi gutenberg || true; } |
            tr "$small" "${small^^}" > "$work/capitals/$small.txt"
    done
    # Nobody drew letters with marks: english.json makes bare ones of them.
    letters="fonts:$drawings?texts=lines&alphabet=$here/examples/english.json"
    pack "$letters&corpus=$work/capitals&joins=0.8&count=1000" capitals
    pack "$letters&corpus=$texts&joins=0.8&small_capitals=0.8&count=1000&seed=1" small
    pack "$letters&corpus=$texts&count=500&seed=2" letters
    for name in capitals small letters; do data+=(--data "records:$work/$name.rec*0.4"); done
else
    echo "no block letters: $drawings does not exist" >&2
fi

# Of 200 lines and as many generated ones each is seen often; with more lines, fewer times each is as good.
gluon-htr train --preset lines --init english-lines --engine torch --precision auto --budget 8m --resume --output "$work/run" \
    "${data[@]}" "$@"
