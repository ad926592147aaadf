"""The structured report says what the Report says, and reads back by highdicom."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from dicom_films import GERMAN, GREEK, HEADERS, JAPANESE, KOREAN, film_file, person
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from spinescan.core.errors import MissingExtraError, ReadError, SpineScanError
from spinescan.core.report import RESEARCH_USE, Curve, Report
from spinescan.io.quiet import quiet
from spinescan.io.sr import codes, is_own_result, render_sr
from spinescan.io.sr.items import INTERVAL_PERCENT, printable, sites
from spinescan.io.words import REASONS, explain
from tests.io.sr.reading import answers, groups_of, inner_number, interval, srread, texts
from tests.io.sr.reports import FILM, PIXELS, SIZE, report, reports

AT = datetime(2026, 1, 2, 3, 4, 5)


def written(told: Report, film: bytes = FILM) -> Any:
    return srread(render_sr(film, told, written_at=AT))


def curve_groups(document: Any, told: Report) -> list[Any]:
    """One group a curve, in the Report's order."""
    groups = groups_of(document, "curve")
    assert len(groups) == len(told.curves)
    left, ordered = list(groups), []
    for curve in told.curves:
        ends = [codes.SITES[curve.upper].value, codes.SITES[curve.lower].value]
        found = next(
            g
            for g in left
            if [s.value.value for s in g.finding_sites] == ends
            and g.get_measurements()[0].value == curve.cobb_deg
            and answers(g, "region") == [codes.TABLE["region"][curve.region][0]]
            and answers(g, "apex") == [codes.SITES[curve.apex].value]
            and interval(g.get_measurements()[0]) == curve.interval_deg
            and answers(g, "ends_by") == [codes.TABLE["ends_by"][curve.ends_by][0]]
            and answers(g, "convex_picture") == [codes.SIDES[curve.convex_side].value]
        )
        left.remove(found)
        ordered.append(found)
    return ordered


@given(reports)
@settings(max_examples=15)
@pytest.mark.slow
def test_every_answer_reads_back_as_the_report_has_it(told: Report) -> None:
    document = written(told)
    (film,) = groups_of(document, "film")
    assert answers(film, "view") == [codes.TABLE["view"][told.view][0]]
    assert answers(film, "decision") == [codes.TABLE["decision"][told.decision][0]]
    assert answers(film, "reason") == [codes.TABLE["reason"][r][0] for r in told.reasons]
    assert texts(film, "reason_text")[: len(told.reasons)] == list(explain(told.reasons))
    assert answers(film, "source") == ["EDITED" if told.edited else "MACHINE"]
    assert texts(film, "notice") == [printable(n.text) for n in told.warnings if printable(n.text)]
    assert texts(film, "intended_use") == [RESEARCH_USE]
    for curve, group in zip(told.curves, curve_groups(document, told), strict=True):
        (cobb,) = group.get_measurements()
        assert cobb.name == codes.COBB_ANGLE
        assert cobb.unit.value == "deg"
        sides = [] if curve.patient_side is None else [codes.SIDES[curve.patient_side].value]
        assert answers(group, "convex_patient") == sides
    als = groups_of(document, "als")
    assert len(als) == (told.als is not None)
    if told.als is not None:
        table = codes.TABLE["als_type"]
        assert answers(als[0], "als_type") == [table[t][0] for t in [told.als.type] if t]
        assert answers(als[0], "als_alternative") == [table[t][0] for t in told.als.alternatives]
        assert answers(als[0], "decision") == [codes.TABLE["decision"][told.als.decision][0]]
        assert texts(als[0], "fact") == [
            printable(f.text) for f in told.als.facts if printable(f.text)
        ]
    sagittal = groups_of(document, "sagittal")
    assert len(sagittal) == (told.sagittal is not None)
    if told.sagittal is not None:
        table = codes.TABLE["sagittal_class"]
        label = told.sagittal.label
        assert answers(sagittal[0], "sagittal_class") == [table[x][0] for x in [label] if x]
        for name in ("kyphosis", "lordosis"):
            positions = [a.position for a in told.sagittal.axes if a.name == name and a.position]
            assert answers(sagittal[0], name) == [codes.TABLE["position"][p][0] for p in positions]
        slips = groups_of(document, "slip")
        assert [g.get_measurements()[0].value for g in slips] == [
            s.percent for s in told.sagittal.slips
        ]
    known = [m for m in told.measurements if codes.private("measurement", m.name)]
    found = [m for g in groups_of(document, "measurements") for m in g.get_measurements()]
    assert [(m.value, interval(m)) for m in found] == [(m.value, m.interval) for m in known]
    assert [m.unit.value for m in found] == [codes.unit_code(m.unit).value for m in known]
    assert [[s.value.value for s in m.finding_sites] for m in found] == [
        [codes.SITES[level].value for level in dict.fromkeys(m.levels)] for m in known
    ]
    asked = groups_of(document, "prediction")
    assert len(asked) == len(told.predictions)
    for prediction, group in zip(told.predictions, asked, strict=True):
        assert answers(group, "decision") == [codes.TABLE["decision"][prediction.decision][0]]
        kind = codes.LABELS.get(prediction.task)
        if kind is not None and prediction.label in codes.TABLE[kind]:
            assert answers(group, "label") == [codes.TABLE[kind][prediction.label][0]]
        elif kind is None:
            shown = printable(prediction.label or "")
            assert texts(group, "label") == ([shown] if shown else [])


