#!/usr/bin/env bash
# Runs a test of the built engine in node: built.sh TEST [ARGUMENT...]. Exit 77 if it could not be built.
set -eu
engine=build-wasm/playground pictures=build-wasm/pictures
cd "$(dirname "$0")/../.."
[ -e $engine/engine.wasm ] && [ -e $pictures ] || { echo "SKIPPED: the playground was not built"; exit 77; }
test=$1
shift
exec node "tests/playground/$test.mjs" $engine $pictures "$@"
