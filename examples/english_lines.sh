#!/usr/bin/env bash
# english-lines, the model for whole lines of many hands: from data to a bundle. An hour and a half on two cores.
#   examples/english_lines.sh [--device gpu:0]
# Wants data/iam, data/iam-online, data/pages/hooker (to score) and data/corpora (data/README.md), and handwriting fonts in FONTS, by default all of Debian's
# fonts-bwht fonts-breip fonts-dancingscript fonts-dkg-handwriting fonts-ecolier-court fonts-femkeklaver fonts-humor-sans
# fonts-kaushanscript fonts-kristi, linked into runs/fonts. A run that was stopped goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] && PATH="$PWD/.venv/bin:$PATH"
fonts="${FONTS:-runs/fonts}"
packed=runs/packed
ascii="corpus=data/corpora&alphabet=examples/english.json"
pack() { gluon-htr prepare "$1" --preset lines --output "$packed/$2.rec"; }

pack 'iam-lines:data/iam?split=train' lines
pack 'recomposed:data/iam?split=train&count=10000' recomposed
pack 'iam-words:data/iam?split=train' words
pack 'iam-online:data/iam-online?split=train&variants=2' online
pack 'iam-online:data/iam-online?split=validation-v&variants=2' online-v
pack "fonts:hershey?corpus=data/corpora&count=15000" hershey
pack "fonts:hershey?$ascii&count=5000&seed=1" hershey-ascii
pack "fonts:$fonts?$ascii&count=8000&seed=1" outline
pack 'iam-lines:data/iam?split=validation' validation

# Real lines come four times an epoch; words teach where letters are before lines can.
data=()
for name in lines.rec lines.rec lines.rec lines.rec recomposed.rec 'words.rec*0.4' online.rec online-v.rec \
    'hershey.rec*0.2' 'hershey-ascii.rec*0.5' 'outline.rec*0.7'; do
    data+=(--data "records:$packed/$name")
done
gluon-htr train --preset lines --engine torch --precision bfloat16 --output runs/english-lines --resume --budget 85m "$@" \
    --alphabet examples/english.json "${data[@]}" --validation "records:$packed/validation.rec"

limitations='Old hands (letters of the 19th century: more than half of the characters wrong), '
limitations+='letters outside ASCII, very slanted or crossed-out writing, more than one line in an image.'
gluon-htr export runs/english-lines --output english-lines.zip --float16 \
    --score 'iam-lines:data/iam?split=validation' --score 'iam-lines:data/iam?split=validation&paper=1' \
    --score 'iam-words:data/iam?split=validation' --score 'iam-online:data/iam-online?split=validation-t' \
    --score 'pages:data/pages/hooker?split=validation' --limitations "$limitations"
gluon-htr models show ./english-lines.zip
