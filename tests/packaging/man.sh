#!/bin/sh
# Each command has a manual page that mandoc and man find no fault with, and that has all that --help has.
# usage: man.sh LATHE. 77: skipped.
set -u
lathe=$1 work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$lathe" help --man "$work/man" || exit 1
status=0

words() { tr -cs 'A-Za-z0-9_' '\n' | sort -u; }
for command in $("$lathe" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
    page=$work/man/lathe-$command.1
    [ -s "$page" ] || { echo "no page of $command"; status=1; continue; }
    # What roff escapes, taken back; the words are those of the help, but for its headings.
    sed 's/\\f[BIR]//g; s/\\-/-/g; s/\\(aq/ /g; s/\\e/\\/g; s/\\(ti/~/g; s/\\(ha/^/g' "$page" \
        > "$work/page"
    words < "$work/page" > "$work/has"
    "$lathe" "$command" --help | grep -v ':$' | sed 's/^usage: lathe [a-z-]* \[options\]//; s/^example: //' |
        words > "$work/wanted"
    lacks=$(comm -23 "$work/wanted" "$work/has" | tr '\n' ' ')
    [ -z "$lacks" ] || { echo "lathe-$command.1 lacks: $lacks"; status=1; }
done
pages=$(ls "$work/man" | wc -l)
[ "$pages" -gt 15 ] || { echo "only $pages pages"; status=1; }
[ $status = 0 ] || exit 1

command -v mandoc > /dev/null || { echo "SKIPPED: no mandoc"; exit 77; }
# The check sees a page that is wrong.
printf '.TH A 1\n.SH NAME\na \\- b\n.XX\n' > "$work/wrong.1"
mandoc -T lint -W warning "$work/wrong.1" > /dev/null && { echo "mandoc takes a wrong page"; exit 1; }
mandoc -T lint -W warning "$work/man"/*.1 || status=1
mandoc -T utf8 "$work/man/lathe-train.1" | col -b > "$work/train.txt"
grep -q -- '--base-lr VALUE, --max-lr VALUE' "$work/train.txt" ||
    { echo "lathe-train(1) lacks cyclic"; status=1; }
if man --version 2> /dev/null | grep -q '^man 2'; then # man-db, which has groff's warnings
    for page in "$work/man"/*.1; do
        said=$(LC_ALL=C.UTF-8 MANROFFOPT= man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 > /dev/null)
        [ -z "$said" ] || { echo "$said"; status=1; }
    done
fi
echo "$pages pages"
exit $status
