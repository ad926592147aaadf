"""ONNX files written byte by byte, so that tests of the light install have networks too.

The numbers are the fields of onnx.proto.
"""

import numpy as np
from numpy.typing import NDArray

FLOAT = 1
INTS = 7


def varint(value: int) -> bytes:
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(name: str, values: NDArray[np.float32], *more: bytes) -> bytes:
    """An initializer; `more` are further fields of its message."""
    dims = b"".join(field(1, n) for n in values.shape)
    data = values.astype("<f4").tobytes()
    return dims + field(2, FLOAT) + field(8, name) + field(9, data) + b"".join(more)


def node(
    op: str, inputs: list[str], outputs: list[str], *more: bytes, domain: str | None = None
) -> bytes:
    names = b"".join([*(field(1, n) for n in inputs), *(field(2, n) for n in outputs)])
    where = b"" if domain is None else field(7, domain)
    return names + field(4, op) + b"".join(field(5, m) for m in more) + where


def ints(name: str, *values: int) -> bytes:
    """An attribute."""
    return field(1, name) + b"".join(field(8, v) for v in values) + field(20, INTS)


def value_info(name: str, shape: tuple[int | str, ...]) -> bytes:
    dims = b"".join(field(1, field(1 if isinstance(n, int) else 2, n)) for n in shape)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dims)))


def graph(*parts: bytes) -> bytes:
    return field(2, "graph") + b"".join(parts)


def model(*nodes: bytes, more_graph: bytes = b"", more: bytes = b"", domain: str = "") -> bytes:
    """A file of these nodes; `more_graph` and `more` are further fields of graph and model."""
    opset = field(8, field(1, domain) + field(2, 17))
    whole = graph(*(field(1, n) for n in nodes), more_graph)
    return field(1, 8) + opset + field(7, whole) + more
