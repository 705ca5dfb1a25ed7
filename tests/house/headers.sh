#!/bin/sh
# Every public header compiles alone, in C and in C++ if there is a C++ compiler, and lathe.h includes each of them.
# usage: headers.sh SOURCE_DIR INCLUDE_DIR COMPILER
set -u
cd "$1" || exit 1
status=0
count=0
for header in $(find core nn optim sched data metrics io train report -name "*.h" ! -name '*_impl.h' ! -path 'core/kernels/*' | sort); do
    count=$((count + 1))
    echo "#include <lathe/$header>" | "$3" -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$2" -fsyntax-only -x c - ||
        { echo "$header does not compile alone"; status=1; }
    grep -q "#include \"$header\"" lathe.h || { echo "lathe.h does not include $header"; status=1; }
done
grep -o '#include "[^"]*"' lathe.h | sed 's/.*"\(.*\)"/\1/' | while read -r header; do
    [ -e "$header" ] || echo "lathe.h includes $header, which does not exist"
done
[ "$count" -gt 20 ] || { echo "only $count headers found"; status=1; }
exit $status
