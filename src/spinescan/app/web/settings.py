"""What a server allows and keeps."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spinescan.io.limits import ReadLimits

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Settings of one server.

    Parameters
    ----------
    data
        The folder for films and cases; made if it is not there, readable by this user alone.
    tokens
        Who may ask, by the digest (SHA-256, hexadecimal) of each one's token; the names go into the
        audit trail. Empty: nobody is asked for one.
    hosts
        Host names that requests may be addressed to, without a port.
    jobs
        Processes that scan.
    waiting
        Requests that may wait for one of them; beyond that the answer is 429.
    scan_seconds, upload_seconds
        How long a scan, and the sending of a film, may take.
    keep_minutes
        How long a film is kept that is in no case.
    max_bytes, max_pixels
        The largest upload of a film, and the largest film.
    max_films
        In one job.
    allow_urls
        Whether the server fetches films from public addresses that it is given.
    bundles
        Folders of further models.
    """

    data: Path
    tokens: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = LOOPBACK_HOSTS
    jobs: int = 2
    waiting: int = 16
    scan_seconds: float = 60.0
    upload_seconds: float = 60.0
    keep_minutes: float = 60.0
    max_bytes: int = 64 * 2**20
    max_pixels: int = 50_000_000
    max_films: int = 500
    allow_urls: bool = False
    bundles: tuple[Path, ...] = ()

    @property
    def threads(self) -> int:
        """Of each process that scans."""
        return max(1, (os.cpu_count() or 1) // self.jobs)

    @property
    def limits(self) -> ReadLimits:
        """For reading a film."""
        return ReadLimits(max_bytes=self.max_bytes, max_pixels=self.max_pixels)
