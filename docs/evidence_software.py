"""Rows of the evidence table: data sets, the phantoms' truth, and the program itself."""

from evidence_rows import COUNT, ONE_RUN, PERSONS, WILSON, Row, Rows, Source, part, plain
from formats import Told
from results import result

MEDIAN = "no interval: a median of one run"
NONE = "nothing to hold out"


def audit_rows() -> Rows:
    """Films that are the same, and what tells the class without the spine."""
    told = result("audit")
    rows: Rows = []
    for key, data in (("fraiwan", "Fraiwan's set"), ("aasce", "AASCE, training part")):
        source = Source("audit", "real", data, NONE, "no model: the audit")
        pairs = told[key]["known_pairs"]
        n = f"{pairs['films']} films"
        listed, more = pairs["listed_pairs"], pairs["unlisted_across_persons"]
        asked = "pairs that the set's own tables list, found"
        rows.append(part(source, asked, pairs["found"], "pairs", n=listed))
        rows.append(
            plain(source, "pairs of the same film, listed as two persons", len(more), "", n)
        )
        within = pairs["unlisted_within_a_person"]
        rows.append(plain(source, "pairs within a person, not listed", within, "", n))
    source = Source(
        "audit", "real", "Fraiwan's set, copies made of it", NONE, "no model: the audit"
    )
    made = told["fraiwan"]["made_pairs"]
    for key, asked in (
        ("versions_found", "crops made of films, found"),
        ("mirrored_versions_found", "mirrored crops, found"),
    ):
        entry = made[key]
        of = round(entry["count"] / entry["share"])
        rows.append(part(source, asked, entry, "pairs", n=of))
    different = made["pairs_of_different_films"]
    n = f"{made['of_pairs']} pairs"
    rows.append(plain(source, "pairs of different films called the same", different, "", n))
    return rows


def confound_rows() -> Rows:
    """The class, told without the spine."""
    held_out = "cross-validation by person"
    who = "no model: without the spine, a forest on what is named"
    source = Source("audit", "real", "Fraiwan's set", held_out, who)
    rows: Rows = []
    for key, told in result("audit")["fraiwan"]["without_the_spine"].items():
        n = sum(told["films"].values())
        for known, entry in told["by"].items():
            balanced = {
                "share": entry["balanced_accuracy"],
                "interval_95": entry["balanced_accuracy_interval_95"],
            }
            asked = f"{key.replace('_', ' ')}, balanced accuracy of {known.replace('_', ' ')}"
            what = f"films of {told['persons']} persons"
            rows.append(part(source, asked, balanced, what, PERSONS, n))
    return rows


def mark_rows() -> Rows:
    """Drawn lines and text: found where they are, and elsewhere."""
    told = result("audit")["marks"]
    source = Source("audit", "SYNTHETIC", "phantoms", NONE, "no model: the audit")
    rows: Rows = []
    for key, asked in (
        ("text_found_where_written", "text found where it is written"),
        ("text_found_elsewhere", "text found where there is none"),
        ("lines_found_where_drawn", "lines found where they are drawn"),
        ("lines_found_elsewhere", "lines found where there are none"),
    ):
        rows.append(part(source, asked, told[key], "films", n=counted(told[key])))
    source = Source("audit", "real", "Fraiwan's set", NONE, "no model: the audit")
    for style, entry in told["real_films_with_marks"].items():
        rows.append(part(source, f"{style}: films with marks", entry, "films", n=counted(entry)))
    source = Source(
        "burned-in-text", "SYNTHETIC", "phantoms", "other seeds", "no model: its search"
    )
    seen = result("burned-in-text")
    for key, asked in (
        ("text", "burned-in text is seen (should be all)"),
        ("writing", "no text but figures or lines: text is seen (should be none)"),
        ("blank", "nothing written: text is seen (should be none)"),
    ):
        rows.append(part(source, asked, told_as_count(seen["seen"][key]), "films"))
    for style, entry in seen["text_seen_by_style"].items():
        asked = f"burned-in text is seen, {style}"
        rows.append(part(source, asked, told_as_count(entry), "films"))
    return rows


