#!/usr/bin/env bash
# english-lines, the model for whole lines of many hands: from data to a bundle. Eight hours on two cores, and nine minutes on
# a GPU. Without one: LAST=10h examples/english_lines.sh --device cpu --workers 1
#   examples/english_lines.sh [OPTION OF TRAIN ...]
# Wants data/iam, data/iam-online, data/pages/hooker, data/characters and data/corpora (data/README.md), and handwriting
# fonts in FONTS, by default all of Debian's fonts-bwht fonts-breip fonts-dancingscript fonts-dkg-handwriting
# fonts-ecolier-court fonts-femkeklaver fonts-humor-sans fonts-kaushanscript fonts-kristi, linked into runs/fonts, and what
# examples/handwriting_fonts.sh puts there (which trainings 1 to 5 did not have). A run that was stopped goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] && PATH="$PWD/.venv/bin:$PATH"
fonts="${FONTS:-runs/fonts}"
packed=runs/packed
ascii="corpus=data/corpora&alphabet=examples/english.json"
pack() { gluon-htr prepare "$1" --preset lines-fast --output "$packed/$2.rec"; }

pack 'iam-lines:data/iam?split=train' lines
pack 'recomposed:data/iam?split=train&count=10000' recomposed
pack 'recomposed:data/iam?split=train&count=20000&seed=1' recomposed-1
pack 'iam-words:data/iam?split=train' words
pack 'iam-online:data/iam-online?split=train&variants=2' online
pack 'iam-online:data/iam-online?split=validation-v&variants=2' online-v
pack 'iam-online:data/iam-online?split=train&variants=4' online-4
pack 'iam-online:data/iam-online?split=validation-v&variants=4' online-v-4
pack 'pages:data/pages/hooker?split=train' hooker
pack "fonts:hershey?corpus=data/corpora&count=15000" hershey
pack "fonts:hershey?$ascii&count=5000&seed=1" hershey-ascii
pack "fonts:$fonts?$ascii&count=8000&seed=1" outline
# Lines in capitals, and in small letters and capitals mixed as writers of block letters mix them.
mkdir -p "$packed"
for small in a-z a-dgln-tw-z abdf-hk-npr-u b-df-hj-np-tw-z; do
    find data/corpora -name '*.txt' -exec cat {} + | grep -avi gutenberg | tr "$small" "${small^^}"
done > "$packed/capitals.txt"
capitals="corpus=$packed/capitals.txt&texts=lines&alphabet=examples/english.json"
pack "fonts:hershey?$capitals&count=5000&seed=2" hershey-capitals
pack "fonts:$fonts?$capitals&count=8000&seed=3" outline-capitals
# Block letters of real hands: as they are, in capitals, and with small capitals, which IAM has as small letters.
letters=fonts:data/characters/chars74k-trajectories.json.xz
pack "$letters?$ascii&count=6000&seed=6" letters
pack "$letters?$capitals&count=8000&seed=5" letters-capitals
pack "$letters?$ascii&small_capitals=0.8&count=8000&seed=7" letters-small
pack "fonts:hershey?$ascii&small_capitals=0.8&count=3000&seed=8" hershey-small
pack 'iam-lines:data/iam?split=validation' validation
# Each of these is seen six times by a GPU.
pack 'recomposed:data/iam?split=train&count=40000&seed=3' recomposed-3
pack "$letters?$capitals&joins=0.8&count=10000&seed=11" letters-11
pack "$letters?$ascii&small_capitals=0.8&joins=0.8&count=10000&seed=12" letters-12
pack "$letters?$ascii&small_capitals=0.8&count=6000&seed=13" letters-13
pack "$letters?$ascii&count=6000&seed=14" letters-14
pack "fonts:hershey?$ascii&small_capitals=0.8&joins=0.8&count=3000&seed=15" hershey-15
pack "fonts:$fonts?$ascii&count=26000&seed=16" outline-16
pack "fonts:$fonts?$capitals&count=8000&seed=17" outline-17
pack "fonts:hershey?$ascii&count=9000&seed=18" hershey-18
pack "fonts:hershey?$capitals&count=3000&seed=19" hershey-19

# train RUN BUDGET RECORDS... [-- OPTION...]
network=(--preset lines-fast)
train() {
    local run="$1" budget="$2" data=()
    shift 2
    while [ $# -gt 0 ] && [ "$1" != -- ]; do data+=(--data "records:$packed/$1"); shift; done
    gluon-htr train "${network[@]}" --engine torch --precision auto --output "runs/$run" --resume --budget "$budget" \
        --alphabet examples/english.json "${data[@]}" --validation "records:$packed/validation.rec" "${@:2}"
}

# Real lines come four times an epoch; words teach where letters are before lines can.
generated=('hershey.rec*0.2' 'hershey-ascii.rec*0.5' 'outline.rec*0.7')
train english-lines-1 85m 'lines.rec*4' recomposed.rec 'words.rec*0.4' online.rec online-v.rec "${generated[@]}" -- "$@"
# Then an old hand, and the others once more in other pens and neighborhoods.
others=('lines.rec*4' 'recomposed-1.rec*0.6' 'words.rec*0.4' 'online-4.rec*0.8' 'online-v-4.rec*0.8' "${generated[@]}")
train english-lines-2 65m "${others[@]}" 'hooker.rec*2' -- --init runs/english-lines-1 "$@"
# Of the old hand more, as it is the hardest, and block letters.
capitals=('hershey-capitals.rec*0.6' 'outline-capitals.rec*0.6')
train english-lines-3 90m "${others[@]}" 'hooker.rec*8' "${capitals[@]}" -- --init runs/english-lines-2 "$@"
train english-lines-4 122m "${others[@]}" 'hooker.rec*16' "${capitals[@]}" -- --init runs/english-lines-3 "$@"
# And block letters of real hands.
block=('letters.rec*0.6' letters-capitals.rec letters-small.rec 'hershey-small.rec*0.6')
train english-lines-5 88m "${others[@]}" 'hooker.rec*12' "${capitals[@]}" "${block[@]}" -- --init runs/english-lines-4 "$@"
# And a million lines, on a GPU, which the fifteen processes that make them keep busy.
network=(--config examples/english_lines.toml)
real=('lines.rec*6' recomposed-3.rec 'words.rec*0.5' online-4.rec online-v-4.rec 'hooker.rec*8')
made=(hershey-15.rec hershey-18.rec hershey-19.rec outline-16.rec outline-17.rec letters-11.rec letters-12.rec letters-13.rec letters-14.rec)
train english-lines "${LAST:-515s}" "${real[@]}" "${made[@]}" -- --workers 15 --init runs/english-lines-5 --device gpu:0 "$@"

limitations='Old hands but the one of the 19th century that it has seen, letters outside ASCII, very slanted or crossed-out writing, '
limitations+='more than one line in an image, lines of more than 85 times their height.'
gluon-htr export runs/english-lines --output english-lines.zip --name english-lines --float16 \
    --score 'iam-lines:data/iam?split=validation' --score 'iam-lines:data/iam?split=validation&paper=1' \
    --score 'iam-words:data/iam?split=validation' --score 'iam-online:data/iam-online?split=validation-t' \
    --score 'pages:data/pages/hooker?split=validation' --limitations "$limitations"
gluon-htr models show ./english-lines.zip
