#!/bin/sh
# What SpineScan needs, into a new environment: names from pyproject.toml, versions from
# constraints.txt.
#
#     install-requirements.sh SOURCE TARGET
#
# EXTRAS       extras of pyproject.toml, with commas between them
# TORCH_INDEX  where to take torch and torchvision from; empty or unset: from where the rest is
set -eu
source=$1
target=$2

python3 -m venv "$target"

install() {
    "$target/bin/pip" --disable-pip-version-check --no-cache-dir --quiet install \
        --constraint "$source/constraints.txt" "$@"
}

if [ -n "${TORCH_INDEX:-}" ]; then
    install --index-url "$TORCH_INDEX" --no-deps torch torchvision
fi

requirements=$(mktemp)
trap 'rm -f "$requirements"' EXIT
"$target/bin/python" - "$source/pyproject.toml" "${EXTRAS:-}" > "$requirements" << 'PYTHON'
import sys
import tomllib

path, extras = sys.argv[1:]
with open(path, "rb") as file:
    described = tomllib.load(file)
needed = described["build-system"]["requires"] + described["project"]["dependencies"]
for extra in filter(None, extras.split(",")):
    needed += described["project"]["optional-dependencies"][extra]
print("\n".join(needed))
PYTHON
install --requirement "$requirements"
