# shellcheck shell=bash
# What reviewd needs of Debian 12 and how it gets there; sourced by deploy/run, deploy/Dockerfile and tests/run.

# To build and to try it. `package=command`: the command will do as well, wherever it comes from. PDF is set in the fonts
# that are there: fonts-noto-core has the letters of most scripts, fonts-wqy-microhei those of Chinese, Japanese and Korean
# (in 2 MB; fonts-noto-cjk has more beautiful ones in 56), fonts-symbola signs and emoji.
# shellcheck disable=SC2034
packages_to_run=(build-essential meson=meson ninja-build=ninja pkg-config=pkg-config libmicrohttpd-dev libjansson-dev
    libsqlite3-dev libsodium-dev nettle-dev libxlsxwriter-dev libxxhash-dev zlib1g-dev libcairo2-dev libpango1.0-dev
    libcmark-dev libarchive-dev fonts-noto-core fonts-symbola fonts-wqy-microhei sqlite3=sqlite3 curl=curl)

redoc_version=2.5.4
redoc_sha256=dcaf76612bc4a3fbcc923a8966dee2f6146a5f32e5ce1b6f02dd60cbbf89500b

package_is_there() {
    local package=${1%%=*} command=${1#*=}
    if [[ $command != "$1" ]] && command -v "$command" >/dev/null; then
        return 0
    fi
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]]
}

# Installs what is missing of the packages named; asks nothing and touches nothing if all are there.
install_missing() {
    local wanted missing=() as_root=()
    if ! command -v dpkg-query >/dev/null; then
        echo "This is no Debian: see to it that these are there (or what they are called here): ${*%%=*}" >&2
        return 0
    fi
    for wanted in "$@"; do
        package_is_there "$wanted" || missing+=("${wanted%%=*}")
    done
    if ((${#missing[@]} == 0)); then
        return 0
    fi
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "These packages are missing, and only root can install them: ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "Installing ${missing[*]} …"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300
        -o Acquire::Retries=3)
    "${apt[@]}" update >/dev/null &&
        "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# prepare_build DIR ROOT OPTION…: sets the build directory up, anew where it belongs to another tree.
prepare_build() {
    local build=$1 root=$2 how=()
    shift 2
    if [[ -e $build/build.ninja ]]; then
        if grep -qF "\"source\": \"$root\"" "$build/meson-info/meson-info.json" 2>/dev/null; then
            return 0
        fi
        how=(--wipe)
    fi
    meson setup "${how[@]}" "$build" "$root" "$@" >"$build.log" 2>&1 || {
        cat "$build.log" >&2
        return 1
    }
    rm -f "$build.log"
}

# fetch_redoc FILE: Redoc's bundle by npm, checked against the digest above. The picture that it would fetch from the
# internet each time is replaced by an empty one.
fetch_redoc() {
    local folder fetched=1 empty_picture='data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='
    folder=$(mktemp -d)
    if (cd "$folder" && timeout 60 npm pack --silent --fetch-retries=1 "redoc@$redoc_version" &&
        tar xzf "redoc-$redoc_version.tgz" package/bundles/redoc.standalone.js &&
        echo "$redoc_sha256  package/bundles/redoc.standalone.js" | sha256sum --check --status) >/dev/null 2>&1; then
        mkdir -p "$(dirname "$1")" && sed "s|https://cdn.redoc.ly/redoc/logo-mini.svg|$empty_picture|" \
            "$folder/package/bundles/redoc.standalone.js" >"$1" && fetched=0
    fi
    rm -rf "$folder"
    return $fetched
}
