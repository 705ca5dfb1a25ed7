#!/usr/bin/env bash
# `lathe train --live`, `lathe compare --live`: the page and its data are served to this machine, a client
# that hangs does no harm, and SIGTERM ends it: live.sh LATHE train|compare. 77: skipped.
set -eu
work=$(mktemp -d)
vary=()
[ "$2" = train ] || vary=(--vary lr=1e-3,2e-3 --seeds 2)
"$1" "$2" --data shapes --model mlp --train-count 640 --epochs 1000 "${vary[@]}" --out "$work/run" --live 0 \
    2> "$work/err" > /dev/null &
pid=$!
trap 'kill -9 $pid 2> /dev/null || true; rm -rf "$work"' EXIT
fail() { echo "live: $*"; cat "$work/err"; exit 1; }
for _ in $(seq 200); do grep -q "live at\|LATHE_HTTP" "$work/err" && break; sleep 0.1; done
grep -q "LATHE_HTTP=ON" "$work/err" && { echo "SKIPPED: built without libmicrohttpd"; exit 77; }
port=$(sed -n 's|.*127.0.0.1:\([0-9]*\)/.*|\1|p' "$work/err")
[ -n "$port" ] || fail "no address"
get() { # get PATH HOST
    exec 3<> "/dev/tcp/127.0.0.1/$port"
    printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$1" "$2" >&3
    cat <&3
    exec 3>&-
}
exec 4<> "/dev/tcp/127.0.0.1/$port" # says nothing, and stays
get / "127.0.0.1:$port" > "$work/page"
grep -q 'id="charts"' "$work/page" || fail "no page"
for host in LOCALHOST "LocalHost:$port" 127.0.0.1; do
    get /data.json "$host" | grep -q " 200 " || fail "$host is refused"
done
for host in elsewhere.example localhost.evil.example 127.0.0.1.evil.example localhostile 127.0.0.10 \
    localhost: localhost:1x localhost:80:80 localhost:123456 evil.example:80 localhost@evil.example \
    localhost. ""; do
    get / "$host" | grep -q " 403 " || fail "the host name '$host' is served"
done
for header in "Content-Security-Policy: default-src 'none'" "X-Content-Type-Options: nosniff" \
    "X-Frame-Options: DENY"; do
    grep -qi "^$header" "$work/page" || fail "no header $header"
done
# Forty clients that begin a request and do not end it lock nobody out, sooner than their time is up.
for _ in $(seq 40); do
    exec {slow}<> "/dev/tcp/127.0.0.1/$port"
    printf 'GET' >&"$slow"
done
began=$SECONDS
get / "127.0.0.1:$port" | grep -q " 200 " || fail "slow clients lock others out"
[ $((SECONDS - began)) -lt 5 ] || fail "slow clients make others wait"
get /etc/passwd "127.0.0.1:$port" | grep -q " 404 " || fail "something else is served"
steps=0
for _ in $(seq 100); do
    steps=$(get /data.json "127.0.0.1:$port" | sed -n 's/.*"stride":[0-9]*,"steps":\([0-9]*\),.*/\1/p')
    [ "${steps:-0}" -gt 0 ] && break
    sleep 0.1
done
[ "${steps:-0}" -gt 0 ] || fail "the data does not grow"
kill -TERM $pid # bash starts what runs beside it with SIGINT ignored
code=0
wait $pid || code=$?
[ $code = 143 ] || fail "exit code $code"
