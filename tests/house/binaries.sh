#!/bin/sh
# No program or library of a build looks for libraries in the current folder: its run path has no empty and no
# relative part. With "hardened", its tables of addresses are read-only once it runs. With "fortified", it
# calls the checked copies and prints of _FORTIFY_SOURCE.
# usage: binaries.sh BUILD_DIR [hardened [fortified]]. 77: skipped.
set -u
command -v readelf > /dev/null || { echo "SKIPPED: no readelf"; exit 77; }
# The rule itself, before it judges anything.
bad_path() { case ":$1:" in *::* | *:[!/\$:]*) return 0 ;; esac; return 1; }
for path in "" "/usr/lib:" ":/usr/lib" "/a::/b" "lib" "/usr/lib:lib" "." "a" "/usr/lib:." "../lib"; do
    bad_path "$path" || { echo "binaries.sh takes '$path' for safe"; exit 1; }
done
for path in "/usr/lib" "/usr/lib:/opt/lib" "\$ORIGIN/../lib"; do
    bad_path "$path" && { echo "binaries.sh takes '$path' for unsafe"; exit 1; }
done

list=$(mktemp)
trap 'rm -f "$list"' EXIT
find "$1" -name CMakeFiles -prune -o -type f \( -perm -u+x -o -name '*.so*' \) -print > "$list"
seen=0 wrong=0
while read -r file; do
    dynamic=$(readelf -dW "$file" 2> /dev/null | grep '(') || continue
    seen=$((seen + 1))
    if echo "$dynamic" | grep -qE '\((RPATH|RUNPATH)\)'; then
        path=$(echo "$dynamic" | sed -n 's/.*(RU*N*R*PATH).*\[\(.*\)\]$/\1/p')
        bad_path "$path" && { echo "$file: its run path '$path' has an empty or a relative part"; wrong=1; }
    fi
    [ "${2:-}" = hardened ] || continue
    echo "$dynamic" | grep -qE 'BIND_NOW|Flags:.* NOW' && readelf -lW "$file" | grep -q GNU_RELRO ||
        { echo "$file: without full RELRO"; wrong=1; }
    [ "${3:-}" != fortified ] || readelf --dyn-syms -W "$file" | grep -qE 'UND __[a-z]+_chk(@|$)' ||
        { echo "$file: without _FORTIFY_SOURCE"; wrong=1; }
done < "$list"
[ $seen -gt 0 ] || { echo "SKIPPED: no dynamic program under $1"; exit 77; }
exit $wrong
