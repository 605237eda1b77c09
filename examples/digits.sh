#!/usr/bin/env bash
# digits, the model that ships for numbers of any length: from data to a bundle. Twenty minutes on two cores.
#   examples/digits.sh [--device gpu:0]
# Wants data/mnist (gluon-htr download --dataset mnist) and a folder with fonts: FONTS, or those that Debian has
# installed; fonts-breip, fonts-dancingscript, fonts-ecolier-court, fonts-femkeklaver and fonts-kristi look written.
# A run that was stopped goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] && PATH="$PWD/.venv/bin:$PATH"
fonts="${FONTS:-/usr/share/fonts}"
work=runs/digits
bundle=gluon_htr/bundles/shipped/digits.zip
pack() { gluon-htr prepare "$1" --preset digits --output "$work/$2.rec"; }

pack 'fonts:hershey?texts=digits&count=15000' hershey
pack "fonts:$fonts?texts=digits&count=25000" fonts
pack 'strips:data/mnist?split=train&count=40000' strips
pack 'strips:data/mnist?split=validation&count=500' validation

# Real digits decide which weights are the best: they are the harder ones.
gluon-htr train --preset digits --engine torch --precision auto --output "$work/run" --resume --budget 20m "$@" \
    --data "records:$work/hershey.rec" --data "records:$work/fonts.rec" --data "records:$work/strips.rec" \
    --validation "records:$work/validation.rec"

# Scored on 1,000 generated numbers of 1 to 20 digits and on 1,000 of five MNIST digits, none of them trained on.
generated="texts=digits&count=500&seed=1"
gluon-htr export "$work/run" --output "$bundle" --name digits --float16 \
    --score "fonts:hershey?$generated" --score "fonts:$fonts?$generated" \
    --score 'strips:data/mnist?split=validation&count=1000&digits=5&seed=1' \
    --limitations 'Anything but digits: it writes one for whatever it sees. Images of more than 512 times their height are squeezed.'
gluon-htr evaluate --model "$bundle" --data "fonts:hershey?$generated" --data "fonts:$fonts?$generated"
gluon-htr evaluate --model "$bundle" --data 'strips:data/mnist?split=validation&count=1000&digits=5&seed=1'
