"""Whether an ONNX file holds a network and nothing else, told from its bytes alone.

The light install has no `onnx` package, and onnxruntime opens files that a tensor names before
anybody could object. So the wire format (protocol buffers, and onnx.proto of ONNX 1.23) is walked
here, as far as tensors and operators may be: other fields are skipped, nothing is copied or built.
What a parser could read in two ways (groups, overlong numbers) is refused.
"""

from collections.abc import Iterator

OWN_DOMAINS = frozenset({b"", b"ai.onnx"})
"""Operators of the ONNX standard."""

_DEEPEST = 32
"""Graphs within graphs (If, Loop, Scan) that a network may have."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# Of every message: the fields that hold another message, by their number.
_INNER: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset"},
    "opset": {},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {
        **{5: "tensor", 6: "graph", 10: "tensor", 11: "graph"},
        **{22: "sparse", 23: "sparse"},
    },
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_DOMAIN = {"opset": 1, "node": 7}
"""The fields that name a domain of operators."""

_REFUSED = {
    ("model", 20): "it holds a training",
    ("model", 25): "it defines functions of its own",
    ("tensor", 13): "a tensor's values lie in another file",
}


def check_onnx(data: bytes) -> None:
    """Refuse a file that is more than a network of standard operators with its weights inside.

    Raises
    ------
    ValueError
        With the reason: not ONNX, values in other files, operators or functions that are not those
        of the standard.
    """
    if data[4:8] == b"ORTM":
        raise ValueError("it is in onnxruntime's own format, not ONNX")
    whole = memoryview(data)
    if not any(field == 7 for field, _, _ in _fields(whole)):
        raise ValueError("it holds no graph")
    _check(whole, "model", 0)


def _check(message: memoryview, kind: str, depth: int) -> None:
    if depth > 3 * _DEEPEST:  # a graph, its node and that one's attribute
        raise ValueError("its graphs are nested too deep")
    inner, domain = _INNER[kind], _DOMAIN.get(kind)
    for field, number, part in _fields(message):
        refused = _REFUSED.get((kind, field))
        if refused is not None:
            raise ValueError(refused)
        if kind == "tensor" and field == 14 and number:
            raise ValueError(_REFUSED["tensor", 13])
        if part is None:
            continue
        if field == domain and bytes(part) not in OWN_DOMAINS:
            name = bytes(part[:60]).decode("ascii", "backslashreplace")
            raise ValueError(f"it uses operators of {name!r}, not of the ONNX standard")
        if field in inner:
            _check(part, inner[field], depth + 1)


def _fields(message: memoryview) -> Iterator[tuple[int, int, memoryview | None]]:
    """Field number, value if it is a whole number (else 0), and bytes if it holds any."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at, longest=5)
        field, wire = tag >> 3, tag & 7
        number, part = 0, None
        if wire == _VARINT:
            number, at = _varint(message, at, longest=10)
        elif wire == _BYTES:
            length, at = _varint(message, at, longest=5)
            part = message[at : at + length]
            at += length
        elif wire in (_FIXED64, _FIXED32):
            at += 8 if wire == _FIXED64 else 4
        else:
            raise ValueError("it is not ONNX")
        if at > end or field == 0:
            raise ValueError("it is not ONNX, or cut off")
        yield field, number, part


def _varint(message: memoryview, at: int, *, longest: int) -> tuple[int, int]:
    """A number in groups of seven bits, and where it ends."""
    value = 0
    for k in range(longest):
        if at + k >= len(message):
            raise ValueError("it is not ONNX, or cut off")
        byte = message[at + k]
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return value, at + k + 1
    raise ValueError("it is not ONNX")