def test_a_curve_is_drawn_along_its_two_endplates() -> None:
    told = report()
    assert told.landmarks is not None
    places = dict(zip(told.landmarks.names, told.landmarks.points_xy, strict=True))
    group = written(told).content.get_planar_roi_measurement_groups()[0]
    assert group.roi.GraphicType == "POLYLINE"
    assert group.roi.value == pytest.approx(
        np.array(
            [
                places["T5_superior_left"],
                places["T5_superior_right"],
                places["T11_inferior_right"],
                places["T11_inferior_left"],
            ]
        ),
        abs=0.01,
    )


def test_an_endplate_beyond_the_picture_is_told_and_not_drawn() -> None:
    told = report()
    assert told.landmarks is not None
    points = told.landmarks.points_xy.copy()
    points[told.landmarks.names.index("T5_superior_left")] = (-4.0, 30.0)
    document = written(replace(told, landmarks=replace(told.landmarks, points_xy=points)))
    assert len(document.content.get_planar_roi_measurement_groups()) == 1
    flat = document.content.get_image_measurement_groups()
    told_of = [text for group in flat for text in texts(group, "not_drawn")]
    assert told_of == ["The endplates are not given, or do not lie on the picture."]


def test_how_sure_an_interval_is_stands_beside_it() -> None:
    group = groups_of(written(report()), "curve")[0]
    (cobb,) = group.get_measurements()
    assert interval(cobb) == (37.9, 46.8)
    assert inner_number(cobb[0], codes.concept("confidence")) == INTERVAL_PERCENT == 90


def test_it_is_preliminary_verified_by_nobody_and_for_research() -> None:
    document = written(report())
    assert (document.PreliminaryFlag, document.VerificationFlag) == ("PRELIMINARY", "UNVERIFIED")
    assert document.CompletionFlag == "COMPLETE"
    assert document.ContentQualification == "RESEARCH"
    assert is_own_result(document)
    assert (document.ContentDate, document.ContentTime) == ("20260102", "030405")
    scheme = document.CodingSchemeIdentificationSequence[0]
    assert scheme.CodingSchemeDesignator == "99SPINESCAN"


def test_the_algorithm_and_its_bundles_are_named() -> None:
    for group in groups_of(written(report()), "curve"):
        items = {
            item.ConceptNameCodeSequence[0].CodeMeaning: item.get("TextValue")
            for item in group[0].ContentSequence
        }
        assert items["Algorithm Name"] == "SpineScan"
        assert items["Algorithm Version"]
        assert items["Algorithm Parameters"] == "bundle frontal-landmarks 3"


def test_no_curve_and_no_answer_are_reports_too() -> None:
    straight = written(report(curves=(), als=None))
    (film,) = groups_of(straight, "film")
    assert texts(film, "reason_text") == ["No curve of 10 degrees or more."]
    nothing = report(
        curves=(), als=None, landmarks=None, view="other", decision="abstained",
        reasons=("no_spine", "spine_incomplete"),
    )  # fmt: skip
    (film,) = groups_of(written(nothing), "film")
    assert answers(film, "decision") == ["ABSTAINED"]
    assert answers(film, "view") == ["OTHER_VIEW"]
    assert texts(film, "reason_text") == [REASONS["no_spine"], REASONS["spine_incomplete"]]