def counted(entry: Told) -> int:
    """Out of how many a share was, which its entry does not tell."""
    return round(entry["count"] / entry["share"])


def told_as_count(entry: Told) -> Told:
    """An entry whose count is called `seen`."""
    return {**entry, "count": entry["seen"]}


def phantom_rows() -> Rows:
    """What the phantoms' truth is worth."""
    told = result("phantoms")
    source = Source("phantoms", "SYNTHETIC", "phantoms", NONE, "no model: the measuring code")
    exact, als = told["exactness"], told["als"]
    n = f"{exact['phantoms_of_each_view']} phantoms of each view"
    worst = max(exact["largest_difference_deg"].values())
    missed = sum(exact["of_these_not_found_within_3_degrees"].values())
    planned = exact["planned_curves_of_15_degrees"]
    asked = "largest difference of any angle from the closed form"
    rows = [
        plain(source, asked, worst, "°", n, "no interval: the largest of all", 6),
        part(
            source,
            "planned curves of 15° and more not found within 3°",
            {"count": missed, "share": missed / planned},
            "curves",
            COUNT,
            planned,
        ),
    ]
    for name, entry in told["edges"].items():
        share = {**entry, "share": entry["both_endplates_within_1_px"]}
        asked = f"both endplates' steepest place within 1 px: {name}"
        rows.append(part(source, asked, share, "vertebrae", WILSON, entry["vertebrae"]))
    for entry in als["by_margin"]:
        low, high = entry["margin"]
        where = f"{low:g} and more" if high is None else f"{low:g} to {high:g}"
        share = {**entry, "share": entry["agree"]}
        asked = f"the rules give the drawn ALS type, margin {where}"
        rows.append(part(source, asked, share, "phantoms", WILSON, entry["phantoms"]))
    right, of = als["family_right_of_answered"], als["answered"]
    family = {"count": right, "share": right / of}
    rows.append(part(source, "the rules give the drawn family", family, "phantoms", COUNT, of))
    speed = told["speed"]
    n = f"{speed['films']} films of 768 rows, one core"
    rows.append(plain(source, "drawing a film, median", speed["median_s"], " s", n, MEDIAN, 2))
    memory = speed["peak_memory_mb"]
    rows.append(plain(source, "drawing a film, peak memory", memory, " MB", n, ONE_RUN))
    return rows


def speed_rows() -> Rows:
    """Time and memory."""
    told = result("speed")
    source = Source("speed", "SYNTHETIC", "a phantom", NONE, "the shipped bundles of a plain scan")
    cores = f"{told['cores']} cores"
    n = f"{told['runs']} runs, {told['film'][0]} rows, {cores}"
    large = f"1 run, {told['large_film'][0]} rows, {cores}"
    many = told["throughput"]
    batch = f"{many['films']} films, {cores}"
    rows = [
        plain(source, "bytes to report", told["warm_ms"], " ms", n, MEDIAN),
        plain(source, "times bare networks and decoding", told["warm_over_raw"], "", n, MEDIAN, 2),
        plain(source, "whole process, cold", told["cold_process_ms"], " ms", n, MEDIAN),
        plain(source, "spinescan --help", told["help_process_ms"], " ms", n, MEDIAN),
        plain(source, "peak memory", told["peak_memory_large_film_mb"], " MB", large, ONE_RUN),
        plain(
            source, "films a second, one job", many["one_job_films_per_s"], "", batch, ONE_RUN, 2
        ),
        plain(
            source, "films a second, two jobs", many["two_jobs_films_per_s"], "", batch, ONE_RUN, 2
        ),
    ]
    told = result("classifier-speed")
    source = Source("classifier-speed", "SYNTHETIC", "a phantom", NONE, "als7 1")
    n = f"{told['runs']} runs"
    rows += [
        plain(source, "als7 alone", told["raw_ms"], " ms", n, MEDIAN, 1),
        plain(source, "als7, from film to answer", told["predict_ms"], " ms", n, MEDIAN, 1),
    ]
    told = result("training-speed")
    source = Source(
        "training-speed", "SYNTHETIC", "phantoms", NONE, "not shipped: " + told["backbone"]
    )
    n = f"{told['pairs']} pairs of runs of {told['films']} films, {told['cores']} cores"
    ours = told["ours_over_bare"]
    ends = f"no interval: {ours['lowest']:.2f} to {ours['highest']:.2f} over the pairs"
    rows.append(plain(source, "training over a bare loop", ours["median"], "", n, ends, 2))
    return rows


