"""The processes of the server that read films, shared among its requests."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from spinescan.app.worker import Worker

_NEWEST = 0.1
"""Weight of the newest task in the mean of how long one takes."""


class Workers:
    """A few such processes, each with its own models.

    Parameters
    ----------
    count
        How many.
    start
        Importable; called once in each process before its first task.
    """

    def __init__(self, count: int, start: Callable[[], None]) -> None:
        self._threads = ThreadPoolExecutor(count, "spinescan-worker")
        self._workers = [Worker(start) for _ in range(count)]
        self._free: asyncio.Queue[Worker] = asyncio.Queue()
        self._mean_s = 0.5

    @property
    def seconds_each(self) -> float:
        """How long a task takes, shared among the processes: a running mean."""
        return self._mean_s / len(self._workers)

    async def get_ready(self) -> None:
        """Wait until all have loaded their models."""
        loop = asyncio.get_running_loop()
        for worker in self._workers:
            await loop.run_in_executor(self._threads, worker.get_ready)
            self._free.put_nowait(worker)

    async def run(self, task: Callable[..., Any], *args: Any, seconds: float) -> Any:
        """The task's answer, once a process is free.

        Raises
        ------
        SpineScanError
            As `Worker.call`.
        """
        worker = await self._free.get()
        loop, began = asyncio.get_running_loop(), time.perf_counter()

        def done(call: asyncio.Future[Any]) -> None:
            self._free.put_nowait(worker)
            self._mean_s += _NEWEST * (time.perf_counter() - began - self._mean_s)

        call = loop.run_in_executor(self._threads, worker.call, task, args, seconds)
        call.add_done_callback(done)
        return await asyncio.shield(call)  # a request that is cancelled leaves its worker in order

    def close(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.end()
        self._threads.shutdown(wait=False, cancel_futures=True)
