#!/bin/sh
# Each experiment of docs/lab has commands, a result with its pictures, what was seen, and a line in the list.
# usage: lab.sh SOURCE_DIR LATHE
cd "$1/docs/lab" || exit 1
bad=0 pages=0 waiting=
say() { echo "docs/lab/$page: $1"; bad=1; }
for page in *.md; do
    [ "$page" = README.md ] && continue
    pages=$((pages + 1))
    sed '/^## Result/,$d' "$page" | grep -q '^    lathe \(compare\|lr-find\) ' ||
        say "no command before its result"
    grep -q "($page)" README.md || say "is not in the list of README.md"
    for file in $(sed -n 's/.*--runs docs\/lab\/\([^ ]*\).*/\1/p' "$page"); do
        [ -s "$file" ] || say "$file is missing"
    done
    grep -q '^Not run yet' "$page" && waiting="$waiting ${page%.md}" && continue
    sed -n '/^## Result/,/^## Seen/p' "$page" | grep -q '^[0-9]* cores*: [0-9]* s\.$' ||
        say "no time: tools/lab has not been run"
    [ -n "$(sed '1,/^## Seen/d' "$page" | tr -d '\n ')" ] || say "nothing was seen"
    for picture in $(sed -n 's/^!\[.*\](\(.*\.svg\))$/\1/p' "$page"); do
        [ -s "$picture" ] || { say "$picture is missing"; continue; }
        [ "$(wc -c < "$picture")" -lt 61440 ] || say "$picture is larger than 60 KB"
    done
done
[ -z "$waiting" ] || echo "not run yet:$waiting"
[ "$pages" -ge 7 ] || { echo "only $pages experiments"; bad=1; }

# Variants and tests are valid, as far as the data is there.
cd ../.. || exit 1
for name in $(grep -L 'cifar10:' docs/lab/*.md | sed 's/.*\///; s/\.md//; /README/d'); do
    told=$(LATHE="$2" tools/lab --plan "$name" 2>&1) || case $told in
    *train-images*) ;;
    *) echo "$told"; bad=1 ;;
    esac
done
[ "$(tools/lab --list | wc -l)" = "$pages" ] || { echo "tools/lab --list does not list $pages pages"; bad=1; }
cd docs/lab || exit 1

# A data set that is not there is one line.
page=$(grep -l 'cifar10:' -- *.md | head -n 1)
if [ -n "$page" ]; then
    told=$(CIFAR10='' LATHE="$2" ../../tools/lab "${page%.md}" 2>&1 | grep -c 'set CIFAR10')
    [ "$told" = 1 ] || { echo "tools/lab says nothing of CIFAR-10"; bad=1; }
fi
exit $bad
