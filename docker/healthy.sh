#!/bin/sh
# Whether Jupyter answers; it tells its version without a token, and nothing else.
exec python -c 'import urllib.request as web; web.urlopen("http://127.0.0.1:8888/api", timeout=8)'
