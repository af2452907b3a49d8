#!/usr/bin/env bash
# 在不联网的 Debian 12（amd64）上安装 agreegen。Installs agreegen on Debian 12 (amd64) without a network.
#
#   ./install.sh [--prefix DIR] [--no-debian | --no-libreoffice]
#                                                 install or upgrade, then run `agreegen doctor`
#   ./install.sh --rollback [--prefix DIR]        go back to the version before
#
# As root: into /opt/agreegen, with the Debian packages (--no-libreoffice: all but LibreOffice); otherwise into
# ~/.local/share/agreegen, without them (compiled forms need none). Only the program lies there: registers, ledgers
# and home folders are not touched.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=0
[ "$(id -u)" = 0 ] && root=1
prefix=$([ $root = 1 ] && echo /opt/agreegen || echo "$HOME/.local/share/agreegen")
bin=$([ $root = 1 ] && echo /usr/local/bin || echo "$HOME/.local/bin")
debian=$root
left_out=""
rollback=0
while [ $# -gt 0 ]; do
    case $1 in
        --prefix) prefix=$2; bin=$2/bin; shift ;;
        --no-debian) debian=0 ;;
        --no-libreoffice) left_out='^(libreoffice-writer-nogui|python3-uno)$' ;;
        --rollback) rollback=1 ;;
        *) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
    shift
done

fail() {
    echo "install.sh: $1" >&2
    exit "${2:-1}"
}

# The one step that changes what runs: a symbolic link is replaced whole.
switch_to() {
    local before
    before=$(readlink "$prefix/current" 2>/dev/null || true)
    if [ -n "$before" ] && [ "$before" != "$1" ]; then
        ln -sfn "$before" "$prefix/previous.new"
        mv -T "$prefix/previous.new" "$prefix/previous"
    fi
    ln -sfn "$1" "$prefix/current.new"
    mv -T "$prefix/current.new" "$prefix/current"
    mkdir -p "$bin"
    ln -sfn "$prefix/current/bin/agreegen" "$bin/agreegen"
}

lock() {
    mkdir -p "$prefix/versions"
    exec 9>"$prefix/.lock"
    flock -n 9 || fail "another installation into $prefix is under way" 7
}

if [ $rollback = 1 ]; then
    [ -d "$prefix" ] || fail "there is no earlier version in $prefix"
    lock
    before=$(readlink "$prefix/previous" 2>/dev/null) || fail "there is no earlier version in $prefix"
    [ -x "$prefix/$before/bin/agreegen" ] || fail "the earlier version $before is not whole"
    switch_to "$before"
    echo "$prefix/current: $before"
    exit 0
fi

# Every file is the one that was built, and there is no other.
cd "$here"
[ -f SHA256SUMS ] || fail "SHA256SUMS is missing: unpack the tarball again" 3
sha256sum --quiet --strict -c SHA256SUMS || fail "a file differs from the one that was built; nothing was installed" 3
unlisted=$(find . -type f ! -name SHA256SUMS | sort | comm -23 - <(sed 's/^[0-9a-f]*  //' SHA256SUMS | sort))
[ -z "$unlisted" ] || fail "not part of the bundle, nothing was installed: $unlisted" 3

[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || fail "this bundle is for Debian 12 on amd64" 4
lock
if [ $debian = 1 ]; then
    lists=$(mktemp -d)
    trap 'rm -rf "$lists"' EXIT
    mkdir -p "$lists/lists/partial" "$lists/cache/archives/partial"
    # apt reads packages as a user of its own, who may not enter every folder.
    cp -r debian "$lists/debian"
    chmod -R a+rX "$lists"
    echo "deb [trusted=yes] file:$lists/debian ./" >"$lists/sources.list"
    apt_local=(apt-get -q -o Dir::Etc::sourcelist="$lists/sources.list" -o Dir::Etc::sourceparts=-
        -o Dir::State::lists="$lists/lists" -o Dir::Cache="$lists/cache" -o APT::Sandbox::User=root)
    "${apt_local[@]}" update >/dev/null
    DEBIAN_FRONTEND=noninteractive "${apt_local[@]}" install -y --no-install-recommends $(grep -vE "${left_out:-^$}" debian/WANTED) >"$prefix/apt.log" 2>&1 ||
        fail "the Debian packages cannot be installed, see $prefix/apt.log" 4
fi
python=$(command -v python3.11) || fail "python3.11 is not installed: run this as root, or ask the administrator" 4

version=versions/$(cut -c1-12 COMMIT)
if [ ! -f "$prefix/$version/.whole" ]; then
    rm -rf "${prefix:?}/$version"
    # ensurepip is a Debian package of its own; pip runs from its wheel as well.
    "$python" -m venv --without-pip "$prefix/$version"
    pip=$(echo "$here"/pip-*.whl)
    install=("$prefix/$version/bin/python" "$pip/pip" --isolated install -q --no-index --no-deps --no-cache-dir --disable-pip-version-check)
    "${install[@]}" --require-hashes --find-links wheels -r requirements.txt
    "${install[@]}" wheels/agreegen-*.whl
    sync -f "$prefix/$version"
    touch "$prefix/$version/.whole"
fi
switch_to "$version"
echo "$prefix/current: $version"
"$bin/agreegen" doctor || echo "doctor found something missing (see above); what does not need it works" >&2
