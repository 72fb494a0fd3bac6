#!/bin/sh
# Build .venv from the pinned, hash-checked lists in requirements/.
#   env.sh make           the bare environment: pip, setuptools, uv
#   env.sh install LIST   the packages of LIST, and this checkout in place
set -eu

say() { printf '%s\n' "$*" >&2; }
python=.venv/bin/python

make_venv() {
    command -v "$PYTHON" >/dev/null 2>&1 || {
        say "Python 3.11 is needed and '$PYTHON' is not on PATH."
        say "Install it (apt install python3.11-venv, brew install python@3.11, pyenv install 3.11)"
        say "or name it: make PYTHON=/path/to/python3.11 ..."
        exit 1
    }
    version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    [ "$version" = 3.11 ] || {
        say "'$PYTHON' is Python $version; the pinned packages are for 3.11."
        say "Name another one: make PYTHON=/path/to/python3.11 ..."
        exit 1
    }
    rm -rf .venv
    "$PYTHON" -m venv .venv || {
        rm -rf .venv
        say "'$PYTHON -m venv' failed; on Debian and Ubuntu: apt install python3.11-venv"
        exit 1
    }
    $python -m pip install --quiet --require-hashes -r requirements/build.txt
    touch .venv/.made
}

# uv takes seconds where pip takes minutes; pip knows the mirrors set in pip's own configuration.
# Modules are compiled once here: where PYTHONDONTWRITEBYTECODE is set, as in many containers, every
# command would compile all of them again.
install() {
    say "Installing $1 into .venv"
    if ! $python -m uv pip install --quiet --compile-bytecode --python $python --require-hashes --no-build-isolation -r "$1"; then
        say "uv did not succeed; trying pip"
        $python -m pip install --quiet --require-hashes --no-build-isolation -r "$1"
    fi
    PYTHONWARNINGS=ignore $python -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
    $python -m compileall -q lakehouse
}

case "$1" in
    make) make_venv ;;
    install) install "$2" ;;
esac
