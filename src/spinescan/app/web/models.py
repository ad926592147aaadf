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


class Asked(BaseModel):
    """What a request says."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Answer(BaseModel):
    """What the server says; it says nothing else."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


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
    """The central sacral line x = `x`."""

    x: float
    """In pixels of the film."""
    approximate: bool
    """The sacrum was not found, and the line is drawn from L5."""


class MarksJson(Answer):
    """What is drawn beside the landmarks, in pixels of the film."""

    csl: CslJson | None
    """The central sacral line; null where it cannot be drawn."""
    transitional_point_xy: Point | None
    """Between the thoracic and the lower curve; null where there are no two."""


class EndsJson(Asked):
    """The end vertebrae of a curve."""

    upper: str
    """Such as "T5"."""
    lower: str
    """At least two levels below."""


class ToldJson(Asked):
    """What is known of the patient beside the film."""

    in_brace: bool = False
    """The film was taken in a brace."""
    age: AgeGroup | None = None
    """Up to 9, 10 to 17, and from 18 years; null where it is not known."""
    posture: Posture | None = None
    """Of the patient on the film; null where it is not known."""

    def told(self) -> Told:
        """For the scanner."""
        return Told(self.in_brace, self.age, self.posture)


class EditJson(Asked):
    """All points of a film as a reader wants them (`spinescan.Edit`)."""

    view: Literal["frontal", "lateral"]
    """Of the film."""
    names: list[str] = Field(max_length=MAX_POINTS)
    """Every point that is there, moved or not."""
    points_xy: list[tuple[Finite, Finite]] = Field(max_length=MAX_POINTS)
    """In pixels of the film as read."""
    levels_certain: bool = False
    """Whether the level names are certain."""
    ends: list[EndsJson] | None = Field(default=None, max_length=16)
    """End vertebrae of each curve of a frontal film; null leaves them to the machine."""
    told: ToldJson | None = None
    """What is known of the patient; null leaves it as it was."""


class MeasureAnswer(Answer):
    """What follows from a reader's points."""

    report: ReportJson
    """As it would be with these points."""
    marks: MarksJson
    """What is drawn beside the points."""


class ScanAnswer(Answer):
    """A film that was scanned."""

    id: str
    """Names the film in the addresses."""
    sha256: str
    """Digest of the file's bytes, hexadecimal."""
    expires_at: str | None
    """When the film is deleted (ISO 8601); null in a case."""
    told: ToldJson
    """What was told with the film."""
    report: ReportJson
    """The machine's; it never changes."""
    marks: MarksJson
    """What is drawn beside its points."""
    edit: EditJson | None
    """The newest saved edit; null without one."""
    edited_report: ReportJson | None
    """What follows from that edit; null without one."""
    edited_marks: MarksJson | None
    """Likewise."""
    case_id: str | None
    """The case that the film is in; null without one."""
    taken_on: str | None
    """The day of the film in its case (YYYY-MM-DD); null in none."""
    dicom_results: bool
    """A DICOM film that still names its study, so that it has DICOM results."""
    timing_ms: float
    """How long the scan took."""


class JobItem(Answer):
    """A film of a job: waiting, scanned, or failed."""

    number: int
    """Place of the film in the request, from 0."""
    scan: str | None
    """Id of the film that was scanned; null while it waits, or where it failed."""
    error: "ErrorDetail | None"
    """Why it failed; else null."""


class JobAnswer(Answer):
    """Many films."""

    id: str
    """Names the job in the addresses."""
    state: Literal["waiting", "running", "done", "cancelled"]
    """How far it is."""
    total: int
    """Number of films."""
    done: int
    """Number of films that are scanned or failed."""
    results: list[JobItem]
    """In the order in which the films were sent."""


class UrlRequest(Asked):
    """A film at a public address."""

    url: str = Field(max_length=2000)
    """http or https, and public."""
    told: ToldJson = ToldJson()
    """What is known of the patient."""


class RenderRequest(Asked):
    """A file of a film; without an edit that of the saved edit, else the machine's."""

    edit: EditJson | None = None
    """Of this edit; null: of the saved edit, else of the machine."""
    title: str = Field(default="", max_length=120)
    """Stands on the page; it should name nobody."""


class BundleAnswer(Answer):
    """A model."""

    name: str
    """Of the model."""
    version: str
    """Of the model."""
    task: str
    """What it answers."""
    labels: list[str]
    """Its answers; empty for landmarks."""
    on_request: bool
    """It answers only where it is named."""
    card: str
    """The model card, as Markdown; anybody's text."""


class About(Answer):
    """The server, its limits, and the words for its codes."""

    product: str
    """Name and version."""
    version: str
    """Of SpineScan."""
    schema_version: str
    """Of the Reports."""
    research_use: str
    """What the answers are not for."""
    token_required: bool
    """Whether requests need a token."""
    urls_allowed: bool
    """Whether the server fetches films from addresses."""
    cases: bool
    """Whether films can be saved to cases."""
    keep_minutes: float
    """How long a film is kept that is in no case."""
    max_bytes: int
    """Of an uploaded film."""
    max_pixels: int
    """Of a film."""
    max_films: int
    """In one job."""
    words: dict[str, dict[str, str]]
    """The words for the codes, by their kind and code."""


class ErrorDetail(Answer):
    """Why there is no answer."""

    kind: str
    """Stable; the kinds are in `spinescan.core.codes`."""
    message: str
    """A sentence for the reader."""


class FailureJson(Answer):
    """The line that stands for a film that failed (`core.report.failure_dict`)."""

    schema_version: str
    """As in a Report."""
    error: ErrorDetail
    """Why there is no Report."""


class ErrorAnswer(Answer):
    """What stands for an answer that could not be given."""

    error: ErrorDetail
    """What was wrong."""


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, for its documentation."""
    usual = (400, 401, 403, 413, 421, 422)
    return {status: {"model": ErrorAnswer} for status in sorted({*usual, *statuses})}
