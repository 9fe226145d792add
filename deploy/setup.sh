#!/bin/sh
# Finds a Python 3.11 or newer that can make virtual environments and lets it set up `.venv`;
# `setup.sh card` sets up `.venv-card`.
# PYTHON=/path/to/python chooses another one.
set -eu

usable='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'

for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if command -v "$python" >/dev/null 2>&1 && "$python" -c "$usable" >/dev/null 2>&1; then
        exec "$python" "$(dirname "$0")/install.py" "$@"
    fi
done

found=$(python3 --version 2>&1 || true)
echo "Tongbao needs Python 3.11 or newer with the modules venv and ensurepip." >&2
echo "python3 here is: ${found:-not found}." >&2
echo "Install one (Debian, Ubuntu: python3-venv beside python3) or name it: make setup PYTHON=/path/to/python3" >&2
exit 1
