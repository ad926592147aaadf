#!/bin/sh
# Whether the DICOM node lets an association in and answers C-ECHO.
#
#     healthy-node.sh TITLE    an AE title that the node lets in from 127.0.0.1
exec echoscu --quiet --calling-aet "$1" --called-aet SPINESCAN 127.0.0.1 11112
