"""Who waits to have a film read."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.exceptions import HTTPException

_WEIGHT = 0.1
"""Of the newest film in the running mean of how long one takes."""


class WaitingRoom:
    """Places for requests that wait for a film to be read; when all are taken the next is refused.

    Parameters
    ----------
    places
        How many may wait or be served.
    served
        How many are served at once.
    """

    def __init__(self, places: int, served: int) -> None:
        self._places = places
        self._served = served
        self._taken = 0
        self._seconds = 0.5

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place.

        Raises
        ------
        HTTPException
            429 with Retry-After, in whole seconds, if there is none.
        """
        if self._taken >= self._places:
            wait = max(1, round(self._taken * self._seconds / self._served))
            raise HTTPException(429, "too many films at once", {"Retry-After": str(wait)})
        self._taken += 1
        began = time.perf_counter()
        try:
            yield
        finally:
            # What a film took is what it waited, too: shared among those who waited with it.
            took = (time.perf_counter() - began) * self._served / max(self._taken, self._served)
            self._seconds += _WEIGHT * (took - self._seconds)
            self._taken -= 1
