#!/usr/bin/env bash
# Builds the playground: build.sh LATHE OUT. Exit 77 where emscripten or the pictures are missing.
set -eu
cd "$(dirname "$0")/../.."
for command in emcc node; do
    command -v $command > /dev/null || { echo "SKIPPED: no $command (tools/prepare playground)"; exit 77; }
done
[ -e "${LATHE_DATA:-/usr/share/datasets}/fashion-mnist/train-images-idx3-ubyte.gz" ] ||
    { echo "SKIPPED: no Fashion-MNIST"; exit 77; }
LATHE=$1 tools/playground "$2"
size=$(wc -c < "$2/index.html")
[ "$size" -le $((6 << 20)) ] || { echo "$2/index.html has $size bytes, more than 6 MiB"; exit 1; }