def test_an_edit_is_told() -> None:
    (film,) = groups_of(written(report(edited=True)), "film")
    assert answers(film, "source") == ["EDITED"]
    assert texts(film, "source_text")[0].startswith("EDITED BY HAND")


@pytest.mark.parametrize("whose", sorted(HEADERS))
def test_the_study_is_the_films(whose: str) -> None:
    from io import BytesIO

    from pydicom import dcmread

    film = film_file(PIXELS, HEADERS[whose])
    header = dcmread(BytesIO(film))
    document = written(report(), film)
    assert document.StudyInstanceUID == header.StudyInstanceUID
    assert document.SeriesInstanceUID != header.SeriesInstanceUID
    assert document.get_evidence() == [
        (
            header.StudyInstanceUID,
            header.SeriesInstanceUID,
            header.SOPInstanceUID,
            header.SOPClassUID,
        )
    ]
    for keyword in ("PatientID", "AccessionNumber", "StudyID", "PatientName"):
        assert str(document.get(keyword)) == str(header.get(keyword, ""))
    if whose == "person":
        for keyword in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"):
            assert document.get(keyword) == header.get(keyword) != ""
    if whose in ("odd", "bare"):
        for keyword in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"):
            assert document.get(keyword) in ("", None)


@pytest.mark.parametrize(
    ("whose", "name", "charset"),
    [
        ("japanese", JAPANESE, "ISO_IR 192"),
        ("korean", KOREAN, "ISO_IR 192"),
        ("greek", GREEK, "ISO_IR 192"),
        ("german", GERMAN, "ISO_IR 100"),
        ("unicode", f"{GERMAN}=山田", "ISO_IR 192"),
        ("person", "Doe^Jane", None),
    ],
)
def test_a_name_survives_in_any_script(whose: str, name: str, charset: str | None) -> None:
    document = written(report(), film_file(PIXELS, HEADERS[whose]))
    assert str(document.PatientName) == name
    assert document.get("SpecificCharacterSet") == charset


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 101", "Wałęsa^Lech"),
        ("ISO_IR 144", "Люксембург"),
        ("ISO_IR 127", "قباني^لنزار"),
        ("ISO_IR 138", "שרון^דבורה"),
        ("ISO_IR 148", "Çavuşoğlu"),
        ("ISO_IR 166", "นาย^สมชาย"),
        ("ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        ("GBK", "Wang^XiaoDong=王^小东"),
    ],
)
def test_every_character_set_of_the_standard_is_understood(charset: str, name: str) -> None:
    def change(header: Dataset) -> None:
        person(header)
        header.SpecificCharacterSet = charset
        header.PatientName = header.ReferringPhysicianName = name

    document = written(report(), film_file(PIXELS, change))
    assert str(document.PatientName) == str(document.ReferringPhysicianName) == name


def test_a_name_in_latin_letters_that_no_set_was_declared_for_survives() -> None:
    document = written(report(), FILM.replace(b"Doe^Jane", b"M\xfcl^Jane"))
    assert str(document.PatientName) == "Mül^Jane"
    assert document.SpecificCharacterSet == "ISO_IR 100"


def of(charset: str | None = None, **values: object) -> bytes:
    """A film of a person, some values of whose header are others."""

    def change(header: Dataset) -> None:
        person(header)
        if charset is not None:
            header.SpecificCharacterSet = charset
        for keyword, value in values.items():
            setattr(header, keyword, value)

    return film_file(PIXELS, change)


@pytest.mark.parametrize(
    ("charset", "keyword", "value"),
    [
        ("ISO_IR 192", "PatientName", "山田\u3000太郎"),
        ("ISO_IR 100", "PatientName", "De\xa0Boer^Jan"),
        ("ISO_IR 192", "PatientName", "علی\u200cرضا"),  # noqa: RUF001
        ("ISO_IR 100", "PatientID", "12\xa034"),
        ("ISO_IR 192", "PatientID", "\xa012\u3000"),
        ("ISO_IR 192", "StudyDescription", "脊椎\u3000正面"),
    ],
)
def test_spaces_of_all_kinds_survive(charset: str, keyword: str, value: str) -> None:
    assert str(written(report(), of(charset, **{keyword: value})).get(keyword)) == value


