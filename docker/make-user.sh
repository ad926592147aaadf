#!/bin/sh
# Who runs Jupyter, and the folder that is theirs.
#
#     make-user.sh UID WORK
set -eu
uid=$1
work=$2

groupadd --gid "$uid" spinescan
useradd --uid "$uid" --gid "$uid" --no-create-home --home-dir /tmp/home --shell /bin/sh spinescan
# The place of the films is there before anything is mounted on it.
mkdir -p "$work/films"
chown -R "$uid:$uid" "$work"
