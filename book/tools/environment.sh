#!/bin/sh
# Make sure that the virtual environment $1 holds what requirements.txt pins.
set -eu
venv=$1
pins=$(cat requirements.txt constraints.txt | cksum)
stamp=$venv/.pins

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$pins" ]; then exit 0; fi

if [ "$venv" != .venv ]; then  # an environment somebody else keeps: look, do not touch
    [ -x "$venv/bin/python" ] || { echo "VENV=$venv is no virtual environment: expected $venv/bin/python" >&2; exit 1; }
    exec "$venv/bin/python" book/tools/check_pins.py
fi

python=${PYTHON:-$(command -v python3.11 || command -v python3 || true)}
[ -n "$python" ] || { echo "Python is missing. Type: sudo apt-get install python3 python3-venv" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed, found $("$python" --version). Type: make book PYTHON=/path/to/python3.11" >&2; exit 1; }
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then  # Debian keeps it in a package of its own
    sh book/tools/apt.sh python3-venv || exit 1
fi

echo "==> setting up $venv (once; a few minutes, about 1.5 GB)"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
echo "    torch"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 -c constraints.txt
echo "    everything else"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable code
echo "$pins" > "$stamp"
echo "    done: $("$venv/bin/python" --version) in $venv"
