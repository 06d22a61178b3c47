"""Small ONNX networks with known answers, of the kind that `gramflow live` paints with."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CARD = {"name": "inverse", "style": "none", "licence": "MIT", "gramflow": "0.1.0", "look": "x"}


def network(
    scale: float = 1.0,
    shift: float = 0.0,
    ends: tuple[str, str] = ("frame", "painted"),
    kind: int = TensorProto.FLOAT,
    stride: int = 1,
    size: tuple[int | str, int | str] = ("height", "width"),
) -> bytes:
    """A network that gives scale * frame + shift, for sides that are multiples of four alone.

    size: height and width, where it takes a single one.
    stride: of the pixels that it gives; above 1 the picture becomes smaller.
    """
    sliced = {"begin": [0, 0], "end": [2**30] * 2, "axes": [1, 2], "steps": [stride] * 2}
    constants = [
        numpy_helper.from_array(np.array(value, helper.tensor_dtype_to_np_dtype(kind)), name)
        for name, value in (("scale", scale), ("shift", shift))
    ]
    constants += [numpy_helper.from_array(np.array(each), name) for name, each in sliced.items()]
    nodes = [
        helper.make_node("Transpose", [ends[0]], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("SpaceToDepth", ["planes"], ["deep"], blocksize=4),
        helper.make_node("DepthToSpace", ["deep"], ["wide"], blocksize=4, mode="DCR"),
        helper.make_node("Mul", ["wide", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["moved"]),
        helper.make_node("Transpose", ["moved"], ["pixels"], perm=[0, 2, 3, 1]),
        helper.make_node("Slice", ["pixels", "begin", "end", "axes", "steps"], [ends[1]]),
    ]
    return _model(nodes, ends, kind, size, constants)


def inverting() -> bytes:
    """A network that gives the negative of a frame."""
    return network(-1.0, 1.0)


def stored_outside(model: bytes, place: str) -> bytes:
    """A network whose constants are in another file. place: its path, as the network tells it."""
    changed = onnx.load_from_string(model)
    for constant in changed.graph.initializer:
        constant.ClearField("raw_data")
        constant.data_location = TensorProto.EXTERNAL
        entry = constant.external_data.add()
        entry.key, entry.value = "location", place
    return changed.SerializeToString()


def _model(
    nodes: Sequence[onnx.NodeProto],
    ends: tuple[str, str],
    kind: int,
    size: tuple[int | str, int | str],
    constants: Sequence[onnx.TensorProto],
) -> bytes:
    values = [helper.make_tensor_value_info(end, kind, (1, *size, 3)) for end in ends]
    graph = helper.make_graph(nodes, "net", values[:1], values[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, CARD)
    return model.SerializeToString()


def write_networks(folder: Path) -> list[str]:
    """Write inverse.onnx and plain.onnx, which changes nothing; return arguments for them."""
    (folder / "plain.onnx").write_bytes(network())
    (folder / "inverse.onnx").write_bytes(inverting())
    return ["--network", str(folder / "inverse.onnx"), "--network", str(folder / "plain.onnx")]
