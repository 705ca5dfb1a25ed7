#!/usr/bin/env bash
# Exports each operation, the small nets of the zoo and a run, and runs them elsewhere:
# run.sh WRITE_CASES LATHE. tools/check-export takes the large nets. Exit 77 where python3-onnx, node or
# onnxruntime-node is missing.
set -eu
write=$1 lathe=$2 here=$(cd "$(dirname "$0")" && pwd)
memory=/dev/shm # where the many files need not reach a disk
[ -w $memory ] || memory=${TMPDIR:-/tmp}
work=$(mktemp -d -p "$memory")
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 -c "import onnx" 2> /dev/null || { echo "SKIPPED: no python3-onnx"; exit 77; }
command -v node > /dev/null || { echo "SKIPPED: no node"; exit 77; }
[ -d "$here/node_modules/onnxruntime-node" ] || { echo \
    "SKIPPED: no onnxruntime-node (npm ci --ignore-scripts in tests/deploy/onnx)"; exit 77; }
mkdir "$work/operations" "$work/nets"
"$write" "$work/operations"
"$write" "$work/nets" lenet5 28 mlp 28 mnistcnn 28 cifar10-quick 32 cifar10-full 32 resnet8 32 resnet20 32 \
    mobilenet-tiny 32 unet 32 efficientnet-tiny 32 fbnetv3-tiny 32 squeezenet1_1 64 mobilenet_v3_small 64
failed=0
for folder in operations nets; do
    /usr/bin/python3 "$here/check.py" "$work/$folder" || failed=1
    node "$here/check.cjs" "$work/$folder" || failed=1
done
# A run with --verify: each way to write it gives the answers of lathe.
"$lathe" train --data shapes --model lenet5 --train-count 640 --epochs 2 --quiet --out "$work/run" \
    > /dev/null
export NODE_PATH=$here/node_modules
for options in "" "--no-fold --dynamic-batch" "--with-preprocessing" \
    "--with-preprocessing --dynamic-batch"; do
    "$lathe" export "$work/run" "$work/run.onnx" --verify --count 64 $options > "$work/log" || failed=1
    grep "verified" "$work/log" || failed=1
done
if "$lathe" list exports --json > /dev/null 2>&1; then # a build with JSON
    "$lathe" export "$work/run" "$work/run.onnx" --verify --count 64 --json > "$work/log" || failed=1
    grep -q '"verify":{"passed":true,"set":"test","pictures":64,' "$work/log" || failed=1
fi
exit $failed
