#!/bin/sh
# Sets up everything that `make run` and `make test` need: sh packaging/setup.sh run|test|dev
# Quick when there is nothing to do: a stamp in .venv remembers what was installed from which lock.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-run}

window="libegl1 libgl1 libgl1-mesa-dri libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1
 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 libwayland-cursor0 libdbus-1-3
 libfontconfig1 shared-mime-info fonts-dejavu-core"
driving="xvfb xdotool x11-utils"

python=
for name in python3.11 python3 python; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$(command -v "$name")
        break
    fi
done
[ -n "$python" ] || { echo "Neuroloom needs Python 3.11 or newer; none was found on the PATH." >&2; exit 1; }

stamp=.venv/.ready-$kind
state=$(cat pyproject.toml requirements.lock packaging/setup.sh | cksum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$state" ]; then
    exit 0
fi

if command -v dpkg-query >/dev/null; then
    needed=$window
    [ "$kind" = run ] || needed="$needed $driving"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || needed="$needed python3-venv"
    missing=
    for package in $needed; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
    done
    if [ -n "$missing" ] && [ "$(id -u)" = 0 ]; then
        echo "Installing Debian packages:$missing"
        apt-get update -qq
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    elif [ -n "$missing" ]; then
        echo "Debian packages are missing. Paste this line, then try again:" >&2
        echo "sudo apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
fi

[ -x .venv/bin/python ] || "$python" -m venv .venv
extras=
[ "$kind" = run ] || extras="[$kind]"
echo "Installing the locked Python packages (once; torch is large)..."
.venv/bin/python -m pip install -q "$(grep '^torch==' requirements.lock)"
.venv/bin/python -m pip install -q -c requirements.lock -e ".$extras"
printf '%s' "$state" >"$stamp"
