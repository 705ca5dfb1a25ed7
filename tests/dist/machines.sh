#!/bin/bash
# examples/12_machines.c ends in the same weights on any number of processes, and in a build without MPI.
# usage: machines.sh MPIRUN PLAIN WITH_MPI
set -u
. "$(dirname "$0")/launcher.sh"
export LATHE_CACHE=off OMP_NUM_THREADS=1
one=$("$2" 1 shapes) || { echo "one process: $one"; exit 1; }
case $one in *"weights "????????) ;; *) echo "one process: $one"; exit 1 ;; esac
for count in 2 3 5; do
    several=$(timeout -k 5 120 "$1" -np $count "$3" 1 shapes 2>&1) || { echo "$count: $several"; exit 1; }
    [ "$several" = "$one" ] || { echo "one process: $one"; echo "$count processes: $several"; exit 1; }
done
