#!/bin/bash
# Two hosts on a network of 1 Gbit/s write the bytes of one process. When the cable is pulled out in the
# middle both end in time and name the other; what is left goes on to the same bytes.
# usage: two_hosts.sh LATHE
set -u
hosts=$(dirname "$0")/hosts lathe=$1
reason=$("$hosts" can) || { echo "${reason^^}"; exit 77; }
export LATHE_CACHE=off OMP_NUM_THREADS=1 LATHE_DIST_TIMEOUT=${LATHE_DIST_TIMEOUT:-4}
work=$(mktemp -d) name=t$$
trap '"$hosts" down $name; rm -rf "$work"' EXIT
status=0

fail() {
    echo "$1"
    [ ! -e "$work/log" ] || tail -n 20 "$work/log"
    status=1
}
sums() { (cd "$1" && md5sum last.safetensors steps.csv); }

train=(train --data shapes --model small-cnn --channels 1 --size 28 --train-count 300 --val-split 0.1
    --batch-size 70 --epochs 30 --optim sgd --lr 0.05 --augment "crop:2" --save-every 3 --seed 5 --threads 1)
"$lathe" "${train[@]}" --out "$work/one" > "$work/log" 2>&1 || fail "one process: it ends badly"
"$hosts" up $name 1gbit || fail "no network"

on_hosts() {
    "$hosts" mpirun $name -np 2 -x LATHE_CACHE -x OMP_NUM_THREADS -x LATHE_DIST_TIMEOUT "$lathe" "$@"
}
on_hosts "${train[@]}" --out "$work/two" > "$work/log" 2>&1 || fail "two hosts: they end badly"
[ "$(sums "$work/two")" = "$(sums "$work/one")" ] || fail "two hosts: other bytes than one process"

on_hosts "${train[@]}" --out "$work/cut" > "$work/log" 2>&1 &
for ((i = 0; i < 600; i++)); do
    [ -e "$work/cut/last.safetensors" ] && break
    sleep 0.05
done
"$hosts" cut $name
SECONDS=0
wait $! && fail "cut off: exit code 0"
[ $SECONDS -le $((LATHE_DIST_TIMEOUT + 26)) ] || fail "cut off: it ends after $SECONDS s"
echo "cut off: ended after $SECONDS s"
grep -E "rank 1 of 2 on b[^ ]* has not been heard of for $LATHE_DIST_TIMEOUT s" "$work/log" ||
    fail "cut off: nobody says that rank 1 is missing"
[ "$(grep -c , "$work/cut/steps.csv")" -lt 151 ] || fail "cut off: the run was at its end before"
"$hosts" join $name
"$lathe" train --resume "$work/cut" > "$work/log" 2>&1 || fail "cut off: --resume ends badly"
[ "$(sums "$work/cut")" = "$(sums "$work/one")" ] || fail "cut off, gone on with one: other bytes"
exit $status
