#!/bin/sh
# The library never prints, exits or aborts: nothing of the kind is called from it. usage: quiet.sh LIBRARY
set -u
calls=$(nm -u "$1" 2> /dev/null | awk '$1 == "U" { print $2 }' | sort -u)
[ "$(echo "$calls" | wc -l)" -gt 20 ] || { echo "$1 has no symbols to look at"; exit 1; }
names='exit|_exit|_Exit|quick_exit|abort|__assert_fail'
names=$names'|printf|__printf_chk|puts|putchar|vprintf|perror|stdout|stderr'
bad=$(echo "$calls" | grep -xE "$names")
[ -z "$bad" ] || { echo "liblathe calls:" $bad; exit 1; }
