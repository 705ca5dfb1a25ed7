#!/bin/bash
# `lathe train` on any number of processes and threads writes the same bytes; begun on three, killed, gone on
# with two, it ends in them, too. The net has batch norm, dropout and stochastic depth; the batches of 44, 44
# and 12 pictures divide by no number of processes.
# usage: train.sh MPIRUN LATHE          LATHE_TEST_LONG=1: one to five processes of one and two threads, kills
set -u
. "$(dirname "$0")/launcher.sh"
mpirun=$1 lathe=$2
export LATHE_CACHE=off OMP_NUM_THREADS=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

fail() {
    echo "$1"
    [ ! -e "$work/log" ] || tail -n 20 "$work/log"
    status=1
}
sums() { (cd "$1" && md5sum last.safetensors best.safetensors steps.csv | sort -k 2); }
same() { # same FOLDER WHAT
    [ "$(sums "$1")" = "$(sums "$work/one")" ] || fail "$2: other bytes: $(sums "$1" | tr '\n' ' ')"
}

train=(train --data shapes --model efficientnet-tiny --train-count 100 --val-split 0.1 --batch-size 44
    --epochs 4 --optim sgd --lr 0.02 --momentum 0.9 --augment "crop:4,hflip,mixup" --ema 0.9
    --sched cyclic --base-lr 1e-3 --max-lr 0.02 --step-size-up 3 --clip-norm 1 --save-every 2 --seed 3)

"$lathe" "${train[@]}" --threads 1 --out "$work/one" > "$work/log" 2>&1 || fail "one process: it ends badly"

counts="2:2 3:1 5:1"
[ -z "${LATHE_TEST_LONG:-}" ] || counts="1:1 1:2 2:1 2:2 3:1 3:2 4:1 4:2 5:1 5:2"
for pair in $counts; do
    count=${pair%:*} threads=${pair#*:}
    "$mpirun" -np "$count" "$lathe" "${train[@]}" --threads "$threads" --out "$work/$pair" \
        > "$work/log" 2>&1 ||
        fail "$count processes of $threads threads: they end badly"
    same "$work/$pair" "$count processes of $threads threads"
    first="rank 0 of $count, [0-9]* of 44 pictures a step, $threads thread"
    [ "$count" = 1 ] || grep -q "$first" "$work/log" ||
        fail "$count processes: the first line does not say so"
    [ "$(grep -c "^run folder" "$work/log")" = 1 ] || fail "$count processes: not one of them alone prints"
done

# Wait until the run has saved after step $2, and has not ended.
wait_for() {
    for ((i = 0; i < 600; i++)); do
        [ -e "$1/last.safetensors" ] && [ "$(grep -c , "$1/steps.csv")" -gt "$2" ] && return
        sleep 0.05
    done
    fail "$1 comes to no step"
}
killed() { # killed SIGNAL COUNT OTHER: begun on COUNT, one of them gets SIGNAL, gone on with OTHER
    local run="$work/$1"
    "$mpirun" -np "$2" "$lathe" "${train[@]}" --out "$run" > "$work/log" 2>&1 &
    wait_for "$run" 3
    pkill "-$1" -n -f -- "--out $run" # the newest of this run: no launcher
    wait $!
    [ "$(grep -c , "$run/steps.csv")" -lt 13 ] || fail "$1: the run was at its end before"
    "$mpirun" -np "$3" "$lathe" train --resume "$run" > "$work/log" 2>&1 ||
        fail "$1: --resume on $3 ends badly"
    same "$run" "begun on $2, $1, gone on with $3"
}
if [ -n "${LATHE_TEST_LONG:-}" ]; then
    killed KILL 3 2
    killed INT 2 3
fi
exit $status
