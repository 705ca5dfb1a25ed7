#!/bin/bash
# Processes of one launcher: data reaches whom it is for, and none waits without end for one that is gone.
# usage: mpi.sh MPIRUN PROGRAM WAY...      (tests/dist/ranks.c)
set -u
mpirun=$1 program=$2
shift 2
. "$(dirname "$0")/launcher.sh"
status=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

fail() {
    echo "$way on $count: $1; it said:"
    cat "$out"
    status=1
}
# The processes of the way end by themselves within a minute.
start() { # start COUNT WAY OPTION...
    count=$1 way=$2
    shift 2
    SECONDS=0
    timeout -k 5 60 "$mpirun" "$@" -np "$count" "$program" "$way" > "$out" 2>&1
    code=$?
    [ $SECONDS -lt 60 ] || fail "it does not end"
}
well() {
    [ $code = 0 ] || fail "exit code $code"
    [ "$(grep -c ': well$' "$out")" = "$count" ] || fail "not every process is well"
}
ill() { [ $code != 0 ] || fail "exit code 0"; }
# The processes of the list say why they end.
says() { # says TEXT RANK...
    local text=$1
    shift
    for rank in "$@"; do
        grep -qE "^rank $rank of $count on [^ ]+: $text" "$out" || fail "rank $rank does not say '$text'"
    done
}

for way in "$@"; do
    case $way in slow | stop | kill) export LATHE_DIST_TIMEOUT=3 ;; *) unset LATHE_DIST_TIMEOUT ;; esac
    case $way in
        exchange) for count in 2 3 5; do start $count exchange; well; done ;;
        slow) start 3 slow; well ;;
        fail | compute)
            start 4 $way
            ill
            says "the disk is full" 1
            says "rank 1 of 4 on [^ ]+ has failed: the disk is full" 0 2 3 ;;
        stop) start 3 stop; ill; says "rank 1 of 3 on [^ ]+ has not been heard of for 3 s" 0 2 ;;
        kill)
            start 3 kill # the launcher ends the others
            ill
            if "$mpirun" --version | grep -q "Open MPI.* 4[.]"; then
                start 3 kill --enable-recovery # and told not to, leaves it to them, and its exit code is 0
                says "rank 1 of 3 on [^ ]+ has not been heard of for 3 s" 0 2
            fi ;;
        leave) start 3 leave; ill; says "rank 1 of 3 on [^ ]+ has left before the others" 0 2 ;;
        sizes | less) start 3 $way; ill; says "rank [0-2] of 3 on [^ ]+ sent other data" 0 2 ;;
        *) echo "mpi.sh: unknown way '$way'"; exit 1 ;;
    esac
done
exit $status