def network_rows() -> Rows:
    """The page, the service, the archive and the node."""
    told = result("page")
    page = Source("page", "no films", "Chromium alone", NONE, "no model: the page")
    first, move = told["interactive_ms"], told["move_to_angle_ms"]
    rows = [
        plain(page, "page ready, median", first["median"], " ms", f"{first['n']} loads", MEDIAN),
        plain(
            page, "a drag to its angle, median", move["median"], " ms", f"{move['n']} moves", MEDIAN
        ),
        plain(
            page,
            "a drag to its angle, 95th percentile",
            move["p95"],
            " ms",
            f"{move['n']} moves",
            MEDIAN,
        ),
    ]
    told = result("web-load")
    source = Source(
        "web-load", "SYNTHETIC", "phantoms", NONE, "the shipped bundles of a plain scan"
    )
    for number, turn in enumerate(told["turns"], start=1):
        n = f"{told['clients']} clients, {told['seconds']} s, {told['cores']} cores"
        rows += [
            plain(source, f"turn {number}: films a second", turn["films_per_s"], "", n, ONE_RUN, 2),
            plain(source, f"turn {number}: requests lost", turn["lost"], "", n),
            plain(
                source, f"turn {number}: most memory", turn["memory_mb"]["most"], " MB", n, ONE_RUN
            ),
        ]
    rows += archive_rows()
    told = result("node-attacks")
    source = Source("node-attacks", "SYNTHETIC", "phantoms, damaged", NONE, "no model: the node")
    films, n = told["films"], f"{told['objects']['n']} malformed films"
    echoes = f"{told['echoes']} C-ECHOs among {told['associations']['n']} malformed associations"
    rows += [
        plain(source, "C-ECHOs unanswered", told["unanswered_echoes"], "", echoes),
        plain(source, "C-ECHO, median", told["echo_ms"]["median"], " ms", echoes, MEDIAN),
        plain(source, "C-ECHO, slowest", told["echo_ms"]["max"], " ms", echoes, ONE_RUN),
        plain(source, "films taken", films["taken"], "", n),
        plain(source, "films answered", films["answered"], "", n),
        plain(source, "films not read, or in no study", films["failed"], "", n),
        plain(source, "films left over", films["waiting"], "", n),
        plain(source, "most memory", told["memory_mb"]["most"] / 1000, " GB", n, ONE_RUN, 1),
    ]
    return rows


