#!/usr/bin/env bash
# english-lines for another language in Latin letters: some 200 transcribed lines, and texts in that language, which generated
# hands write beside them: a network also learns which letters follow each other. Ten minutes on two cores, with torch.
#   examples/language.sh LINES TEXTS [OPTION OF TRAIN ...]
#   examples/language.sh listing:mine/labels.tsv french/
# LINES: a spec; TEXTS: a text file in UTF-8, or a folder of .txt files. Wants handwriting fonts in FONTS: what
# examples/handwriting_fonts.sh fetches, and Debian's, as examples/english_lines.sh says. Joined block letters are written in
# data/characters (data/README.md), or not at all without it. A part of the lines is held out to see whether it reads better. A
# run that was stopped goes on.
set -euo pipefail
lines="${1:?name your lines, such as listing:mine/labels.tsv}"
texts="${2:?name texts in the language, a text file or a folder of .txt files}"
shift 2
here="$(cd "$(dirname "$0")/.." && pwd)"
command -v gluon-htr > /dev/null || PATH="$here/.venv/bin:$PATH"
fonts="${FONTS:-$here/runs/fonts}"
work="${WORK:-runs/language}"
drawings="${DRAWINGS:-$here/data/characters/chars74k-trajectories.json.xz}"
pack() { gluon-htr prepare "$1" --preset lines-fast --output "$work/$2.rec"; }

[ -e "$fonts" ] || { echo "error: $fonts does not exist: name a folder of handwriting fonts in FONTS" >&2; exit 2; }
# Block letters in two ways: capitals alone, which are transcribed in small letters; and capitals among small letters, as writers
# mix them, which are transcribed as they stand.
mkdir -p "$work/capitals"
for small in a-dgln-tw-z abdf-hk-npr-u b-df-hj-np-tw-z ab-dgj-npq-tvy; do
    find -L "$texts" -type f \( -iname '*.txt' -o -samefile "$texts" \) -exec awk 1 {} + | { grep -avi gutenberg || true; } |
        tr "$small" "${small^^}" > "$work/capitals/$small.txt"
done
outlines="fonts:$fonts?texts=lines&alphabet=any"
pack "$lines" lines
pack "$outlines&corpus=$texts&count=1400" outline
pack "$outlines&corpus=$texts&small_capitals=1&count=700&seed=1" outline-small
pack "$outlines&corpus=$work/capitals&count=600&seed=2" outline-capitals
generated=(outline outline-small outline-capitals)
if [ -e "$drawings" ]; then
    # Nobody drew letters with marks: english.json makes bare ones of them.
    letters="fonts:$drawings?texts=lines&alphabet=$here/examples/english.json"
    pack "$letters&corpus=$work/capitals&joins=0.8&count=600" capitals
    pack "$letters&corpus=$texts&joins=0.8&small_capitals=1&count=400&seed=1" small
    generated+=(capitals small)
else
    echo "no joined block letters: $drawings does not exist" >&2
fi

# As many of 200 lines as generated ones; with more lines, fewer times each is as good.
data=(--data "records:$work/lines.rec*16")
for name in "${generated[@]}"; do data+=(--data "records:$work/$name.rec"); done
gluon-htr train --config "$here/examples/language.toml" --init english-lines --engine torch --precision auto --budget 9m --resume \
    --output "$work/run" "${data[@]}" "$@"
