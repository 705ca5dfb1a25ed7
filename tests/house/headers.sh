#!/bin/sh
# Every public header compiles alone, in C and in C++ if there is a C++ compiler, lathe.h
# includes each folder's all.h, and that each other header of the folder.
# usage: headers.sh SOURCE_DIR INCLUDE_DIR COMPILER
set -u
cd "$1" || exit 1
status=0
count=0
for header in $(find core nn optim sched data metrics io task dist train study deploy report -name "*.h" ! \
    -name '*_impl.h' ! -path 'core/kernels/*' | sort); do
    count=$((count + 1))
    echo "#include <lathe/$header>" | "$3" -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$2" \
        -fsyntax-only -x c - ||
        { echo "$header does not compile alone"; status=1; }
    folder=${header%%/*}
    case $header in
    "$folder/all.h") grep -q "#include \"$header\"" lathe.h ||
        { echo "lathe.h does not include $header"; status=1; } ;;
    *) grep -q "#include \"${header#*/}\"" "$folder/all.h" ||
        { echo "$folder/all.h does not include $header"; status=1; } ;;
    esac
done
[ "$count" -gt 20 ] || { echo "only $count headers found"; status=1; }
exit $status
