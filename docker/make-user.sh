#!/bin/sh
# Who runs the service, and the folders that are theirs.
#
#     make-user.sh UID FOLDER...
set -eu
uid=$1
shift

groupadd --gid "$uid" spinescan
useradd --uid "$uid" --gid "$uid" --no-create-home --home-dir /tmp/home --shell /bin/sh spinescan
mkdir -p "$@"
chown "$uid:$uid" "$@"
