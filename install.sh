#!/usr/bin/env bash
# Installs this package into .venv: `bash install.sh [EXTRA,...|dev]`, from nothing but Python 3.10
# to 3.13; with uv where that is installed, else with pip. Without an NVIDIA driver torch comes as its
# CPU build, which is several GB smaller.
set -euo pipefail
cd "$(dirname "$0")"
torch='torch>=2.8,<=2.13.0'
cpu_builds=https://download.pytorch.org/whl/cpu
case ${1:-} in # what to install: extras of the package, or the group "dev", which contains them
dev) dev=yes package="-e . --group dev" ;;
*) dev= package="-e .${1:+[$1]}" ;;
esac
[ "$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null && backend=cpu || backend=auto

debian() { # installs Debian packages
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -qq && $sudo apt-get install -qqy "$@"
}

with_uv() {
    [ -x .venv/bin/python ] || uv venv --quiet --seed --python '>=3.10,<3.14' .venv
    # shellcheck disable=SC2086 # two words
    uv pip install --quiet --python .venv/bin/python --torch-backend "$backend" "$torch" $package
}

with_pip() {
    if ! [ -x .venv/bin/pip ]; then
        python3 -c 'import ensurepip' 2>/dev/null || debian python3-venv # separate on Debian
        python3 -m venv .venv
    fi
    if [ "$backend" = cpu ]; then
        .venv/bin/pip install --quiet --retries 0 --timeout 30 --index-url "$cpu_builds" "$torch" ||
            echo "The index of CPU builds cannot be reached: torch is installed from the default index." >&2
    fi
    [ -z "$dev" ] || .venv/bin/pip install --quiet 'pip>=25.1' # reads dependency groups
    # shellcheck disable=SC2086
    .venv/bin/pip install --quiet "$torch" $package
}

[ -z "$dev" ] || command -v exiftool >/dev/null || debian libimage-exiftool-perl ||
    echo "exiftool cannot be installed: its tests are skipped" >&2
[ -z "$dev" ] || command -v chromium >/dev/null || debian chromium # renders the page in its tests
echo "installing into .venv (a few minutes the first time)"
if ! command -v uv >/dev/null; then
    with_pip
elif ! with_uv; then
    echo "uv could not install everything: continuing with pip." >&2
    with_pip
fi
if [ -n "$dev" ]; then # without its opencv-python, which would overwrite the headless OpenCV
    .venv/bin/python -m pip install --quiet --no-deps 'face-alignment>=1.5'
fi
case ${1:-} in *page* | *space*) # tab Live of the page; without it, the page's first start does this
    .venv/bin/ostnet export --format web || echo "The page will try again when it starts." >&2 ;;
esac
echo "ready: $(.venv/bin/ostnet --version), torch $(.venv/bin/python -c 'import torch; print(torch.__version__)')"
