#!/bin/sh
# usage: run.sh SOURCE_DIR. 77: skipped.
here=$1/tests/packaging/kubernetes
command -v node > /dev/null || { echo "SKIPPED: no node"; exit 77; }
[ -d "$here/node_modules/kubernetes-types" ] || { echo \
    "SKIPPED: no kubernetes-types (npm ci --ignore-scripts in tests/packaging/kubernetes)"; exit 77; }
server=$(ls "$1"/cli/serve/*.c 2> /dev/null)
# shellcheck disable=SC2086
exec node "$here/check.mjs" "$1/packaging/kubernetes.yaml" "$1/packaging/Dockerfile" $server
