"""What a film may be at most, so that a hostile or broken file cannot take the machine down."""

from dataclasses import dataclass

from spinescan.core.errors import ReadError


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Limits of reading. All are checked before the pixels are decoded.

    Parameters
    ----------
    max_pixels
        Rows times columns that a film may have. The largest detectors and film scanners stay well
        below the default.
    max_bytes
        Size of a file, of a download, and of a deflated DICOM file once inflated.
    min_side_px
        The shorter side that a film must have; a spine cannot be read from a thumbnail.
    url_timeout_s
        Seconds that a download may take as a whole, from the look-up of the name to the last byte.
    """

    max_pixels: int = 120_000_000
    max_bytes: int = 512 * 1024 * 1024
    min_side_px: int = 64
    url_timeout_s: float = 30.0

    def check_bytes(self, count: int) -> None:
        """Refuse (ReadError, "too_large") more bytes than allowed."""
        if count > self.max_bytes:
            raise ReadError(
                f"{count:,} bytes, more than the limit {self.max_bytes:,}", kind="too_large"
            )

    def check_size(self, rows: int, columns: int) -> None:
        """Refuse (ReadError, "too_large" or "too_small") a picture by the size its header tells."""
        if rows * columns > self.max_pixels:
            raise ReadError(
                f"{columns} x {rows} is {rows * columns:,} pixels, more than the limit "
                f"{self.max_pixels:,}",
                kind="too_large",
            )
        if min(rows, columns) < self.min_side_px:
            raise ReadError(
                f"{columns} x {rows} pixels, too small for a film; both sides must be at least "
                f"{self.min_side_px}",
                kind="too_small",
            )


DEFAULT_LIMITS = ReadLimits()
