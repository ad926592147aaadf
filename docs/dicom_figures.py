"""Sentences and tables of the benchmarks of DICOM results and of the PACS."""

from typing import Any


def validity(answer: dict[str, Any]) -> str:
    """How many DICOM results were judged, and what was found."""
    shown = "; ".join(f"{name}: {count}" for name, count in answer["outcomes"].items())
    lines = ["| result | judged by | files | with errors |", "|---|---|---|---|"]
    for files, count in answer["files"].items():
        program, kind = files.split()
        wrong = sum(where.endswith(f", {kind}, {program}") for where in answer["errors"])
        lines.append(f"| {kind} | {program} | {count} | {wrong} |")
    table = "\n".join(lines)
    return f"{table}\n\nWhat is on the {answer['films']} films: {shown}.\n"


def round_trip(answer: dict[str, Any]) -> str:
    """What became of films that went through an archive and back, with faults."""
    lines = ["| fault | after | lasted | next result after |", "|---|---|---|---|"]
    lines += [
        f"| {f['fault']} | {f['at_s']:.0f} s | {f['lasted_s']:.0f} s |"
        f" {f['next_result_after_s']:.1f} s |"
        for f in answer["faults"]
    ]
    queue, left = answer["queue"], answer["left_behind"]
    whole = answer["studies_with_one_film_report_and_overlay"]
    told = (
        f"Of {answer['films']} films ({answer['lateral']} lateral), {whole} studies had their film,"
        f" one report and one overlay after {answer['seconds']:.0f} s; {answer['results_twice']}"
        f" had a result twice, {answer['films_without_report']} had none."
        f" {answer['batches_refused_and_sent_again']} of {answer['batches_sent']} sendings of four"
        f" films failed and were made again. In the queue {queue['films_waiting']} films and"
        f" {queue['deliveries_waiting']} results were left, in the node's folder"
        f" {left['files_with_patient_data']} files with a patient's name, number or UID."
    )
    return "\n".join(lines) + f"\n\n{told}\n"


def attacks(answer: dict[str, Any]) -> str:
    """What a node made of malformed associations and films."""
    films, echoes = answer["films"], answer["echoes"]
    answered, echo, memory = (
        echoes - answer["unanswered_echoes"],
        answer["echo_ms"],
        answer["memory_mb"],
    )
    return (
        f"Of {echoes} C-ECHOs, asked while {answer['associations']['n']} malformed associations"
        f" and {answer['objects']['n']:,} malformed films came, {answered} were answered: the"
        f" median within {echo['median']:.0f} ms, the slowest within {echo['max']:.0f}. Of the"
        f" {films['taken']} films that it took it answered {films['answered']}, and could not read,"
        f" or put into no study, {films['failed']}; {films['waiting']} were left over. It and its"
        f" two scanning processes took {memory['most'] / 1000:.1f} GB of memory at most.\n"
    )
