#!/usr/bin/env bash
# Trains something small and opens its pages in a browser: run.sh LATHE. Exit 77 where browser, node or
# playwright-core is missing.
set -eu
lathe=$1 here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v node > /dev/null || { echo "SKIPPED: no node"; exit 77; }
node "$here/rounding.mjs" "$here/../../../report/page/numbers.js" || exit 1
node "$here/words.mjs" "$here/../../../report/page" || exit 1
[ -d "$here/node_modules/playwright-core" ] || { echo \
    "SKIPPED: no playwright-core (npm ci --ignore-scripts in tests/report/browser)"; exit 77; }
"$lathe" train --data shapes --model mlp --train-count 1280 --epochs 3 --sched cyclic --base-lr 1e-4 \
    --max-lr 3e-3 --step-size-up 0.5ep --quiet --out "$work/run" > /dev/null
"$lathe" compare --data shapes --model mlp --train-count 640 --epochs 6 --vary \
    sched=constant,cyclic:triangular2,onecycle --seeds 3 --lr 2e-3 --quiet --out "$work/compare" > /dev/null
"$lathe" train --data shapes --model mlp --train-count 640 --epochs 100000 --quiet --live 0 \
    --out "$work/live" 2> "$work/err" > /dev/null &
live=$!
trap 'kill -9 $live 2> /dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do grep -q "live at\|LATHE_HTTP" "$work/err" && break; sleep 0.1; done
address=$(sed -n 's|.*\(http://127.0.0.1:[0-9]*/\).*|\1|p' "$work/err")
[ -z "$address" ] || node "$here/live.mjs" "$address"
kill -9 $live
{ wait $live || true; } 2> /dev/null
"$lathe" serve "$work/run" --port 0 > "$work/served" 2> "$work/err" &
live=$!
for _ in $(seq 100); do
    grep -q "serving" "$work/served" || grep -q "LATHE_HTTP" "$work/err" && break
    sleep 0.1
done
address=$(sed -n 's|.*\(http://127.0.0.1:[0-9]*/\).*|\1|p' "$work/served")
[ -z "$address" ] || node "$here/serve.mjs" "$address"
kill -9 $live
{ wait $live || true; } 2> /dev/null
node "$here/page.mjs" "$work/run/report.html" "$work/compare/report.html"
"$lathe" preview --sched cyclic --base-lr 1e-3 --max-lr 8e-2 --step-size-up 50 --steps 400 --no-warnings \
    --html "$work/preview.html" > /dev/null
"$lathe" walk --optim sgd --lr 1e-3 --momentum 0.9 --sched cosine --html "$work/walk.html" > /dev/null
"$lathe" lr-find --data shapes --model mlp --train-count 640 --seeds 1 --quiet --html "$work/range.html" \
    > /dev/null
for page in run compare; do node "$here/evals.mjs" "$work/$page/report.html" "$work/$page-evals.html"; done
node "$here/lecture.mjs" "$work/run-evals.html" "$work/compare-evals.html" "$work/run/report.html" \
    "$work/compare/report.html" "$work/preview.html" "$work/walk.html" "$work/range.html"
