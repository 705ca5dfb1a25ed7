#!/bin/sh
# The library never prints, exits or aborts: nothing of the kind is called from it. usage: quiet.sh LIBRARY
set -u
calls=$(nm -u "$1" 2> /dev/null | awk '$1 == "U" { print $2 }' | sort -u)
[ "$(echo "$calls" | wc -l)" -gt 20 ] || { echo "$1 has no symbols to look at"; exit 1; }
bad=$(echo "$calls" | grep -xE 'exit|_exit|_Exit|abort|__assert_fail|printf|__printf_chk|puts|putchar|vprintf|perror|stdout|stderr|quick_exit')
[ -z "$bad" ] || { echo "liblathe calls:" $bad; exit 1; }
