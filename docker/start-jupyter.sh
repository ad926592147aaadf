#!/bin/sh
# Jupyter on the work folder, never without a token.
#
#     start-jupyter.sh NOTEBOOKS WORK
#
# JUPYTER_TOKEN      the token; empty or unset: a new one is made and printed
# SPINESCAN_ADDRESS  the address to listen on; 127.0.0.1 unless it is set
# SPINESCAN_PORT     the port that the address to open shall name; 8888 unless it is set
set -eu
notebooks=$1
work=$2
page="http://127.0.0.1:${SPINESCAN_PORT:-8888}/lab"

# shellcheck source=docker/secret.sh
. "$(dirname "$0")/secret.sh"
choose_secret JUPYTER_TOKEN "${JUPYTER_TOKEN:-}"
if [ "$made" = yes ]; then
    echo "Open $page?token=$secret"
else
    echo "Open $page and give the token of .env"
fi
echo "Research use only. Not a medical device; not for diagnosis or treatment decisions."

# Notebooks that are there may have been worked on: they stay as they are.
mkdir -p "$HOME" "$work/notebooks"
for notebook in "$notebooks"/*.ipynb; do
    [ -e "$work/notebooks/${notebook##*/}" ] || cp "$notebook" "$work/notebooks/"
done

# In the environment, not on the command line, which others can read. Jupyter would take settings
# from the folder that it is started in. Requests must name this computer itself as their host.
export JUPYTER_TOKEN="$secret"
cd "$HOME"
exec jupyter lab --no-browser --ip "${SPINESCAN_ADDRESS:-127.0.0.1}" --port 8888 \
    --ServerApp.port_retries=0 \
    --ServerApp.allow_remote_access=False \
    --ServerApp.root_dir="$work"
