#!/bin/sh
# The example that uses a trained model gives the class and the probability of `lathe predict`.
# usage: trained_model.sh LATHE EXAMPLE FOLDER
set -eu
lathe=$1 example=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
"$lathe" train --data shapes --model mlp --epochs 1 --out "$folder/run" > /dev/null 2>&1
{ printf "P5 32 24 255\n"; head -c 768 "$0"; } > "$folder/picture.pgm" # the letters of this script as levels
said=$("$example" "$folder/run" "$folder/picture.pgm")
wanted=$("$lathe" predict "$folder/run" "$folder/picture.pgm" --json | python3 -c '
import json, sys
best = json.load(sys.stdin)["pictures"][0]
print("%s %.1f %%" % (best["class"], 100 * best["probability"]))')
[ "$said" = "$wanted" ] || { echo "the example says '$said', lathe predict '$wanted'"; exit 1; }
