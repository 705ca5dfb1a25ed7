#!/bin/sh
# No size of an allocation is computed unchecked: in the arguments of the allocators no product, shift or sum
# but of a small number. Where one is needed it goes through lathe_times and lathe_plus. And nothing allocates
# around them. usage: sizes.sh SOURCE_DIR
set -u
cd "$1" || exit 1

check='
# "sizeof *x", "sizeof(type)", pointers in casts and the declarations of the allocators themselves are no
# products.
function product(s) {
    gsub(/sizeof\([^()]*\)|sizeof \**[a-z_]+([.>-]+[a-z_]+)*(\[[0-9]\])?/, "S", s)
    gsub(/\([a-z_0-9]+ ?\**\)/, "", s)
    gsub(/(^|, )\*[a-z]/, ", x", s)
    gsub(/[0-9]+ \* \(?(size_t\))?[A-Z_]+/, "N", s)
    gsub(/\+ [0-9]+/, "", s)
    return s ~ /[*+]|<</ && s !~ /^(const )?(void|lathe_[a-z]+) \*/
}
BEGIN {
    allocator = "lathe_(alloc|alloc_raw|grow|arena_alloc|arena_zeroed|tape_alloc|tape_work|model_alloc)[(]"
    system_call = "(^|[^a-z_])(malloc|calloc|realloc|reallocarray|aligned_alloc|posix_memalign|alloca|" \
        "strdup|strndup|asprintf)[(]"
}
{ line[++n] = $0; place[n] = FILENAME ":" FNR }
END {
    for (i = 1; i <= n; i++) {
        rest = line[i]
        while (match(rest, allocator)) {
            calls++
            rest = substr(rest, RSTART + RLENGTH)
            arguments = ""; depth = 1; all = rest; next_line = i
            for (j = 1; depth; j++) {
                if (j > length(all)) { all = line[++next_line]; j = 0; arguments = arguments " "; continue }
                c = substr(all, j, 1)
                depth += (c == "(") - (c == ")")
                if (depth) arguments = arguments c
            }
            if (product(arguments)) { print place[i] ": computed unchecked: " arguments; bad = 1 }
        }
        if (line[i] ~ system_call && place[i] !~ /^core\/alloc\.c/) {
            print place[i] ": not through core/alloc.h: " line[i]
            bad = 1
        }
    }
    print calls " allocations"
    exit bad || calls < 100
}'

# The check sees what it must see, and no more.
seen=$(printf '%s\n' 'a = lathe_alloc(n * m, sizeof *a);' 'b = lathe_tape_work(tape, (size_t)n *' \
    '    m, 4);' 'c = lathe_alloc(n + 1, sizeof *c);' \
    'd = lathe_alloc(n, sizeof(int) << k);' 'e = malloc(4);' 'f = lathe_grow(f, n, n + m, sizeof(char *));' \
        'g = lathe_alloc((size_t)n, sizeof g->at[0]);' |
    awk "$check" | grep -c '^-\{0,1\}:[0-9]\|^.*: ')
[ "$seen" = 5 ] || { echo "the check sees $seen of 5 mistakes"; exit 1; }

# shellcheck disable=SC2046
awk "$check" $(find core nn optim sched data metrics io task dist train study deploy report cli -name '*.c' |
    sort)
