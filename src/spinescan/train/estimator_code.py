"""Estimators as Python that makes them: what a report can hold, and a pickle should not."""

import inspect
import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def code_of(estimator: Any) -> str:
    """Python that imports what is needed and makes `pipeline`, equal to `estimator` but untaught.

    `estimator` follows scikit-learn's conventions (`get_params`); so do its parts.
    """
    modules: set[str] = set()
    expression = _expression(estimator, modules)
    imports = "".join(f"import {name}\n" for name in sorted(modules))
    return f"{imports}\npipeline = {expression}\n"


def _expression(value: Any, modules: set[str]) -> str:
    if hasattr(value, "get_params") and not isinstance(value, type):
        inside = ", ".join(
            f"{name}={_expression(one, modules)}" for name, one in _changed(value).items()
        )
        return f"{_name(type(value), modules)}({inside})"
    if isinstance(value, type) or inspect.isroutine(value):
        return _name(value, modules)
    if isinstance(value, np.generic):
        return _expression(value.item(), modules)
    if isinstance(value, np.ndarray):
        modules.add("numpy")
        return f"numpy.array({value.tolist()!r})"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, Mapping):
        cells = [f"{_expression(k, modules)}: {_expression(v, modules)}" for k, v in value.items()]
        return "{" + ", ".join(cells) + "}"
    if isinstance(value, list | tuple):
        parts = [_expression(one, modules) for one in value]
        if isinstance(value, list):
            return f"[{', '.join(parts)}]"
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    return repr(value)


def _changed(estimator: Any) -> dict[str, Any]:
    """The parameters that are not what they are by themselves."""
    known = inspect.signature(type(estimator).__init__).parameters
    values = estimator.get_params(deep=False)
    return {
        name: value
        for name, value in values.items()
        if not _same(value, known[name].default if name in known else None)
    }


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return isinstance(default, float) and math.isnan(default)
    return type(value) is type(default) and bool(np.all(value == default))


def _name(thing: Any, modules: set[str]) -> str:
    """Where it can be imported from: scikit-learn's modules with an underscore are its own."""
    parts = thing.__module__.split(".")
    public = next((k for k, part in enumerate(parts) if part.startswith("_")), len(parts))
    module = ".".join(parts[:public])
    modules.add(module)
    return f"{module}.{thing.__qualname__}"
