"""Files that are more than a network are refused, whoever wrote them."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinescan.infer.bundle import shipped_bundles
from spinescan.infer.onnx_check import check_onnx
from tests.infer.classifiers import network
from tests.infer.wire import field, graph, model, node, tensor, varint

ONE = np.ones((2, 2), np.float32)
OUTSIDE = field(1, "location") + field(2, "../../etc/passwd")
EVIL_NODE = node("Run", [], ["y"], domain="com.evil")


def attribute(number: int, content: bytes) -> bytes:
    return field(1, "then_branch") + field(number, content)


def nested(depth: int) -> bytes:
    inner = graph()
    for _ in range(depth):
        inner = graph(field(1, node("If", ["c"], ["y"], attribute(6, inner))))
    return field(7, inner)


@pytest.mark.parametrize(
    "data",
    [
        model(),
        model(domain="ai.onnx"),
        model(node("Relu", ["x"], ["y"], domain="ai.onnx")),
        network(),
        nested(20),
        model(more_graph=field(5, tensor("w", ONE, field(14, 0)))),
    ],
)
def test_a_network_of_standard_operators_passes(data: bytes) -> None:
    check_onnx(data)


OUTSIDE_TENSOR = tensor("w", ONE, field(13, OUTSIDE))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (model(more_graph=field(5, OUTSIDE_TENSOR)), "in another file"),
        (model(more_graph=field(5, tensor("w", ONE, field(14, 1)))), "in another file"),
        (model(more_graph=field(5, tensor("w", ONE, field(14, 2**32 + 1)))), "in another file"),
        (model(more_graph=field(15, field(1, OUTSIDE_TENSOR))), "in another file"),
        (model(more_graph=field(15, field(2, OUTSIDE_TENSOR))), "in another file"),
        *(
            (model(node("Constant", [], ["y"], attribute(n, OUTSIDE_TENSOR))), "in another file")
            for n in (5, 10)
        ),
        *(
            (
                model(node("Constant", [], ["y"], attribute(n, field(1, OUTSIDE_TENSOR)))),
                "in another file",
            )
            for n in (22, 23)
        ),
        (model(domain="com.evil"), "'com.evil', not of the ONNX standard"),
        (model(domain="ai.onnx.ml"), r"'ai\.onnx\.ml'"),
        (model(EVIL_NODE), "'com.evil'"),
        *(
            (model(node("If", ["c"], ["y"], attribute(n, graph(field(1, EVIL_NODE))))), "com.evil")
            for n in (6, 11)
        ),
        (model(node("x", [], [], domain="\x1b[2J\N{SKULL}" + 500 * "a")), r"\\x1b"),
        (model(more=field(25, field(1, "own"))), "functions of its own"),
        (model(more=field(20, b"")), "training"),
        (model() + model(EVIL_NODE), "com.evil"),  # parsers join what is written twice
        (nested(40), "too deep"),
        (b"", "no graph"),
        (field(1, 8), "no graph"),
        (b"these are no weights", "not ONNX"),
        (b"\x08\x00\x00\x00ORTM" + model(), "onnxruntime's own format"),
        (model() + b"\x0b\x0c", "not ONNX"),  # a group
        (model() + b"\x00\x00", "not ONNX"),  # no field is number 0
        (model() + varint(2**35) + b"\x00", "not ONNX"),
        (model() + field(1, 1)[:1] + b"\xff" * 11, "not ONNX"),
    ],
)
def test_what_is_more_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        check_onnx(data)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@given(st.integers(1, len(network()) - 1))
def test_a_file_that_is_cut_off_is_refused(kept: int) -> None:
    with pytest.raises(ValueError, match=r"not ONNX|no graph"):
        check_onnx(network()[:kept])


@given(st.binary(max_size=300))
def test_any_bytes_pass_or_are_refused(data: bytes) -> None:
    with suppress(ValueError):  # and nothing else
        check_onnx(field(7, data))


def test_what_ships_passes() -> None:
    files = [path for folder in shipped_bundles() for path in folder.glob("*.onnx")]
    if not files:
        pytest.skip("no bundle in src/spinescan/bundles of this checkout")
    for path in files:
        check_onnx(path.read_bytes())


class TestWithTheOnnxPackage:
    """The same, with files that ONNX's own library wrote."""

    @pytest.fixture(autouse=True)
    def _library(self) -> None:
        pytest.importorskip("onnx", reason="needs the train extra (onnx)")

    def test_the_tests_own_network_is_valid(self) -> None:
        import onnx

        onnx.checker.check_model(onnx.load_from_string(network()), full_check=True)

    def test_values_in_another_file(self, tmp_path: Path) -> None:
        import onnx

        whole = onnx.load_from_string(network())
        check_onnx(whole.SerializeToString())
        onnx.save(
            whole, tmp_path / "m.onnx", save_as_external_data=True, location="w", size_threshold=0
        )
        with pytest.raises(ValueError, match="another file"):
            check_onnx((tmp_path / "m.onnx").read_bytes())

    def test_operators_and_functions_of_ones_own(self) -> None:
        from onnx import helper

        def made(domain: str, functions: bool = False) -> bytes:
            own = helper.make_node("Own", ["x"], ["y"], domain=domain)
            relu = helper.make_node("Relu", ["x"], ["y"])
            opset = [helper.make_opsetid("", 17)]
            function = helper.make_function("", "Own", ["x"], ["y"], [relu], opset)
            info = [helper.make_tensor_value_info(name, 1, [1]) for name in "xy"]
            inner = helper.make_graph([own], "g", info[:1], info[1:])
            chosen = [function] if functions else []
            return helper.make_model(
                inner, opset_imports=opset, functions=chosen
            ).SerializeToString()

        check_onnx(made(""))
        with pytest.raises(ValueError, match=r"com\.own"):
            check_onnx(made("com.own"))
        with pytest.raises(ValueError, match="functions"):
            check_onnx(made("", functions=True))

    def test_a_branch_within_a_branch(self) -> None:
        from onnx import helper

        def branch(node_inside: object) -> object:
            info = [helper.make_tensor_value_info("y", 1, [1])]
            return helper.make_graph([node_inside], "b", [], info)

        own = helper.make_node("Own", [], ["y"], domain="com.own")
        for _ in range(2):
            inner = branch(own)
            own = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
        with pytest.raises(ValueError, match=r"com\.own"):
            check_onnx(helper.make_model(branch(own)).SerializeToString())
