#!/bin/sh
# The newest section of CHANGELOG.md is that of the version and the day that the build has.
# usage: changelog.sh SOURCE_DIR VERSION DAY
newest=$(grep -m 1 '^## ' "$1/CHANGELOG.md")
[ "$newest" = "## $2 ($3)" ] || { echo "CHANGELOG.md begins with '$newest', the build is $2 ($3)"; exit 1; }
