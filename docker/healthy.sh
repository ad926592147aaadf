#!/bin/sh
# Whether a service answers, and with no error.
#
#     healthy.sh ADDRESS
exec python -c 'import sys, urllib.request as web; web.urlopen(sys.argv[1], timeout=8)' "$1"
