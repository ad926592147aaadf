#!/bin/sh
# SpineScan itself, into the environment that install-requirements.sh has made.
#
#     install-product.sh SOURCE TARGET
set -eu
source=$1
target=$2

"$target/bin/pip" --disable-pip-version-check --no-cache-dir --quiet install \
    --no-deps --no-build-isolation "$source"
"$target/bin/pip" --disable-pip-version-check check
"$target/bin/spinescan" --version