def test_control_characters_do_not() -> None:
    document = written(report(), of(PatientName="Doe\x07^Ja\x7fne", PatientID="47\t11"))
    assert (document.PatientName, document.PatientID) == ("Doe^Jane", "4711")


@pytest.mark.parametrize("name", ["Mül^Jan", "山田", "\u3000田", "Åse^à"])
def test_bytes_of_a_set_that_was_not_declared_stay_what_they_are(name: str) -> None:
    film = FILM.replace(b"Doe^Jane", name.encode().ljust(8))
    document = written(report(), film)
    assert str(document.PatientName).encode("latin-1").decode() == name


def test_the_last_byte_of_an_undeclared_text_is_no_space() -> None:
    text = "Voilà".encode().decode("latin-1")
    film = of("ISO_IR 100", StudyDescription=text).replace(b"ISO_IR 100", b"ISO_IR 6  ")
    assert written(report(), film).StudyDescription == text


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyDate", "20260230"),
        ("StudyDate", "20260101-20260202"),
        ("PatientBirthDate", "20100230"),
        ("PatientBirthDate", "00000000"),
        ("StudyTime", "1200-1300"),
        ("StudyTime", "256199"),
    ],
)
def test_no_day_and_no_time_is_left_out(keyword: str, value: str) -> None:
    assert not written(report(), of(**{keyword: value})).get(keyword)


@pytest.mark.parametrize("value", ["12", "120060", "120000.5"])
def test_a_time_stays_as_it_was_told(value: str) -> None:
    assert str(written(report(), of(StudyTime=value)).StudyTime) == value


@pytest.mark.parametrize("names", ["Doe^Jane\\Roe^Jim", "\\Doe^Jane"])
def test_of_several_names_the_first_is_taken(names: str) -> None:
    assert written(report(), of(PatientName=names)).PatientName == "Doe^Jane"


def test_a_level_that_is_told_twice_is_one_site() -> None:
    assert len(sites(["T12", "L1", "T12"])) == 2


def test_the_same_answer_is_the_same_object() -> None:
    told = report()
    later = render_sr(FILM, replace(told, timing_ms=99.0), written_at=datetime(2027, 5, 6))
    first, again = written(told), srread(later)
    assert first.SOPInstanceUID == again.SOPInstanceUID
    assert first.SeriesInstanceUID == again.SeriesInstanceUID


@pytest.mark.parametrize(
    "other",
    [report(edited=True), report(curves=report().curves[:1]), report(view="lateral")],
)
def test_another_answer_is_another_object(other: Report) -> None:
    assert written(report()).SOPInstanceUID != written(other).SOPInstanceUID


def test_another_film_or_version_is_another_object(monkeypatch: pytest.MonkeyPatch) -> None:
    other_film = film_file(PIXELS, lambda header: setattr(header, "SOPInstanceUID", "1.2.3"))
    found = {written(report()).SOPInstanceUID, written(report(), other_film).SOPInstanceUID}
    monkeypatch.setattr("spinescan.io.sr.identity.product", lambda: "SpineScan 99")
    assert len(found | {written(report()).SOPInstanceUID}) == 3


CORRECTED: tuple[dict[str, object], ...] = (
    {"StudyInstanceUID": "1.2.3"},
    {"PatientID": "4712"},
    {"IssuerOfPatientID": "Another hospital"},
)


@pytest.mark.parametrize("corrected", CORRECTED)
def test_a_film_of_a_corrected_patient_or_study_has_another_object(
    corrected: dict[str, object],
) -> None:
    before, after = written(report()), written(report(), of(**corrected))
    assert before.SOPInstanceUID != after.SOPInstanceUID
    assert before.SeriesInstanceUID != after.SeriesInstanceUID
    assert trackings(report()) == trackings(report(), of(**corrected))


