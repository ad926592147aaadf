"""From the JSON of a Report back to the Report."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from spinescan.core.anatomy import Landmarks
from spinescan.core.errors import DataError
from spinescan.core.report import SCHEMA_VERSION, Report


def report_from_dict(record: Mapping[str, Any]) -> Report:
    """The Report whose `to_dict` gave this record; figures are those of the JSON, rounded.

    Parameters
    ----------
    record
        Of an anonymous one the digest is empty. Records of older 1.x schemas are read, too: what
        they lack has its default.

    Raises
    ------
    DataError
        If it is no Report, or one of another major version.
    """
    try:
        version = record["schema_version"]
        if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
            raise DataError(f"a Report of schema {version}; this reads {SCHEMA_VERSION}")
        known = {f.name for f in fields(Report) if f.init}
        values = {name: record[name] for name in known if name in record}
        values.setdefault("sha256", "")
        marks = values.pop("landmarks")
        values["landmarks"] = None if marks is None else _landmarks(marks, values["pixel_aspect"])
        hints = _hints(Report)
        return Report(
            **{
                name: value if name == "landmarks" else _built(hints[name], value)
                for name, value in values.items()
            }
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"not a Report ({error!r})") from error


def _landmarks(marks: Mapping[str, Any], pixel_aspect: float) -> Landmarks:
    return Landmarks(
        names=tuple(marks["names"]),
        points_xy=np.array(marks["points_xy"], dtype=np.float64).reshape(-1, 2),
        score=np.array(marks["score"], dtype=np.float64),
        spread_px=np.array([np.nan if s is None else s for s in marks["spread_px"]], np.float64),
        origin=tuple(marks["origin"]),
        pixel_aspect=pixel_aspect,
        levels_certain=marks["levels_certain"],
    )


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    # `Landmarks` is named in quotes there, to keep the modules apart.
    return get_type_hints(kind, localns={"Landmarks": Landmarks})


def _built(kind: Any, value: Any) -> Any:
    """A value of plain JSON types as what a field is declared to hold."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        return _built_one_of([k for k in inner if k is not type(None)], value)
    if origin is tuple:
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_built(k, v) for k, v in zip(kinds, value, strict=True))
    if origin is dict:
        return {key: _built(inner[1], v) for key, v in value.items()}
    if origin is Literal:
        if value not in inner:
            raise ValueError(f"{value!r} is none of {inner}")
        return value
    if is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        return kind(**{name: _built(hints[name], v) for name, v in value.items()})  # type: ignore[operator]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, got {value!r}")
    return value


def _built_one_of(kinds: list[Any], value: Any) -> Any:
    for kind in kinds[:-1]:
        try:
            return _built(kind, value)
        except (TypeError, ValueError):
            continue
    return _built(kinds[-1], value)
