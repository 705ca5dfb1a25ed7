#!/bin/sh
# Debian's packages of a build: what they say of themselves, what they hold, and dpkg installing them into an
# empty root. tools/check-deb tries them on a whole system. usage: deb.sh BUILD_DIR CPACK. 77: skipped.
set -u
for tool in dpkg dpkg-deb dpkg-shlibdeps gzip; do
    command -v $tool > /dev/null || { echo "SKIPPED: no $tool"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
wrong() { echo "$*"; status=1; }
# Nothing is built now: that is what another generator says.
"$2" -D CPACK_CMAKE_GENERATOR=Ninja --config "$1/CPackConfig.cmake" -G DEB -B "$work/packages" \
    > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
ls "$work/packages" | grep -q "^lathe_[0-9.]*_[a-z0-9]*\.deb$" || { echo "no package lathe"; exit 1; }
for package in "$work"/packages/*.deb; do
    name=$(dpkg-deb -f "$package" Package)
    for field in Maintainer Description Version Section; do
        [ -n "$(dpkg-deb -f "$package" $field)" ] || wrong "$name: no $field"
    done
    dpkg-deb -c "$package" > "$work/list"
    for file in copyright changelog.gz CHANGELOG.md.gz; do
        grep -q "/usr/share/doc/$name/$file$" "$work/list" || wrong "$name: no $file"
    done
    grep -vE '^(-rw-r--r--|drwxr-xr-x|lrwxrwxrwx) root/root|^-rwxr-xr-x root/root .* ./usr/bin/' \
        "$work/list" && wrong "$name: other owners or rights"
done
dpkg-deb -f "$work"/packages/lathe_*.deb Depends > "$work/depends"
for library in libc6 libmicrohttpd libopenblas; do
    grep -q $library "$work/depends" || wrong "lathe does not depend on $library: $(cat "$work/depends")"
done

# dpkg, into a root of its own.
root=$work/root
mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info"
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
dpkg --root="$root" --force-depends --force-not-root -i "$work"/packages/*.deb > "$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
dpkg --root="$root" -s lathe | grep -q 'Status: install ok installed' || wrong "lathe is not installed"
said=$("$root/usr/bin/lathe" --version | head -n 1)
[ "$said" = "lathe $(dpkg-deb -f "$work"/packages/lathe_*.deb Version)" ] || wrong "the version is '$said'"
pages=$(find "$root/usr/share/man/man1" -name 'lathe*.1.gz' | wc -l)
[ "$pages" -gt 15 ] || wrong "only $pages manual pages"
gzip -dc "$root/usr/share/man/man1/lathe-train.1.gz" | grep -q '^\.TH LATHE\\-TRAIN 1 ' ||
    wrong "no lathe-train(1)"
if command -v man > /dev/null; then
    MANPATH=$root/usr/share/man MANWIDTH=80 man lathe-train 2> "$work/log" | grep -q -e --base-lr ||
        wrong "man lathe-train: $(cat "$work/log")"
fi
for file in bash-completion/completions/lathe fish/vendor_completions.d/lathe.fish \
    zsh/site-functions/_lathe; do
    [ -s "$root/usr/share/$file" ] || wrong "no $file"
done
[ -e "$root/usr/include/lathe/lathe.h" ] || wrong "no lathe.h"
dpkg --root="$root" --force-not-root -P lathe liblathe-dev > /dev/null 2>&1 || wrong "it cannot be removed"
rest=$(find "$root/usr" -type f 2> /dev/null | head -n 3)
[ -z "$rest" ] || wrong "left behind: $rest"
exit $status
