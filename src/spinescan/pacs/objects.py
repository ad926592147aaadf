"""What a DICOM file is called."""

from io import BytesIO


def sop_instance_uid(data: bytes) -> str:
    """The SOP Instance UID in a DICOM file that we wrote."""
    from pydicom import dcmread

    return str(dcmread(BytesIO(data), specific_tags=["SOPInstanceUID"]).SOPInstanceUID)
