"""The structured report: a Comprehensive SR (PS3.3 A.35.3) by TID 1500 (PS3.16)."""

from datetime import datetime
from typing import Final

from highdicom import ContentQualificationValues
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import (
    CodedConcept,
    ComprehensiveSR,
    DeviceObserverIdentifyingAttributes,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes as standard

from spinescan.core.report import Report
from spinescan.io.sr import codes
from spinescan.io.sr.groups import Groups
from spinescan.io.sr.identity import MANUFACTURER, Identity, uid_of
from spinescan.io.words import product

SERIES_NUMBER: Final = 9901


def document(header: Dataset, report: Report, written_at: datetime) -> Dataset:
    """The data set; complete as a document, preliminary as a report, and verified by nobody."""
    identity = Identity.of(header, report)
    made = ComprehensiveSR(
        evidence=[header],
        content=_content(header, report),
        series_instance_uid=identity.series("sr"),
        series_number=SERIES_NUMBER,
        series_description="SpineScan SR (research use only)",
        sop_instance_uid=identity.instance("sr"),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=product(),
        is_complete=True,
        is_final=False,
        is_verified=False,
        content_date=written_at.date(),
        content_time=written_at.time().replace(microsecond=0, tzinfo=None),
        content_qualification=ContentQualificationValues.RESEARCH,
        coding_schemes=[
            CodingSchemeIdentificationItem(
                designator=codes.SCHEME,
                name=codes.SCHEME_NAME,
                responsible_organization=MANUFACTURER,
            )
        ],
    )
    made.InstanceCreationDate = f"{written_at:%Y%m%d}"
    made.InstanceCreationTime = f"{written_at:%H%M%S}"
    return made


def _content(header: Dataset, report: Report) -> MeasurementReport:
    device = DeviceObserverIdentifyingAttributes(
        uid=uid_of("device", product()),
        name=MANUFACTURER,
        manufacturer_name=MANUFACTURER,
        model_name=product(),
    )
    observer = ObserverContext(
        observer_type=standard.DCM.Device, observer_identifying_attributes=device
    )
    return MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer),
        procedure_reported=CodedConcept(*codes.PLAIN_RADIOGRAPHY),
        title=standard.DCM.ImagingMeasurementReport,
        imaging_measurements=Groups(header, report).all(),
        referenced_images=[_described(header)],
    )


def _described(header: Dataset) -> Dataset:
    """The film for the image library.

    highdicom describes a projection radiograph by orientation and spacing, which films may lack.
    """
    film = Dataset()
    film.update(header)
    if "PatientOrientation" not in film or "ImagerPixelSpacing" not in film:
        film.Modality = "OT"
    return film
