"""Deliver what is due."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from spinescan.pacs.destination import Destination
from spinescan.pacs.errors import PacsError
from spinescan.pacs.queue import PacsQueue

LEASE_S = 900.0
"""Longer than a destination may take for one object: nobody else sends it meanwhile."""


def _once(write: Callable[[], None]) -> None:
    write()


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many results were acknowledged, and why the others have to wait, one kind an error."""

    sent: int
    postponed: tuple[PacsError, ...] = ()


def deliver_due(
    queue: PacsQueue,
    destination: Destination,
    *,
    going_on: Callable[[], bool] = lambda: True,
    note: Callable[[Callable[[], None]], None] = _once,
) -> Delivered:
    """Send all results that are due to a destination.

    A result that was sent is sent again if this process ends before the queue has noted it. That is
    the same object, which its receiver keeps once.

    Parameters
    ----------
    going_on
        Asked before each result.
    note
        Called with what writes into the queue how a result fared. One that goes on until it is
        written spares the receiver a second sending, once a full disk has room again.

    Returns
    -------
    Delivered
        One call takes as many results as wait when it begins: one that is refused falls due again
        while the others are sent. It stops at the first result that finds nobody, or nobody quick
        enough: the others would find the same, after as long a wait. What a receiver refuses does
        not hold up the rest.

    Raises
    ------
    CaseError, OSError
        If the queue cannot be read or written.
    """
    sent, postponed = 0, []
    for _ in range(queue.waiting(destination.name)):
        if not going_on():
            break
        delivery = queue.next_delivery(destination.name, LEASE_S)
        if delivery is None:
            break
        try:
            destination.send(delivery.data)
        except PacsError as error:
            note(partial(queue.postponed, delivery, error))
            postponed.append(error)
            if error.kind in ("unreachable", "slow"):
                break
        else:
            note(partial(queue.delivered, delivery))
            sent += 1
    return Delivered(sent, tuple(postponed))
