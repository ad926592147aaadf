#!/bin/sh
# Whether Orthanc answers who knows its password.
#
#     healthy-orthanc.sh ADDRESS
exec curl --silent --fail --max-time 8 --output /dev/null --config /tmp/orthanc/curl "$1/system"
