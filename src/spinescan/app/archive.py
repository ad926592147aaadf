"""Films of a DICOMweb server: found, scanned, and their results brought back through the queue."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from spinescan.app.batch import Film, Record, Scanned, Settings, failure
from spinescan.cases.errors import CaseError
from spinescan.pacs.deliver import deliver_due
from spinescan.pacs.destination import Destination
from spinescan.pacs.dicomweb import DicomWeb, FilmOnServer
from spinescan.pacs.objects import sop_instance_uid
from spinescan.pacs.query import Query
from spinescan.pacs.queue import PacsQueue
from spinescan.pacs.web_server import WebServer


def films_on(server: WebServer, query: Query, limit: int | None) -> list[Film]:
    """The films that a query finds, at most `limit`; each is fetched when its turn comes.

    Raises
    ------
    PacsError
    """
    found = islice(DicomWeb(server).films(query), limit)
    places = [FilmOnServer(server, film) for film in found]
    return [Film(i, place.url, place.fetch) for i, place in enumerate(places, start=1)]


def brought_back(
    films: Iterable[Scanned],
    settings: Settings,
    queue: PacsQueue,
    destination: Destination,
    known: list[Film],
) -> Iterator[Record]:
    """The films' records; on the way their results are queued, and sent as far as they can be.

    The same results, of an earlier run, are not queued again: those films are added to `known`. A
    film whose results the queue's disk does not take has failed.
    """
    for scanned in films:
        record = scanned.record
        if scanned.results:
            key = " ".join(map(sop_instance_uid, scanned.results.values()))
            try:
                if not queue.add_results(key, scanned.results, destination.name):
                    known.append(scanned.film)
                deliver_due(queue, destination)
            except (CaseError, OSError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                text = f"{scanned.film.source}: its results cannot be kept: {why}"
                record = failure(scanned.film, settings, "storage", text)
        yield record


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent of a destination's results, what still waits, and why."""

    sent: int
    waiting: int
    why: str = ""


def send_all(queue: PacsQueue, destination: Destination) -> Sent:
    """Send what waits for a destination, without regard to pauses.

    Raises
    ------
    CaseError, OSError
        The queue cannot be read or written.
    """
    queue.hurry(destination.name)
    delivered = deliver_due(queue, destination)
    reasons = dict.fromkeys(str(error) for error in delivered.postponed)
    return Sent(delivered.sent, queue.waiting(destination.name), "; ".join(reasons))
