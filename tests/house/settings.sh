#!/bin/sh
# The manual's table of settings is that of `lathe train --help`. usage: settings.sh LATHE MANUAL
set -u
wanted=$(mktemp) found=$(mktemp)
trap 'rm -f "$wanted" "$found"' EXIT
"$1" train --help | awk '
    /^settings/ { on = 1; next }
    /^$/ { on = 0 }
    on {
        line = substr($0, 3)
        gap = match(line, /  +/)
        option = substr(line, 1, gap - 1)
        gsub(/\|/, "\\|", option)
        printf "| `%s` | %s |\n", option, substr(line, gap + RLENGTH)
    }' > "$wanted"
awk '/^## / { on = $0 == "## Settings" } on && /^\| `--/' "$2" > "$found"
echo "$(wc -l < "$wanted") settings"
[ -s "$wanted" ] || exit 1
diff "$wanted" "$found" || { echo "$2: the table of settings differs from 'lathe train --help'"; exit 1; }
