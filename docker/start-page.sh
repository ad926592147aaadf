#!/bin/sh
# The page and the API, never without a token: they listen to all that reaches the container.
#
#     start-page.sh DATA
#
# SPINESCAN_TOKEN  the token; empty or unset: a new one is made and printed
# SPINESCAN_PORT   the port that the address to open shall name; 8000 unless it is set
set -eu
data=$1

# shellcheck source=docker/secret.sh
. "$(dirname "$0")/secret.sh"
choose_secret SPINESCAN_TOKEN "${SPINESCAN_TOKEN:-}"
if [ "$made" = yes ]; then
    echo "Open http://127.0.0.1:${SPINESCAN_PORT:-8000} and give the token $secret"
else
    echo "Open http://127.0.0.1:${SPINESCAN_PORT:-8000} and give the token of .env"
fi

# In the environment, not on the command line, which others can read.
export SPINESCAN_TOKEN="$secret"
mkdir -p "$HOME"
exec spinescan serve --host 0.0.0.0 --port 8000 --data "$data"
