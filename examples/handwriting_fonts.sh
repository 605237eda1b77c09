#!/usr/bin/env bash
# Google's handwriting fonts, as npm's packages @fontsource/NAME have them, as TrueType files in FOLDER (default: runs/fonts).
#   examples/handwriting_fonts.sh [FOLDER]
# Each is under the SIL Open Font License or Apache-2.0: the packages say which. Wants npm, and fonttools (in [train] and [torch]).
# A font that is there already is left alone.
set -euo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)"
python="$here/.venv/bin/python"
[ -x "$python" ] || python=python3
folder="${1:-runs/fonts}"
mkdir -p "$folder"
folder="$(cd "$folder" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

fonts=(
    caveat caveat-brush indie-flower patrick-hand patrick-hand-sc homemade-apple shadows-into-light
    shadows-into-light-two architects-daughter gloria-hallelujah covered-by-your-grace rock-salt permanent-marker
    reenie-beanie nothing-you-could-do over-the-rainbow coming-soon schoolbell crafty-girls annie-use-your-telescope
    just-another-hand just-me-again-down-here waiting-for-the-sunrise zeyada cedarville-cursive la-belle-aurore
    dawning-of-a-new-day sue-ellen-francisco loved-by-the-king swanky-and-moo-moo the-girl-next-door kalam handlee
    neucha bad-script marck-script mrs-saint-delafield mr-de-haviland sacramento delius delius-unicase gochi-hand
    give-you-glory meddon sedgwick-ave short-stack grape-nuts square-peg amatic-sc walter-turncoat vibur unkempt
    mynerve edu-sa-beginner edu-nsw-act-foundation playwrite-fr-moderne playwrite-fr-trad playwrite-us-trad pangolin
    fuzzy-bubbles beth-ellen ruthie calligraffitti bilbo rancho dekko kavivanar sunshiney
)
cd "$work"
for font in "${fonts[@]}"; do
    [ -e "$folder/$font.ttf" ] && continue
    npm pack --silent "@fontsource/$font" > /dev/null
    tar xzf fontsource-"$font"-[0-9]*.tgz package/files
    "$python" - "$font" "$folder" <<'PYTHON'
import os, sys
from fontTools.merge import Merger
from fontTools.ttLib import TTFont

name, folder = sys.argv[1:]
parts = []
for subset in ("latin", "latin-ext"):  # the second has the letters of Polish, Czech, Hungarian …, where a font has them
    file = f"package/files/{name}-{subset}-400-normal.woff"
    if os.path.exists(file):
        font = TTFont(file)
        font.flavor = None  # WOFF is a compressed TrueType file
        font.save(f"{subset}.ttf")
        parts.append(f"{subset}.ttf")
try:
    font = Merger().merge(parts) if len(parts) > 1 else TTFont(parts[0])
except Exception as error:  # subsets may differ in tables that cannot be merged
    print(f"{name}: only its basic letters, {type(error).__name__}: {error}", file=sys.stderr)
    font = TTFont(parts[0])
font.save(f"{folder}/.{name}.part")
os.replace(f"{folder}/.{name}.part", f"{folder}/{name}.ttf")
PYTHON
    rm -r package ./*.tgz
    echo "$font"
done
