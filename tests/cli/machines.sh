#!/bin/bash
# lathe under a launcher: one voice, and an end for all when one ends, from which the run goes on to the same
# bytes (tests/dist/train.sh: any number of processes); whole runs are spread. usage: machines.sh MPIRUN LATHE
set -u
mpirun=$1 lathe=$2
export LATHE_DIST_TIMEOUT=5 LATHE_CACHE=off
. "$(dirname "$0")/../dist/launcher.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
status=0

fail() {
    echo "machines.sh: $1"
    [ ! -s out ] || cat out
    status=1
}
# Two batches an epoch, of 72 and 38 pictures: five micro-batches, and three.
options="--data shapes --model resnet8 --train-count 110 --val-split 0.1 --batch-size 72 --epochs 20
    --augment crop:2,hflip,mixup:0.4 --ema 0.9 --eval-every 1 --no-times --seed 3 --threads 1"
same() { # same WHAT FOLDER
    for file in steps.csv epochs.csv evals.csv last.safetensors best.safetensors log.jsonl; do
        cmp -s "one/$file" "$2/$file" || fail "$1: $file is another one"
    done
}
on() { # on COUNT WORD...: lathe on so many processes; `code` is the exit code
    local count=$1
    shift
    timeout -k 5 120 "$mpirun" -np "$count" "$lathe" "$@" > out 2> err
    code=$?
    grep -vE '^-*$|^mpirun |^Primary job|^a non-zero|^the job to be|Process name:|Exit code:' err >> out
}

# ---- signals and ends

# Start COUNT processes, wait for four steps, send process 1 a signal. `code`: the exit code.
interrupt() { # interrupt COUNT SIGNAL WORD...
    local count=$1 signal=$2
    shift 2
    "$mpirun" -np "$count" "$lathe" train "$@" --out parts --quiet > out 2>&1 &
    local launcher=$! ranks
    for _ in $(seq 600); do
        [ ! -f parts/last.safetensors ] || break
        sleep 0.1
    done
    ranks=($(cat "/proc/$launcher/task/"*/children))
    SECONDS=0
    kill -s "$signal" "${ranks[1]}"
    wait "$launcher"
    code=$?
    [ $SECONDS -lt 30 ] || fail "$count processes end $SECONDS s after $signal"
}
$lathe train $options --out one --quiet > out 2>&1 || fail "alone"
interrupt 3 INT $options
[ $code = 130 ] || fail "interrupted, it ends with $code"
grep -q 'lathe: stopped by a signal after step .*saved in parts' out || fail "interrupted, it does not say so"
on 2 train --resume parts
[ $code = 0 ] || fail "resumed on 2 it ends with $code"
same "begun on 3, gone on with 2" parts
[ "$(grep -c 'note: rank 0 of 2, .* of 72 pictures a step, 1 thread' out)" = 1 ] || fail "no first line"
[ "$(grep -c '^run folder' out)" = 1 ] || fail "the results are not printed once"
rm -r parts
interrupt 3 KILL $options
[ $code != 0 ] || fail "killed, it ends with 0"
on 1 train --resume parts --quiet
same "killed on 3, gone on alone" parts

# ---- one voice

on 3 list tasks
[ "$(grep -c '^classify' out)" = 1 ] || fail "list is not printed once"
for words in "train --frob" "train --data nowhere" "train $options --out one" "compare --data shapes"; do
    on 3 $words
    [ $code != 0 ] || fail "$words: exit code 0"
    [ "$(grep -c '^lathe: ' out)" = 1 ] || fail "$words: it does not fail in one line"
done
mkdir -p here/data/train/{a,b} there/data/train/{a,b}
for i in 1 2 3 4 5 6 7 8; do
    for class in a b; do
        for host in here there; do
            printf 'P5 8 8 255\n%064d' "$i" > "$host/data/train/$class/$i.pgm"
        done
    done
done
printf 'P5 8 8 255\n%064d' 9 > there/data/train/b/3.pgm
differ="train --data folder:data --size 8 --model mlp --epochs 1"
timeout -k 5 60 "$mpirun" -np 1 -wdir here "$lathe" $differ : -np 1 -wdir there "$lathe" $differ > out 2>&1 &&
    fail "other data: exit code 0"
