"""The JSON of the API, for requests (which are checked by it) and for its documentation."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from spinescan.core.report import (
    BundleRef,
    Curve,
    Decision,
    Measurement,
    Notice,
    Prediction,
    SagittalVerdict,
    Verdict,
)
from spinescan.core.told import AgeGroup, Posture, Told

Point = tuple[float, float]
Finite = Annotated[float, Field(allow_inf_nan=False)]
MAX_POINTS = 100
"""A film has 75 at most."""


class Answer(BaseModel):
    """What the server says; it says nothing else."""

    model_config = ConfigDict(extra="forbid")


class LandmarksJson(Answer):
    """Points of a film, in pixels of the film as read from its top-left corner."""

    names: list[str]
    points_xy: list[Point]
    score: list[float]
    spread_px: list[float | None]
    origin: list[Literal["machine", "edited", "derived"]]
    levels_certain: bool


class ReportJson(Answer):
    """A Report, as `spinescan scan --json --anonymous` prints it."""

    schema_version: str
    research_use: str
    size: tuple[int, int]
    pixel_aspect: float
    spacing_mm: tuple[float, float] | None
    spacing_origin: str
    bundles: list[BundleRef]
    warnings: list[Notice]
    timing_ms: float
    view: Literal["frontal", "lateral", "other"]
    decision: Decision
    reasons: list[str]
    edited: bool
    landmarks: LandmarksJson | None
    curves: list[Curve]
    als: Verdict | None
    sagittal: SagittalVerdict | None
    measurements: list[Measurement]
    predictions: list[Prediction]


class CslJson(Answer):
    """The central sacral line x = `x`, from L5 where it is approximate."""

    x: float
    approximate: bool


class MarksJson(Answer):
    """What is drawn beside the landmarks, in pixels of the film."""

    csl: CslJson | None
    transitional_point_xy: Point | None


class EndsJson(BaseModel):
    """The end vertebrae of a curve."""

    upper: str
    lower: str


class ToldJson(BaseModel):
    """What is known of the patient beside the film."""

    in_brace: bool = False
    age: AgeGroup | None = None
    posture: Posture | None = None

    def told(self) -> Told:
        """For the scanner."""
        return Told(self.in_brace, self.age, self.posture)


class EditJson(BaseModel):
    """All points of a film as a reader wants them (`spinescan.Edit`)."""

    view: Literal["frontal", "lateral"]
    names: list[str] = Field(max_length=MAX_POINTS)
    points_xy: list[tuple[Finite, Finite]] = Field(max_length=MAX_POINTS)
    levels_certain: bool = False
    ends: list[EndsJson] | None = Field(default=None, max_length=16)
    told: ToldJson | None = None


class MeasureAnswer(Answer):
    """What follows from a reader's points."""

    report: ReportJson
    marks: MarksJson


class ScanAnswer(Answer):
    """A film that was scanned.

    `report` is the machine's and never changes; `edited_report` follows from the newest saved edit.
    `dicom_results`: a DICOM film that still names its study, so it has DICOM results.
    """

    id: str
    sha256: str
    expires_at: str | None
    told: ToldJson
    report: ReportJson
    marks: MarksJson
    edit: EditJson | None
    edited_report: ReportJson | None
    edited_marks: MarksJson | None
    case_id: str | None
    taken_on: str | None
    dicom_results: bool
    timing_ms: float


class JobItem(Answer):
    """A film of a job: waiting, scanned (`scan` is its id), or failed."""

    number: int
    scan: str | None
    error: "ErrorDetail | None"


class JobAnswer(Answer):
    """Many films; `results` are in the order in which they were sent."""

    id: str
    state: Literal["waiting", "running", "done", "cancelled"]
    total: int
    done: int
    results: list[JobItem]


class UrlRequest(BaseModel):
    """A film at a public address."""

    url: str = Field(max_length=2000)
    told: ToldJson = ToldJson()


class RenderRequest(BaseModel):
    """A file of a film; without an edit that of the saved edit, else the machine's."""

    edit: EditJson | None = None
    title: str = Field(default="", max_length=120)


class BundleAnswer(Answer):
    """A model."""

    name: str
    version: str
    task: str
    labels: list[str]
    on_request: bool
    card: str


class About(Answer):
    """The server, its limits, and the words for its codes."""

    product: str
    version: str
    schema_version: str
    research_use: str
    token_required: bool
    urls_allowed: bool
    cases: bool
    keep_minutes: float
    max_bytes: int
    max_pixels: int
    max_films: int
    words: dict[str, dict[str, str]]


class ErrorDetail(Answer):
    """Why there is no answer.

    Parameters
    ----------
    kind
        Stable; the kinds are in `spinescan.core.codes`.
    message
        A sentence for the reader.
    """

    kind: str
    message: str


class FailureJson(Answer):
    """The line that stands for a film that failed (`core.report.failure_dict`).

    Parameters
    ----------
    schema_version
        As in a Report.
    error
        Why there is no Report.
    """

    schema_version: str
    error: ErrorDetail


class ErrorAnswer(Answer):
    """What stands for an answer that could not be given."""

    error: ErrorDetail


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, for its documentation."""
    usual = (400, 401, 403, 413, 421, 422)
    return {status: {"model": ErrorAnswer} for status in sorted({*usual, *statuses})}
