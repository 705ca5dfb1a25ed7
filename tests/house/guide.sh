#!/usr/bin/env bash
# Every `build/lathe` command of a page works as it is written, one after the other, with less training.
# usage: guide.sh LATHE PAGE LEAST    the page must have LEAST commands or more
set -u
lathe_program=$1 guide=$2 least=$3
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here" || exit 1
for class in ants bees; do # "your own pictures"
    mkdir -p photos/$class
    for n in 1 2 3 4 5 6 7 8; do
        { printf 'P6 16 16 255\n'; yes "$class $n" | head -c 768; } > "photos/$class/$n.ppm"
    done
done

# "the weights of a net that has seen a million others", of one step here
"$lathe_program" train --data folder:photos --size 32 --model mobilenet_v1:blocks=12 --max-steps 1 --quiet \
    --out other > out 2>&1 &&
    "$lathe_program" weights other/last.safetensors --save mobilenet_v1_imagenet_blocks1to12.safetensors \
        > out 2>&1 || { cat out; exit 1; }

# A command; the server begins, says where, and ends in order.
run() {
    if [ "$1" != serve ]; then
        "$lathe_program" "$@" > out 2>&1 < /dev/null
        return
    fi
    "$lathe_program" "$@" --port 0 > out 2>&1 < /dev/null &
    until grep -q 'http://' out || ! kill -0 $! 2> /dev/null; do sleep 0.1; done
    kill -TERM $! 2> /dev/null && wait $!
}

commands=0 failed=0
while IFS= read -r line; do
    read -ra word <<< "${line//\"/}"
    less=()
    case ${word[1]} in
        train | compare) less=(--max-steps 3 --no-times) ;;
        lr-find) less=(--steps 30 --seeds 1) ;;
    esac
    case $line in *fashion-mnist*) less+=(--data shapes --train-count 256) ;; esac
    commands=$((commands + 1))
    run "${word[@]:1}" "${less[@]}" && continue
    # A sweep so short may find nothing.
    [ "${word[1]}" = lr-find ] && grep -q "^lathe: lathe_lr_find: the " out && continue
    failed=$((failed + 1))
    printf '%s %s\nfails:\n' "$line" "${less[*]}"
    cat out
done < <(sed -e ':a' -e '/^    .*\\$/N; s/\\\n */ /; ta' "$guide" |
    sed -n 's/^    build\/lathe/build\/lathe/p')
echo "$((commands - failed)) of $commands commands of $guide work"
[ "$commands" -ge "$least" ] && [ "$failed" -eq 0 ]
