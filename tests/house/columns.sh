#!/bin/sh
# No line is longer than 110 characters. usage: columns.sh SOURCE_DIR
# In Markdown these are excepted: tables, code blocks (commands and copied output), and the targets of links.
cd "$1" || exit 1
most=110

files() { # every source file of the project; the tree may be no repository
    if [ -e .git ]; then git ls-files; else find . -path './build*' -prune -o -type f -print; fi |
        sed 's,^\./,,' | grep -E '(\.(c|h|md|cmake|sh|js|mjs|css|html)|CMakeLists\.txt)$|^tools/[^./]*$' |
        grep -vE '/(vendor|node_modules|corpus|golden)/'
}

check='
FNR == 1 { fenced = 0; files++ }
{ line = $0; gsub(/[\200-\277]/, "", line) } # of a character of UTF-8 its first byte is left
FILENAME ~ /\.md$/ {
    if (line ~ /^ *```/) { fenced = !fenced; next }
    if (fenced || line ~ /^( *\||    )/) next
    gsub(/\]\([^)]*\)/, "]", line)
    gsub(/https?:[^ )>]*/, "", line)
}
length(line) > most {
    printf "%s:%d: %d columns, at most %d are allowed\n", FILENAME, FNR, length(line), most
    bad = 1
}
END { if (files < 100) { printf "only %d files found\n", files; bad = 1 } exit bad }'

# shellcheck disable=SC2046
LC_ALL=C awk -v most=$most "$check" $(files)