grep -q '^lathe: rank 1 of 2 on [^ ]*: folder:data: the training sets differ: ' out ||
    fail "other data: not said"

# Processes that compute differently are told so before anything is replaced.
differently() { # differently VARIABLE=VALUE WORD...: process 1 has it
    local variable=$1
    shift
    cmp -s <("$lathe" info) <(env "$variable" "$lathe" info) && return # this machine has no other
    timeout -k 5 60 "$mpirun" -np 1 "$lathe" "$@" : -np 1 env "$variable" "$lathe" "$@" > out 2>&1 &&
        fail "$variable, $1: exit code 0"
    grep -q '^lathe: rank 1 of 2 on [^ ]*: the processes compute differently' out ||
        fail "$variable, $1: not said"
}
cp one/steps.csv kept
few="--data shapes:grey --size 28 --train-count 100 --epochs 1 --quiet"
differently LATHE_ISA=base train $few --out one --overwrite
differently OPENBLAS_CORETYPE=Prescott train $few --optim muon --out one --overwrite
differently LATHE_ISA=base compare $few --vary lr=1e-3,1e-2 --out differ
differently LATHE_ISA=base lr-find $few --steps 20
cmp -s kept one/steps.csv || fail "processes that compute differently: the former run is gone"

# Words of one process that the others do not have: the first of them is named.
for words in "train $few --lr 7" "eval one" "--version"; do
    timeout -k 5 60 "$mpirun" -np 1 "$lathe" train $few --out one : -np 1 "$lathe" $words > out 2>&1 &&
        fail "$words on process 1: exit code 0"
    grep -q '^lathe: rank 1 of 2 on [^ ]*: the processes have different command lines: word ' out ||
        fail "$words on process 1: not said"
done
on 3 train $few --optim sgd --lr 1e30 --epochs 9 --out nan
[ "$(grep -c '^lathe: ' out)" = 1 ] || fail "not finite: not said in one line"

# A picture that goes while the run is on: the process that misses it names itself, and all end.
cp -r here/data/train/b/3.pgm there/data/train/b/3.pgm
gone="train --data folder:data --size 8 --model mlp --epochs 20000 --batch-size 16 --cache-mib 0
    --val-split 0.5"
(cd here && exec "$mpirun" -np 2 -wdir "$folder/here" "$lathe" $gone --out run --quiet : \
    -np 1 -wdir "$folder/there" "$lathe" $gone --out run --quiet) > out 2>&1 &
launcher=$!
for _ in $(seq 600); do
    [ ! -f here/run/last.safetensors ] || break
    sleep 0.1
done
rm -r there/data/train/b
SECONDS=0
wait $launcher && fail "a missing picture: exit code 0"
[ $SECONDS -lt 30 ] || fail "a missing picture: it ends after $SECONDS s"
[ "$(grep -c '^lathe: ' out)" -le 2 ] || fail "a missing picture: all processes speak"
grep -q '^lathe: rank 2 of 3 on [^ ]*: data/train/b/.*: cannot be opened' out ||
    fail "a missing picture: not said"
(cd here && "$lathe" eval run > ../out 2>&1) || fail "a missing picture: the checkpoint is not whole"

# ---- whole runs

runs="--data shapes --model lenet5 --train-count 200 --epochs 1 --vary sched=constant,cosine --seeds 2"
$lathe compare $runs --out c1 --rows rows1 --quiet > out 2>&1 || fail "compare alone"
on 3 compare $runs --out c3 --rows rows3 --quiet
[ $code = 0 ] || fail "compare on 3 ends with $code"
cmp -s <(sed "s/,[^,]*$//" rows1.csv) <(sed "s/,[^,]*$//" rows3.csv) || fail "compare: other rows"
cmp -s rows1-curves.csv rows3-curves.csv || fail "compare: other curves"
cmp -s c1/cosine/seed-2/steps.csv c3/cosine/seed-2/steps.csv || fail "compare: another run"
range="lr-find --data shapes --model lenet5 --train-count 600 --seeds 4 --steps 100 --quiet"
$lathe $range > alone.txt 2>&1 || { cp alone.txt out; fail "lr-find alone"; }
on 3 $range
cmp -s alone.txt out || fail "lr-find: another answer"
exit $status
