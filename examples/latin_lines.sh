#!/usr/bin/env bash
# latin-lines, whole lines of many hands, centuries and languages in Latin script: from data to a bundle.
#   examples/latin_lines.sh [OPTION OF TRAIN ...]
# Wants data/iam, data/iam-online, data/unipen, data/corpora/eltec and the collections in data/pages (data/README.md), and
# handwriting fonts in FONTS: what examples/handwriting_fonts.sh fetches, and Debian's, as examples/english_lines.sh says.
# First the network of english-lines learns letters and hands, as it trains three times as fast; then it is grown: residual
# stages come in between, lines are 64 pixels high, and all is trained on. FIRST and LAST are the times of both. A run that
# was stopped goes on. START is what learns, english-lines by default; START= begins with nothing. With MORE, a time, the
# outcome is trained again, from the full rate down.
# With CONV, a time, lines-conv is trained as well, for a DPU: the new latin-lines teaches it. For that time only the layers
# behind its featurizer learn, as the featurizer is that of latin-lines; for as long again, all.
# For other models, name another folder in WORK, or their runs go on with those that are there, and the model in NAME:
#   WITHOUT='hooker poilus episearch'    leaves these data out, to see how unknown hands are read; START, too, must not
#                                        have seen them, as english-lines has seen Hooker's letters
#   START= WITHOUT="$RESTRICTED"         latin-lines-open, a model for every use, RESTRICTED being
#                                        'iam-lines recomposed iam-words online iam-binary washington episearch'
set -euo pipefail
cd "$(dirname "$0")/.."
command -v gluon-htr > /dev/null || PATH="$PWD/.venv/bin:$PATH"
fonts="${FONTS:-runs/fonts}"
work="${WORK:-runs/latin}"
model="${NAME:-latin-lines}"
without=" ${WITHOUT:-} "
languages=(fra deu ita spa por eng pol cze hun swe nor rom slv)
# How often each collection comes: small ones more often, so that each counts, and tables less.
collections=(
    'stanford*6' 'washington*2.5' 'poilus*2' 'cremma19*2' 'cremma20*10' 'celestine*5' 'peraire*2.5' 'fondue19*10' 'timeus*3'
    'repertoires*0.8' 'mariages*2' decennales 'bronod*15' 'cremma18*1.6' 'fondue18*2' 'romance*1.6' 'episearch*8' 'hooker*1.2'
    'copiste*4'
)

is_left_out() { [[ "$without" == *" $1 "* ]]; }

# What the model is scored on; by what is not left out, it is chosen and its confidences are calibrated.
# Every source weighs the same in the set by which a training is chosen; testset_t of IAM-OnDB has no part in it.
sources=() known=()
validate() { sources+=("$2"); is_left_out "$1" || known+=("$2"); }
validate iam-lines 'iam-lines:data/iam?split=validation'
validate online 'iam-online:data/iam-online?split=validation-v'
validate unipen-text 'unipen:data/unipen?part=text&split=validation&most=4'
for collection in "${collections[@]%%\**}"; do validate "$collection" "pages:data/pages/$collection?split=validation"; done
[ -e "$work/validation/labels.tsv" ] || python examples/latin_validation.py "$work/validation" "${known[@]}"

# pack_all PRESET: everything as records of that preset. The forms of pages/iam-binary are IAM's, but not among its lines.
pack_all() {
    local preset="$1" packed="$work/$1" seed=0
    pack() { is_left_out "$2" || gluon-htr prepare "$1" --preset "$preset" --output "$packed/$2.rec"; }
    pack "listing:$work/validation/labels.tsv?group=group" validation
    for collection in "${collections[@]%%\**}"; do pack "pages:data/pages/$collection?split=train" "$collection"; done
    pack 'pages:data/pages/iam-binary?split=train' iam-binary
    pack 'iam-lines:data/iam?split=train' iam-lines
    pack 'recomposed:data/iam?split=train&count=12000' recomposed
    pack 'iam-words:data/iam?split=train*0.3' iam-words
    pack 'iam-online:data/iam-online?split=train&variants=1&prompts=unseen' online
    pack 'unipen:data/unipen?part=text&split=train&most=4&variants=1' unipen-text
    pack 'unipen:data/unipen?part=composed&split=train&most=10&case=reliable&count=5000' unipen-composed
    for language in "${languages[@]}"; do
        seed=$((seed + 1))
        pack "fonts:$fonts?corpus=data/corpora/eltec/$language.txt&alphabet=examples/latin.json&count=1500&seed=$seed" "$language"
    done
}

