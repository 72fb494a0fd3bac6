#!/bin/sh
# Resolve pyproject.toml into pinned lists with hashes; run.txt is a part of dev.txt.
# Pins stay as they are where they still fit; --upgrade takes the newest of each.
set -eu

resolve() {
    .venv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 \
        --fork-strategy fewest --generate-hashes --no-annotate --no-emit-index-url \
        --custom-compile-command "make lock" "$@"
}

resolve requirements/build.in --output-file requirements/build.txt "$@"
resolve pyproject.toml --all-extras --output-file requirements/dev.txt "$@"
resolve pyproject.toml --constraint requirements/dev.txt --output-file requirements/run.txt "$@"
