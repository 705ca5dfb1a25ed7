#!/bin/sh
# A shared library of the same objects exports the functions that the public headers declare, and nothing
# that they do not name. usage: exports.sh LIBRARY.a MAP CASES SOURCE_DIR COMPILER
# CASES is made by tests/house/arguments/cases.awk, which reads every prototype of the public headers.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$5" -shared -o "$folder/liblathe.so" -Wl,--version-script="$2" \
    -Wl,--whole-archive "$1" -Wl,--no-whole-archive 2> "$folder/log" || { cat "$folder/log"; exit 1; }
nm -D --defined-only "$folder/liblathe.so" | awk '{ print $3 }' | sed 's/@.*//' | sort -u > "$folder/exported"
nm --defined-only "$folder/liblathe.so" | awk '$2 ~ /^[A-Za-z]$/ { print $3 }' | sort -u > "$folder/defined"
sed -n 's/^ *{ "\(lathe_[a-z0-9_]*\)", call_.*/\1/p' "$3" | sort -u > "$folder/declared"
declared=$(wc -l < "$folder/declared")
[ "$declared" -gt 400 ] || { echo "only $declared prototypes"; exit 1; }

status=0
missing=$(comm -23 "$folder/declared" "$folder/exported")
[ -z "$missing" ] || { echo "declared in public headers and not exported:" $missing; status=1; }
# What is exported is named by a public header.
find "$4"/*/ "$4"/lathe.h \
    \( -path "$4/build*" -o -path "$4/tests" -o -name vendor -o -path "$4/core/kernels" \) -prune \
    -o -name '*.h' ! -name '*_impl.h' -print | xargs cat |
    grep -oE 'lathe_[A-Za-z0-9_]+' | sort -u > "$folder/named"
private=$(comm -23 "$folder/exported" "$folder/named")
[ -z "$private" ] || { echo "exported, and in no public header:" $private; status=1; }
hidden=$(comm -23 "$folder/defined" "$folder/exported" | grep -c '^lathe_')
[ "$hidden" -gt 100 ] || { echo "only $hidden names of the library are private"; status=1; }
exit $status
