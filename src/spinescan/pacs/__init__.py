"""Films from a PACS and results back into it: DICOMweb, and a DICOM node (extra `dicom`).

`queue` keeps what was received and what is still to be delivered; `node` listens, `dicomweb` asks,
and a `Destination` takes results. Nothing here reads a film: that is given in as a function.
"""
