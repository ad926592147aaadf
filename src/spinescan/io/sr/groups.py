"""A Report as measurement groups: what TID 1500 calls the imaging measurements."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TextContentItem,
    TrackingIdentifier,
)
from numpy.typing import NDArray
from pydicom import Dataset

from spinescan.core.anatomy import LEVELS
from spinescan.core.report import RESEARCH_USE, Curve, Report, Slip
from spinescan.io.sr import codes
from spinescan.io.sr.identity import MANUFACTURER, Identity
from spinescan.io.sr.items import (
    decided,
    evaluation,
    evaluations,
    measured,
    printable,
    sites,
    texts,
)
from spinescan.io.words import (
    CAVEATS,
    SAGITTAL_CAVEAT,
    product,
    quantity,
    question,
    who_placed,
)

Group: TypeAlias = (
    "MeasurementsAndQualitativeEvaluations | PlanarROIMeasurementsAndQualitativeEvaluations"
)


class Groups:
    """Makes the groups of one film's Report.

    Parameters
    ----------
    header
        As `header.film_header` gives it.
    """

    def __init__(self, header: Dataset, report: Report) -> None:
        self._header = header
        self._report = report
        self._identity = Identity.of(header, report)

    def all(self) -> list[Group]:
        """The film first, then curves, type, shape, measurements, classifiers' answers."""
        return [
            self._film(),
            *self._curves(),
            *self._als(),
            *self._sagittal(),
            *self._measurements(),
            *self._predictions(),
        ]

    def _group(
        self,
        finding: str,
        place: str,
        *,
        evaluations: Sequence[QualitativeEvaluation] = (),
        measurements: Sequence[Measurement] = (),
        words: Sequence[TextContentItem] = (),
        levels: Sequence[str] = (),
        region: ImageRegion | None = None,
    ) -> Group:
        """One group of TID 1501 or, with a region, of TID 1410."""
        told: dict[str, Any] = {
            "tracking_identifier": TrackingIdentifier(
                uid=self._identity.tracking(place), identifier=printable(f"{MANUFACTURER} {place}")
            ),
            "finding_type": CodedConcept(*codes.finding(finding)),
            "finding_sites": sites(levels) or None,
            "algorithm_id": self._algorithm(),
            "measurements": list(measurements),
            "qualitative_evaluations": list(evaluations),
        }
        group: Group
        if region is None:
            source = SourceImageForMeasurementGroup.from_source_image(self._header)
            group = MeasurementsAndQualitativeEvaluations(source_images=[source], **told)
        else:
            group = PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=region, **told)
        group[0].ContentSequence.extend(words)
        return group

    def _algorithm(self) -> AlgorithmIdentification:
        name, _, version = product().partition(" ")
        bundles = [printable(f"{b.name} {b.version}") for b in self._report.bundles]
        return AlgorithmIdentification(
            name=name,
            version=version or "unknown",
            manufacturer=MANUFACTURER,
            parameters=[f"bundle {bundle}" for bundle in bundles] or None,
        )

    def _film(self) -> Group:
        report, points = self._report, self._report.landmarks
        coded, words = decided(report.decision, report.reasons)
        levels = None if points is None else ("certain" if points.levels_certain else "counted")
        straight = report.view == "frontal" and report.decision == "accepted" and not report.curves
        return self._group(
            "film",
            "film",
            levels=(),
            evaluations=[
                *evaluations("view", "view", report.view),
                *coded,
                *evaluations("source", "source", "edited" if report.edited else "machine"),
                *evaluations("level_names", "levels", levels),
            ],
            words=[
                *texts("intended_use", [RESEARCH_USE]),
                *texts("source_text", [who_placed(report)]),
                *words,
                *texts("reason_text", ["No curve of 10 degrees or more."] if straight else []),
                *texts("notice", [notice.text for notice in report.warnings]),
            ],
        )

    def _curves(self) -> Iterator[Group]:
        # Counted from the head down within a region: an edit that makes another curve the largest
        # one renames none.
        down = sorted(
            self._report.curves, key=lambda c: (LEVELS.index(c.upper), LEVELS.index(c.lower))
        )
        counted: Counter[str] = Counter()
        places = {}
        for curve in down:
            counted[curve.region] += 1
            places[id(curve)] = f"{curve.region} curve {counted[curve.region]}"
        for curve in self._report.curves:
            yield self._curve(curve, places[id(curve)])

    def _curve(self, curve: Curve, place: str) -> Group:
        line = self._endplates(curve)
        side = curve.patient_side
        return self._group(
            "curve",
            place,
            levels=(curve.upper, curve.lower),
            region=None if line is None else self._region(line),
            measurements=[
                measured(
                    codes.COBB_ANGLE,
                    curve.cobb_deg,
                    "deg",
                    interval=curve.interval_deg,
                )
            ],
            evaluations=[
                evaluation(codes.concept("apex"), codes.SITES[curve.apex]),
                *evaluations("region", "region", curve.region),
                evaluation(codes.concept("convex_picture"), codes.SIDES[curve.convex_side]),
                *([] if side is None else
                  [evaluation(codes.concept("convex_patient"), codes.SIDES[side])]),
                *evaluations("side_source", "side_source", curve.side_source),
                *evaluations("ends_by", "ends_by", curve.ends_by),
            ],
            words=texts("not_drawn", [] if line is not None else
                        ["The endplates are not given, or do not lie on the picture."]),
        )  # fmt: skip

    def _endplates(self, curve: Curve) -> NDArray[np.float64] | None:
        """Four points (x, y) of the picture, or None where a POLYLINE may not have them."""
        points = self._report.landmarks
        names = (
            f"{curve.upper}_superior_left",
            f"{curve.upper}_superior_right",
            f"{curve.lower}_inferior_right",
            f"{curve.lower}_inferior_left",
        )
        if points is None or not all(name in points for name in names):
            return None
        line = points.points_xy[[points.names.index(name) for name in names]]
        rows, columns = self._report.size
        inside = (line >= 0).all() and (line <= (columns, rows)).all()
        return np.round(line, 2) if inside else None

    def _region(self, line: NDArray[np.float64]) -> ImageRegion:
        return ImageRegion(
            graphic_type=GraphicTypeValues.POLYLINE,
            graphic_data=line,
            source_image=SourceImageForRegion(
                referenced_sop_class_uid=self._header.SOPClassUID,
                referenced_sop_instance_uid=self._header.SOPInstanceUID,
            ),
        )

    def _als(self) -> Iterator[Group]:
        als = self._report.als
        if als is None:
            return
        coded, words = decided(als.decision, als.reasons)
        yield self._group(
            "als",
            "als",
            evaluations=[
                *evaluations("als_type", "als_type", als.type),
                *evaluations("als_family", "als_family", als.family),
                *evaluations("als_alternative", "als_type", *als.alternatives),
                *coded,
            ],
            words=[*words, *texts("fact", [fact.text for fact in als.facts])],
        )

    def _sagittal(self) -> Iterator[Group]:
        shape = self._report.sagittal
        if shape is None:
            return
        coded, words = decided(shape.decision, shape.reasons)
        for axis in shape.axes:
            coded += evaluations(axis.name, "position", axis.position)
            coded += evaluations(f"{axis.name}_other", "position", *axis.alternatives)
            if axis.norm is not None and axis.borders is not None:
                low, high = axis.borders
                norm = f"{axis.name}: {axis.measurement} normal {low:g} to {high:g} ({axis.norm})"
                words += texts("norm", [norm])
        yield self._group(
            "sagittal",
            "sagittal",
            evaluations=[
                *evaluations("sagittal_class", "sagittal_class", shape.label),
                *evaluations("sagittal_other", "sagittal_class", *shape.alternatives),
                *coded,
            ],
            words=[
                *words,
                *texts("fact", [fact.text for fact in shape.facts]),
                *texts("caveat", [SAGITTAL_CAVEAT]),
            ],
        )
        yield from (self._slip(slip) for slip in shape.slips)

    def _slip(self, slip: Slip) -> Group:
        coded, words = decided(slip.decision, ())
        return self._group(
            "slip",
            f"slip {slip.upper} {slip.lower}",
            levels=(slip.upper, slip.lower),
            measurements=[
                measured(codes.concept("slip"), slip.percent, "%", interval=slip.interval)
            ],
            evaluations=[
                *evaluations("slip_direction", "slip_direction", slip.direction),
                *evaluations("slip_grade", "slip_grade", slip.grade),
                *evaluations("slip_grade_other", "slip_grade", *slip.alternatives),
                *coded,
            ],
            words=words,
        )

    def _measurements(self) -> Iterator[Group]:
        if not self._report.measurements:
            return
        known, words = [], []
        for m in self._report.measurements:
            name = codes.private("measurement", m.name)
            if name is None:
                words.append(f"{m.name}: {quantity(m.value, m.unit)} ({m.method})")
            else:
                known.append(
                    measured(
                        name,
                        m.value,
                        m.unit,
                        interval=m.interval,
                        levels=m.levels,
                        method=m.method,
                    )
                )
        yield self._group(
            "measurements", "measurements", measurements=known, words=texts("method", words)
        )

    def _predictions(self) -> Iterator[Group]:
        for p in self._report.predictions:
            coded, words = decided(p.decision, p.reasons)
            kind = codes.LABELS.get(p.task)
            if kind is not None:
                fits = evaluations("label_fits", kind, *p.prediction_set)
                coded = [*evaluations("label", kind, p.label), *fits, *coded]
            else:
                words += texts("label", [p.label or ""])
                words += texts("label_fits", p.prediction_set)
            scores = ", ".join(f"{label} {score:.4f}" for label, score in p.scores.items())
            yield self._group(
                "prediction",
                f"classifier {p.bundle} {p.task}",
                evaluations=[*evaluations("task", "task", p.task), *coded],
                words=[
                    *texts("task", [question(p.task)]),
                    *words,
                    *texts("scores", [scores]),
                    *texts("caveat", [CAVEATS.get(p.task, "")]),
                ],
            )
