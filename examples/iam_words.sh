#!/bin/sh
# Trains a recognizer of single words on IAM: download, preparation, training. It may be stopped and called again.
#   examples/iam_words.sh USER [MINUTES]
# USER is your name at https://fki.tic.heia-fr.ch; with the data in data/iam already, anything will do.
set -eu
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] && PATH="$PWD/.venv/bin:$PATH"
user="${1:?your user name at https://fki.tic.heia-fr.ch}"
minutes="${2:-100}"

python -m gluon_htr.download --dataset iam-words --user "$user"
mkdir -p runs
for split in train validation; do
    python -m gluon_htr.prepare "iam-words:data/iam?split=$split" --preset words --output "runs/$split.pkl"
done
python -m gluon_htr.train --preset words --data cache:runs/train.pkl --validation cache:runs/validation.pkl \
    --output runs/words --resume --budget "${minutes}m"
