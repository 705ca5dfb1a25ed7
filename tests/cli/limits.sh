#!/bin/bash
# The command ends, with a true exit code, where memory or processes are short: it opens OpenBLAS only for
# matrix products, OpenBLAS starts no thread, and a missing thread of lathe's own is no failure.
# usage: limits.sh LATHE
lathe=$1 folder=$(mktemp -d) wrong=0
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
train="train --data shapes --model mlp --train-count 40 --max-steps 2 --epochs 1 --threads 2 --quiet"

# try CODES COMMAND...: run it; its exit code must be one of CODES, and a failure must have one line.
try() {
    local codes=$1 code lines
    shift
    timeout -k 1 60 "$@" > out 2> err
    code=$?
    lines=$(wc -l < err)
    case " $codes " in *" $code "*) ;; *) echo "exit code $code: $limit $*: $(tail -1 err)"; wrong=1 ;; esac
    if [ $code != 0 ] && [ "$lines" != 1 ]; then
        echo "$lines lines of errors: $limit $*"; cat err; wrong=1
    fi
}

for kilobytes in 32000 64000 96000 128000 160000 224000 400000; do
    limit="ulimit -v $kilobytes:"
    (ulimit -v $kilobytes && try "0" "$lathe" --version && try "0" "$lathe" info && exit $wrong) || wrong=1
    (ulimit -v $kilobytes && try "0 1" "$lathe" $train && exit $wrong) || wrong=1
    (ulimit -v $kilobytes && try "0 1 2" "$lathe" $train --optim muon && exit $wrong) || wrong=1
done

# A limit of processes holds for other users than root alone.
as=""
[ "$(id -u)" != 0 ] || as="setpriv --reuid 65534 --clear-groups"
if $as true 2> /dev/null && [ -x "$lathe" ] && $as test -x "$lathe"; then
    mkdir other && chmod 755 "$folder" && chmod 777 other && cd other || exit 1
    for processes in 1 2; do
        limit="ulimit -u $processes:"
        (ulimit -u $processes && try "0" $as "$lathe" --version && exit $wrong) || wrong=1
        (ulimit -u $processes && try "0" $as "$lathe" $train --optim muon && exit $wrong) || wrong=1
    done
fi
exit $wrong