def archive_rows() -> Rows:
    """500 films through an archive and back, with three faults."""
    told = result("pacs")
    source = Source(
        "pacs", "SYNTHETIC", "phantoms as DICOM", NONE, f"no model: Orthanc {told['orthanc']}"
    )
    n = f"{told['films']} films, {told['lateral']} of them lateral"
    whole = told["studies_with_one_film_report_and_overlay"]
    rows = [
        plain(source, "studies with one film, report and overlay", whole, "", n),
        plain(source, "films without a report", told["films_without_report"], "", n),
        plain(source, "results twice", told["results_twice"], "", n),
        plain(source, "whole run", told["seconds"], " s", n, ONE_RUN),
        plain(
            source,
            "sendings of four films that failed and were made again",
            told["batches_refused_and_sent_again"],
            "",
            f"{told['batches_sent']} sendings",
        ),
        plain(source, "films left in the queue", told["queue"]["films_waiting"], "", n),
        plain(source, "results left in the queue", told["queue"]["deliveries_waiting"], "", n),
        plain(
            source,
            "files with a patient's name left behind",
            told["left_behind"]["files_with_patient_data"],
            "",
            n,
        ),
    ]
    for fault in told["faults"]:
        name = fault["fault"]
        rows += [
            plain(source, f"{name}: came after", fault["at_s"], " s", n, ONE_RUN),
            plain(source, f"{name}: lasted", fault["lasted_s"], " s", n, ONE_RUN),
            plain(
                source, f"{name}: next result", fault["next_result_after_s"], " s", n, ONE_RUN, 1
            ),
        ]
    return rows


def cluster_rows() -> Rows:
    """Archives with and without Ray, and what a million films cost."""
    told = result("archives")
    source = Source(
        "archives", "SYNTHETIC", "phantoms, copied", NONE, "the shipped bundles of a scan"
    )
    n = f"{told['films']} films, {told['cores']} cores"
    kind = f"least to most of {told['runs']} runs"
    rows: Rows = []
    for engine in ("plain", "ray"):
        for key, asked, unit, decimals in (
            ("films_per_s", "films a second", "", 2),
            ("processor_s_per_film", "processor's time a film", " s", 2),
            ("first_record_s", "to the first record", " s", 1),
        ):
            one = told[engine][key]
            ends = (one["least"], one["most"])
            asked = f"{engine}: {asked}"
            rows.append(Row(source, asked, one["median"], unit, decimals, ends, kind, n))
    for key, asked in (
        ("ray_over_plain", "throughput of Ray over plain"),
        ("processor_ray_over_plain", "processor's time of Ray over plain"),
    ):
        one = told[key]
        ends = (one["least"], one["most"])
        rows.append(Row(source, asked, one["median"], "", 2, ends, kind, n))
    hours = {name: 1e6 * seconds / 3600 for name, seconds in told["core_s_per_film"].items()}
    for cores, decimals in ((1, 0), (2, 1), (16, 1), (64, 1), (256, 1)):
        median, least, most = (hours[name] / cores for name in ("median", "least", "most"))
        asked = f"a million films, worked out: hours, cores: {cores}"
        rows.append(Row(source, asked, median, " h", decimals, (least, most), kind, n))
    sizes = {"read": told["film_bytes"], "results": told["result_bytes"]}
    sizes["records"] = told["ray"]["record_bytes"]["median"]
    for what, size in sizes.items():
        asked = f"a million films, worked out: {what}"
        rows.append(plain(source, asked, size / 1e3, " GB", n, "no interval: a mean size"))
    return rows


def file_rows() -> Rows:
    """Damaged files, and DICOM results held against the standard."""
    told = result("fuzz")
    source = Source("fuzz", "SYNTHETIC", "damaged files", NONE, "no model: reading")
    n = f"{told['n']} damaged files"
    rows = [plain(source, "did worse than one line", len(told["failures"]), "", n)]
    rows += [plain(source, what, count, "", n) for what, count in told["outcomes"].items()]
    told = result("dicom-validity")
    who = "no model: dciodvfy and dsrdump"
    source = Source("dicom-validity", "SYNTHETIC", "phantoms as DICOM", NONE, who)
    n = f"{told['films']} films"
    rows += [
        plain(source, f"files judged: {what}", count, "", n)
        for what, count in told["files"].items()
    ]
    wrong = told["files_with_errors"]
    rows.append(plain(source, "files with errors", wrong, "", n))
    rows += [
        plain(source, f"films: {what}", count, "", n) for what, count in told["outcomes"].items()
    ]
    return rows
