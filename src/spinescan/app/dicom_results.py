"""A film's answer as the DICOM objects that go back beside it."""

from datetime import datetime

from spinescan.core.radiograph import Radiograph
from spinescan.core.report import Report

SR, CAPTURE = "report.dcm", "overlay.dcm"


def dicom_results(
    film: bytes,
    radiograph: Radiograph,
    report: Report,
    *,
    sr: bool = True,
    sc: bool = True,
    written_at: datetime,
) -> dict[str, bytes]:
    """The structured report and the capture of the overlay, by their files' names.

    Parameters
    ----------
    film
        The file that `radiograph` was read from.
    written_at
        The wall-clock time that the objects bear.

    Raises
    ------
    MissingExtraError, SpineScanError
        As `io.sr` does: "no_study" if nothing tells which study they belong to.
    """
    from spinescan.io.overlay import draw_overlay
    from spinescan.io.sr import render_capture, render_sr

    results = {}
    if sr:
        results[SR] = render_sr(film, report, written_at=written_at)
    if sc:
        picture = draw_overlay(radiograph, report)
        results[CAPTURE] = render_capture(film, picture, report, written_at=written_at)
    return results
