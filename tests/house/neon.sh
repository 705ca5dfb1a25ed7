#!/bin/sh
# The kernels' register tiles on aarch64: their innermost loops are vector fused multiply-adds, as many as the
# tile has sums, and keep every sum in a register. Exit code 77 without the cross compiler.
# usage: neon.sh SOURCE_DIR FLAG...
set -u
compiler=aarch64-linux-gnu-gcc dump=aarch64-linux-gnu-objdump
command -v $compiler > /dev/null && command -v $dump > /dev/null || { echo "no $compiler: skipped"; exit 77; }
kernels=$1/core/kernels
shift
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
for name in convolution/conv convolution/conv_weights convolution/channels convolution/channels_weights \
    convolution/depthwise convolution/winograd_3x3 convolution/winograd_5x5 convolution/winograd_channels \
    convolution/winograd_weights_3x3 convolution/winograd_weights_5x5 product/product product/few; do
    $compiler -std=gnu11 -fPIC -Wno-psabi -DLATHE_ISA_NAME=neon -DLATHE_REAL=float "$@" \
        -c "$kernels/$name.c" -o "$folder/${name#*/}.o" || exit 1
done
# A line for each innermost loop with arithmetic of vectors: the function, fused multiply-adds of vectors and
# of single numbers, and loads and stores of numbers in the function's own memory.
$dump -d --no-show-raw-insn "$folder"/*.o | awk '
    function loops(i, j, k, inner, vectors, fused, single, spills) {
        for (i = 1; i <= jumps; i++) {
            inner = 1
            for (j = 1; j <= jumps; j++) if (j != i && to[j] >= to[i] && from[j] <= from[i]) inner = 0
            vectors = fused = single = spills = 0
            for (k = to[i]; inner && k <= from[i]; k++) {
                if (text[k] ~ /^f(ml[as]|add|sub|mul)\tv[0-9]+\.4s/) vectors++
                if (text[k] ~ /^fml[as]\tv[0-9]+\.4s/) fused++
                if (text[k] ~ /^(fn?m(add|sub)\t|fml[as]\ts)/) single++
                if (text[k] ~ /^(ld|st)u?[rp]\t[qds][0-9].*\[(sp|x29)/) spills++
            }
            if (vectors) print file, name, fused, single, spills
        }
        jumps = lines = 0
    }
    /file format/ { loops(); sub(/.*\//, ""); sub(/\.o:.*/, ""); file = $0 }
    /^[0-9a-f]+ <.*>:$/ { loops(); name = $2; gsub(/[<>:]/, "", name); delete at; next }
    /^ *[0-9a-f]+:\t/ {
        address = $1; sub(/:/, "", address); at[address] = ++lines
        text[lines] = $0; sub(/^ *[0-9a-f]+:\t/, "", text[lines])
        if (text[lines] ~ /^(b|b\.[a-z]+|cbn?z|tbn?z)\t/ && match(text[lines], /[0-9a-f]+ </)) {
            target = substr(text[lines], RSTART, RLENGTH - 2)
            if (target in at) { jumps++; to[jumps] = at[target]; from[jumps] = lines }
        }
    }
    END { loops() }' > "$folder/loops"
awk '
    function bad(what) { print $1 ": " $2 ": " what; status = 1 }
    $2 ~ /tile_[0-9]/ && $3 > 0 {
        sizes = $2; sub(/.*tile_/, "", sizes); sub(/\..*/, "", sizes)
        if ($1 == "depthwise") sub(/_.*/, "", sizes) # the step
        count = split(sizes, size, "x")
        sums = $1 == "conv_weights" ? 1 : 4 # registers: a quarter of sixteen numbers, or all four
        for (i = 1; i <= count; i++) sums *= size[i]
        if ($3 != sums || $4) bad($3 " multiply-adds of vectors, " $4 " of single numbers, for " sums " sums")
        if ($5) bad($5 " loads and stores of sums")
        tiles[$1] = tiles[$1] < sums ? sums : tiles[$1]
        seen[$2] = 1
    }
    # Sums of lanes, and transforms. Weights are packed once a step; 5 x 5 taps are 35 numbers at once.
    $2 !~ /tile_[0-9]|^pack|to_weights_5x5/ && $1 != "few" {
        if ($5) bad($5 " loads and stores of sums")
        if ($1 ~ /^winograd_[35]/) transforms[$1] = 1
    }
    $1 == "few" && $3 >= 8 { few += $5 == 0 }
    END {
        split("conv 24 conv_weights 24 channels 24 channels_weights 24 product 24 depthwise 16 " \
            "winograd_weights_3x3 16 winograd_weights_5x5 16", most, " ")
        for (i = 1; most[i]; i += 2)
            if (tiles[most[i]] != most[i + 1]) {
                print most[i] ": the largest tile has " tiles[most[i]] + 0 " sums, not " most[i + 1]
                status = 1
            }
        if (few < 2) { print "few: " few + 0 " loops of single vectors, not 2"; status = 1 }
        if (!transforms["winograd_3x3"] || !transforms["winograd_5x5"]) { print "no transforms"; status = 1 }
        for (name in seen) count_seen++
        print count_seen + 0 " tiles"
        exit status
    }' "$folder/loops"
