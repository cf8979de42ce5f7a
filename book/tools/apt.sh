#!/bin/sh
# Install Debian packages where this is allowed; else say in one sentence what to type.
set -eu
sudo=
if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2>/dev/null; then sudo="sudo -n"; else sudo=no; fi
fi
if [ "$sudo" = no ] || ! command -v apt-get >/dev/null; then
    echo "Missing: $*. Type: sudo apt-get update && sudo apt-get install --no-install-recommends $*" >&2
    exit 1
fi
log=_build/apt.log
mkdir -p _build
echo "==> installing with apt (log in $log): $*"
export DEBIAN_FRONTEND=noninteractive
if { $sudo apt-get update && $sudo apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then exit 0; fi
tail -n 5 "$log" >&2
echo "apt-get failed: the whole log is in $log. Type: sudo apt-get install --no-install-recommends $*" >&2
exit 1
