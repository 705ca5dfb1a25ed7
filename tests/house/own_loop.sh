#!/bin/sh
# The loop of an example, stopped within an epoch and resumed, ends in the bytes of one that was not stopped.
# usage: own_loop.sh PROGRAM
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$folder/whole" > "$folder/whole.txt"
"$1" "$folder/parts" 50 > "$folder/first.txt"
"$1" "$folder/parts" > "$folder/second.txt"
grep -q "begun after step 0" "$folder/first.txt"
grep -q "resumed after step 50" "$folder/second.txt"
for file in steps.csv epochs.csv log.jsonl last.safetensors best.safetensors; do
    cmp "$folder/whole/$file" "$folder/parts/$file"
done
for file in report.html report-val-accuracy.svg; do [ -s "$folder/parts/$file" ]; done
[ "$(wc -l < "$folder/whole/steps.csv")" = 129 ]
echo "the same bytes"
