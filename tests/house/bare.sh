#!/bin/sh
# core, nn, optim, sched and metrics need a C11 compiler and its library, and nothing else:
# LATHE_THREADS=none, LATHE_BLAS=plain. usage: bare.sh SOURCE_DIR COMPILER
cd "$1" || exit 1
headers='assert|ctype|errno|float|inttypes|limits|locale|math|setjmp|stdalign|stdarg|stdatomic|stdbool'
headers="$headers|stddef|stdint|stdio|stdlib|string|tgmath|time"
headers="$headers|immintrin|sanitizer/asan_interface" # where the compiler says that it has them
status=0 count=0
for file in $(find core nn optim sched metrics -name '*.[ch]' | sort); do
    case $file in */threads_posix.c | */threads_impl.h | */blas_openblas.c | */checksum.c) continue ;; esac
    count=$((count + 1))
    other=$(grep '^#include <' "$file" | grep -vE "<($headers)\\.h>")
    [ -z "$other" ] || { echo "$file: $other"; status=1; }
done
sources=$(find core nn optim sched metrics -name '*.c' ! -name 'threads_posix.c' ! -name 'blas_openblas.c' |
    xargs -n 40 -P "$(nproc)" "$2" -std=c11 -fsyntax-only -Wno-psabi -Werror=implicit-function-declaration \
        -DLATHE_REAL=float -DLATHE_THREADS_NONE -DLATHE_ISA_NAME=base -DLATHE_VERSION='"0"' 2>&1) ||
    { echo "$sources"; status=1; }
[ "$count" -gt 100 ] || { echo "only $count files found"; status=1; }
exit $status
