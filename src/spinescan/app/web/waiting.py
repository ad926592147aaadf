"""Who waits to have a film read or drawn."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.exceptions import HTTPException


class WaitingRoom:
    """Places for requests that wait for a film to be read; when all are taken the next is refused.

    Parameters
    ----------
    places
        How many may wait or be served.
    seconds_each
        How long one of them takes, now.
    """

    def __init__(self, places: int, seconds_each: Callable[[], float]) -> None:
        self._places = places
        self._taken = 0
        self._seconds_each = seconds_each

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place.

        Raises
        ------
        HTTPException
            429 if there is none. Its Retry-After, in whole seconds, is when half of those who wait
            will have been served: who comes back when all have been would find nobody at work.
        """
        if self._taken >= self._places:
            wait = max(1, round(self._taken * self._seconds_each() / 2))
            raise HTTPException(429, "too many films at once", {"Retry-After": str(wait)})
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
