#!/bin/sh
# Every test that docs/schedulers.md names for a fault of PyTorch's exists. usage: pitfalls.sh SOURCE_DIR
cd "$1" || exit 1
names=$(sed -n '/^## Where PyTorch/,/^## What the wiki/s/^|.*|.*| \(.*\) |$/\1/p' docs/schedulers.md |
    tr -d '`,' | tr ' ' '\n' | grep -E '_|/')
[ "$(echo "$names" | wc -l)" -gt 15 ] || { echo "docs/schedulers.md names too few tests"; exit 1; }
for name in $names; do
    case $name in
    */*) [ -f "$name" ] || { echo "no file $name"; exit 1; } ;;
    *) grep -qr "cmocka_unit_test($name)" tests/sched || { echo "no test $name in tests/sched"; exit 1; } ;;
    esac
done
