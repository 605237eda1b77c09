#!/bin/sh
# EMNIST Lines: sentences composed of EMNIST's characters to train on first, then handwritten lines of IAM.
#
#   examples/emnist_lines.sh [FOLDER]
#
# Needs EMNIST in data/emnist and IAM's lines in data/iam (gluon-htr download --dataset emnist, and iam-lines), and the
# extra `train`. TEXTS (data/corpora) has the texts to write; without it, common words are strung together. PRESET
# (line-lstm, or line-conv without recurrence), LINES (20000), BUDGET and BUDGET_IAM (2h each) can be set.
set -eu
work=${1:-runs/emnist-lines}
preset=${PRESET:-line-lstm}
texts=${TEXTS:-data/corpora}
[ ! -e "$texts" ] || corpus="&corpus=$texts"
composed() { echo "composed:emnist:data/emnist?split=$1&count=$2${corpus:-}"; }

# A few lines to look at. Those of the test part have characters that no training line has.
gluon-htr synthesize "$(composed train 20)" --output "$work/look"
gluon-htr prepare "$(composed train "${LINES:-20000}")" --preset "$preset" --output "$work/composed.rec"
gluon-htr prepare "$(composed test 1000)" --preset "$preset" --output "$work/composed-test.rec"

gluon-htr train --preset "$preset" --data "records:$work/composed.rec" --output "$work/composed" \
    --budget "${BUDGET:-2h}" --resume
gluon-htr export "$work/composed" --score "records:$work/composed-test.rec" --output "$work/composed.zip"

gluon-htr train --preset "$preset" --init "$work/composed" --data 'iam-lines:data/iam?split=train' \
    --validation 'iam-lines:data/iam?split=validation' --output "$work/iam" --budget "${BUDGET_IAM:-2h}" --resume
gluon-htr export "$work/iam" --score 'iam-lines:data/iam?split=test' --output "$work/iam.zip"
gluon-htr evaluate --model "$work/iam.zip" --data 'iam-lines:data/iam?split=test' --report "$work/report"
