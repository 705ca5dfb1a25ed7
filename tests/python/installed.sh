#!/bin/sh
# The installed lathe.py finds the installed library by itself. usage: installed.sh BUILD_DIR
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$1" --prefix "$folder/prefix" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
echo "import lathe; print(lathe._library._name, lathe.__version__, lathe.models.lenet5().shape)" \
    > "$folder/try.py"
said=$(sh "$(dirname "$0")/run.sh" "$folder/prefix/share/lathe/python" "$folder/try.py") || {
    status=$?
    echo "$said"
    exit $status
}
case $said in
    *"/prefix/"*liblathe.so.0\ [0-9]*"(1, 28, 28)") echo "$said" ;;
    *) echo "unexpected: $said"; exit 1 ;;
esac