def trackings(told: Report, film: bytes = FILM) -> dict[str, str]:
    """Tracking UIDs of the curves by their upper end vertebrae."""
    groups = groups_of(written(told, film), "curve")
    return {g.finding_sites[0].value.meaning: g.tracking_uid for g in groups}


def test_a_curve_is_tracked_by_its_place_through_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    thoracic, lumbar = report().curves
    larger = replace(lumbar, cobb_deg=60.0, interval_deg=None)
    monkeypatch.setattr("spinescan.io.sr.groups.product", lambda: "SpineScan 99")
    before = trackings(report())
    after = trackings(report(curves=(larger, thoracic), edited=True))
    assert before == after
    assert len(set(before.values())) == 2


def test_two_curves_of_a_region_are_told_apart_from_the_head_down() -> None:
    upper = Curve("main_thoracic", "left", "T3", "T6", "T8", 20.0)
    lower = Curve("main_thoracic", "right", "T8", "T10", "T12", 30.0)
    assert trackings(report(curves=(upper, lower))) == trackings(report(curves=(lower, upper)))
    assert len(set(trackings(report(curves=(upper, lower))).values())) == 2


@pytest.mark.parametrize(
    "keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"]
)
def test_a_film_that_names_no_study_is_refused(keyword: str) -> None:
    def without(header: Dataset) -> None:
        person(header)
        setattr(header, keyword, "")

    film = film_file(PIXELS, without)
    with pytest.raises(ReadError, match=keyword) as caught:
        render_sr(film, report(), written_at=AT)
    assert caught.value.kind == "no_study"


@pytest.mark.parametrize(
    "storage",
    [
        "1.2.840.10008.5.1.4.1.1.1",
        "1.2.840.10008.5.1.4.1.1.1.1",
        "1.2.840.10008.5.1.4.1.1.1.1.1",
        "1.2.840.10008.5.1.4.1.1.7",
        "1.2.840.10008.5.1.4.1.1.12.1",
        "1.2.840.10008.5.1.4.1.1.12.2",
    ],
)
def test_every_kind_of_film_that_is_read_has_a_report(storage: str) -> None:
    def change(header: Dataset) -> None:
        person(header)
        header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = storage

    document = written(report(), film_file(PIXELS, change))
    assert {row[3] for row in document.get_evidence()} == {storage}


def test_a_film_of_a_private_kind_is_refused_without_its_header() -> None:
    def change(header: Dataset) -> None:
        person(header)
        header.SOPClassUID = "1.2.3.4"

    with pytest.raises(ReadError) as caught:  # which nobody tries again
        written(report(), film_file(PIXELS, change))
    assert caught.value.kind == "dicom_out"
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize("film", [b"", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, b"text" * 100])
def test_what_is_no_dicom_file_is_refused(film: bytes) -> None:
    with pytest.raises(SpineScanError, match="no DICOM file") as caught:
        render_sr(film, report(), written_at=AT)
    assert caught.value.kind == "no_study"


def refusal(film: bytes) -> SpineScanError | None:
    """Why a film has no structured report; None where there is one, which can be read."""
    try:
        data = render_sr(film, report(curves=(), als=None), written_at=AT)
    except SpineScanError as error:
        return error
    with quiet():  # an identifier that the standard does not like is repeated all the same
        assert srread(data).StudyInstanceUID
    return None


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_header_is_an_answer_or_a_refusal(data: st.DataObject) -> None:
    film = bytearray(FILM[: FILM.index(b"\xe0\x7f\x10\x00") + 12])
    for _ in range(data.draw(st.integers(1, 6))):
        film[data.draw(st.integers(132, len(film) - 1))] = data.draw(st.integers(0, 255))
    error = refusal(bytes(film))
    if error is not None:
        assert error.kind in ("no_study", "dicom_out", "too_large", "truncated")
        assert "Jane" not in str(error)
        assert "4711" not in str(error)


def test_a_missing_extra_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(MissingExtraError, match=r"spinescan\[dicom\]"):
        render_sr(FILM, report(), written_at=AT)


def test_points_are_in_pixels_from_the_corner() -> None:
    rows, columns = SIZE
    group = written(report()).content.get_planar_roi_measurement_groups()[0]
    assert ((group.roi.value >= 0) & (group.roi.value <= (columns, rows))).all()
