#!/bin/sh
# An example cannot end as a success after a mistake: its first statement sets an error handler, its last
# returns the library's status, and a mistyped data name ends the training loop.
# usage: examples.sh SOURCE_DIR LOOP
set -u
wrong=0
for file in "$1"/examples/*.c; do
    first=$(awk '/^int main\(/ { inside = 1; next } inside && !/^{/ { print; exit }' "$file")
    last=$(grep -v '^}' "$file" | tail -n 1)
    case $first in
    "    lathe_on_error(lathe_die);"*) ;;
    *) echo "$file begins without lathe_on_error"; wrong=1 ;;
    esac
    [ "$last" = "    return lathe_error() != LATHE_OK;" ] ||
        { echo "$file does not end by returning its status"; wrong=1; }
done
said=$("$2" 1 fashion-mnits 2>&1)
code=$?
[ $code = 1 ] || { echo "a mistyped data name: exit $code"; wrong=1; }
case $said in
*"loss "*) echo "a mistyped data name prints a loss: $said"; wrong=1 ;;
*fashion-mnits*) ;;
*) echo "a mistyped data name is not named: $said"; wrong=1 ;;
esac
exit $wrong
