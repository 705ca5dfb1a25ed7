#!/bin/sh
# The README's training loop is text of a compiled example. usage: readme.sh SOURCE_DIR
cd "$1" || exit 1
loop=$(awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md)
[ -n "$loop" ] || { echo "README.md has no C code"; exit 1; }
case $(cat examples/03_training_loop.c) in
*"$loop"*) ;;
*) echo "README.md's loop is not that of examples/03_training_loop.c"; exit 1 ;;
esac
