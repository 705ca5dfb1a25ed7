#!/bin/sh
# An outside project can use the installed library, found through CMake and through pkg-config.
# usage: outside.sh BUILD_DIR PROJECT_DIR COMPILER
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$1" --prefix "$folder/prefix" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
for file in bin/lathe share/doc/lathe/LICENSE share/doc/lathe/LICENSE.uPlot; do
    [ -s "$folder/prefix/$file" ] || { echo "$file is not installed"; exit 1; }
done
sh "$(dirname "$0")/binaries.sh" "$folder/prefix" hardened || [ $? = 77 ] || exit 1

cmake -S "$2" -B "$folder/build" -DCMAKE_PREFIX_PATH="$folder/prefix" -DCMAKE_C_COMPILER="$3" \
    > "$folder/log" 2>&1 &&
    cmake --build "$folder/build" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
"$folder/build/outside"

PKG_CONFIG_PATH=$(dirname "$(find "$folder/prefix" -name lathe.pc)")
export PKG_CONFIG_PATH
"$3" -std=c11 "$2/outside.c" $(pkg-config --cflags lathe) $(pkg-config --libs lathe) \
    -o "$folder/by-pkg-config"
"$folder/by-pkg-config"
