"""Tables of text: CSV files whose columns are known by name."""

import csv
from collections.abc import Sequence
from pathlib import Path

from spinescan.core.errors import DataError


def read_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table that has at least these columns; the first has number 2.

    Raises
    ------
    DataError
        If the file cannot be read, lacks a column or names one twice, or a row has another number
        of cells than the header.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            table = csv.DictReader(stream)
            names = list(table.fieldnames or ())
            missing = [name for name in columns if name not in names]
            if missing:
                raise DataError(f"{path}: no column {', '.join(missing[:5])}")
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise DataError(f"{path}: two columns {twice!r}")
            rows = list(table)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a CSV file in UTF-8 ({error})") from error
    for number, row in enumerate(rows, start=2):
        if None in row:
            raise DataError(f"{path}: row {number} is longer than the header")
        if None in row.values():
            raise DataError(f"{path}: row {number} is too short")
    return rows