# train RUN PRESET BUDGET START OPTION OF TRAIN ...
train() {
    local run="$1" preset="$2" budget="$3" start="$4" data=()
    shift 4
    local english=(
        'iam-lines*0.9' 'recomposed*0.15' 'iam-words*0.3' 'online*0.45' 'unipen-text*0.2' 'unipen-composed*0.1' iam-binary
    )
    # Without IAM, UNIPEN's writers and generated English lines take its place.
    is_left_out iam-lines && english=('unipen-text*0.6' 'unipen-composed*0.4' 'eng*0.4')
    for name in "${english[@]}" "${collections[@]}" "${languages[@]/%/*0.1}"; do
        local share="${name#"${name%%\**}"}"
        is_left_out "${name%%\**}" && continue
        data+=(--data "records:$work/$preset/${name%%\**}.rec$share")
    done
    gluon-htr train ${start:+--init "$start"} --alphabet examples/latin.json \
        --engine torch --precision auto --output "$work/$run" --resume --budget "$budget" "${data[@]}" \
        --validation "records:$work/$preset/validation.rec" "$@"
}

pack_all lines-fast
train first lines-fast "${FIRST:-45m}" "${START-english-lines}" --config examples/latin_first.toml "$@"
pack_all lines
[ -e "$work/grown/model.params" ] ||
    gluon-htr presets lines --alphabet examples/latin.json --initialize "$work/grown" --init "$work/first"
train last lines "${LAST:-10h}" "$work/grown" --preset lines "$@"
final="$work/last"
if [ -n "${MORE:-}" ]; then
    train more lines "$MORE" "$work/last" --preset lines "$@"
    final="$work/more"
fi

scores=()
for source in "${sources[@]}"; do scores+=(--score "$source"); done
gluon-htr export "$final" --output "$work/scored.zip" --name "$model" --float16 "${scores[@]}"
# Confidences become probabilities on more lines of these sources; Hooker's show how far they can be trusted.
without_hooker=()
for source in "${known[@]}"; do [[ "$source" == *hooker* ]] || without_hooker+=("$source"); done
python examples/latin_validation.py "$work/calibration" "${without_hooker[@]}" --characters 5000
gluon-htr export "$work/scored.zip" --output "$work/$model.zip" --validation "listing:$work/calibration/labels.tsv?group=group"
gluon-htr models show "./$work/$model.zip"
# Scales of int8 are chosen on training lines of many hands.
hands=(--calibration 'unipen:data/unipen?part=text&split=train&most=4*0.2')
is_left_out iam-lines || hands+=(--calibration 'iam-lines:data/iam?split=train')
is_left_out online || hands+=(--calibration 'iam-online:data/iam-online?split=train&variants=1*0.2')
for name in hooker poilus repertoires cremma18 mariages; do
    is_left_out "$name" || hands+=(--calibration "pages:data/pages/$name?split=train")
done
gluon-htr quantize "$work/$model.zip" "${hands[@]}" --output "$work/$model-int8.zip"

if [ -n "${CONV:-}" ]; then
    [ -e "$work/conv-grown/model.params" ] ||
        gluon-htr presets lines-conv --alphabet examples/latin.json --initialize "$work/conv-grown" --init "$work/$model.zip"
    frozen="$(printf '"stage%d_", ' {1..12})"
    sed "s/^\[training.optimizer\]/&\nfrozen = [$frozen]/" "$work/conv-grown/preset.toml" > "$work/conv-frozen.toml"
    train conv-frozen lines "$CONV" "$work/conv-grown" --config "$work/conv-frozen.toml" --teacher "$work/$model.zip"
    train conv lines "$CONV" "$work/conv-frozen" --preset lines-conv --teacher "$work/$model.zip"
    gluon-htr export "$work/conv" --output "$work/lines-conv.zip" --name lines-conv --float16 "${scores[@]}"
fi
