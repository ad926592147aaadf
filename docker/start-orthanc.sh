#!/bin/sh
# Orthanc with the settings that are beside this script, never without a password.
#
#     start-orthanc.sh SETTINGS DATA
#
# ORTHANC_PASSWORD  of the user spinescan; empty or unset: a new one is made and printed
# SPINESCAN_PORT    the port that the address to open shall name; 8042 unless it is set
set -eu
settings=$1
data=$2

# shellcheck source=docker/secret.sh
. "$(dirname "$0")/secret.sh"
choose_secret ORTHANC_PASSWORD "${ORTHANC_PASSWORD:-}"
if [ "$made" = yes ]; then
    shown=$secret
else
    shown="of .env"
fi
echo "Open http://127.0.0.1:${SPINESCAN_PORT:-8042} as spinescan with the password $shown"
echo "Research use only. Not a medical device; not for diagnosis or treatment decisions."

# Orthanc reads each JSON file of a folder; this one is in memory, and its user's alone.
umask 077
mkdir -p "$HOME" /tmp/orthanc
cp "$settings/orthanc.json" /tmp/orthanc/
cat > /tmp/orthanc/own.json << JSON
{
  "StorageDirectory": "$data",
  "IndexDirectory": "$data",
  "RegisteredUsers": { "spinescan": "$secret" }
}
JSON
printf 'user = "spinescan:%s"\n' "$secret" > /tmp/orthanc/curl
unset ORTHANC_PASSWORD
exec Orthanc /tmp/orthanc
