#!/usr/bin/env bash
# Each command in a manual's ```console blocks prints what the block shows: stdout, then stderr. usage:
# transcript.sh LATHE MANUAL
set -u
lathe_program=$1 manual=$2
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here" || exit 1
lathe() { "$lathe_program" "$@" 2>> notes; }

commands=0 failed=0
check() { # compare what `command` prints with `expected`
    [ -n "$command" ] || return
    : > notes
    printed=$(eval "$command"; cat notes)
    commands=$((commands + 1))
    [ "$printed" = "${expected%$'\n'}" ] && return
    failed=$((failed + 1))
    printf '%s\nprints:\n%s\n' "$command" "$printed"
}

inside= command= expected=
while IFS= read -r line; do
    case $inside$line in
    '```console') inside=1 command= ;;
    '1```') check; inside= ;;
    '1$ '*) check; command=${line#??} expected= ;;
    '1> '*) command+=$'\n'${line#??} ;;
    1*) expected+=$line$'\n' ;;
    esac
done < "$manual"
echo "$((commands - failed)) of $commands commands print what $manual says"
[ "$commands" -gt 0 ] && [ "$failed" -eq 0 ]
