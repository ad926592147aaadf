#!/bin/sh
# Debian's Orthanc with DICOMweb, and curl, which asks it whether it is well.
set -eu
export DEBIAN_FRONTEND=noninteractive

apt-get update -qq
apt-get install --yes -qq --no-install-recommends curl orthanc orthanc-dicomweb > /dev/null
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
Orthanc --version | head -n 1
