#!/bin/sh
# A build without its libraries refuses what they do in one line that names the build option. usage:
# left_out.sh LATHE
lathe=$1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
bad=0
refuses() { # refuses OPTION WORD...: the command fails with one line that names the option
    option=$1
    shift
    "$lathe" "$@" > out 2> err < /dev/null && { echo "$*: is not refused"; bad=1; }
    [ "$(wc -l < err)" = 1 ] && grep -q "^lathe: .*$option" err && return
    echo "$*: no line that names $option:"
    cat err
    bad=1
}
make() { # make FORMAT BYTES: two classes of pictures that begin so
    for class in a b; do
        mkdir -p "$1/$class"
        for n in 1 2 3 4; do printf "$2................................" > "$1/$class/$n.$1"; done
    done
}

make jpg '\377\330\377\340'
make png '\211PNG\r\n\032\n\000\000\000\rIHDR\000\000\000\001\000\000\000\001\010\002\000\000\000\220wS\336'
mkdir gz
for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
    printf '\037\213\010\000......................' > "gz/$name-ubyte.gz"
done
refuses LATHE_JSON=ON list --json
refuses LATHE_JPEG=turbo train --data folder:jpg --model mlp --max-steps 1
refuses LATHE_ZLIB=ON train --data mnist:gz --model mlp --max-steps 1
refuses LATHE_HTTP=ON train --data shapes --model mlp --max-steps 1 --live 0
refuses LATHE_HTTP=ON serve run
exit $bad
