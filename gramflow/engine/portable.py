"""Writes image transformation networks as ONNX models, which run without TensorFlow."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.engine.transformer import multiply_adds, shape_of

OPSET = 17  # version of ONNX's operators


def onnx_model(arrays: Mapping[str, NDArray[Any]], card: Mapping[str, str]) -> bytes:
    """Write a network as an ONNX model.

    Its input `frame` and its output `painted` are (1, height, width, 3), RGB, 0..1; height and
    width are multiples of `transformer.STRIDE`. The output is not clipped.

    arrays: the network's weights (see `transformer.arrays_of`). card: what the model is, kept as
    its metadata. Raises KeyError for other arrays.
    """
    from onnx import TensorProto, checker, helper

    graph = _Graph(arrays)
    _, blocks = shape_of(arrays)
    values = graph.node("Transpose", ["frame"], perm=[0, 3, 1, 2])
    whole, values = values, graph.node("SpaceToDepth", [values], blocksize=2)
    values = graph.relu(graph.conv("first", values))
    values = graph.relu(graph.conv("down", values, stride=2))
    for block in range(1, blocks + 1):
        inner = graph.relu(graph.conv(f"block{block}a", values))
        values = graph.node("Add", [values, graph.conv(f"block{block}b", inner)])
    values = graph.relu(graph.conv("up", graph.doubled(values)))
    values = graph.relu(graph.conv("spread", values))
    values = graph.node("DepthToSpace", [values], blocksize=2, mode="DCR")
    change = graph.conv("last", graph.node("Concat", [whole, values], axis=1))
    graph.node("Transpose", [graph.node("Add", [whole, change])], "painted", perm=[0, 2, 3, 1])

    def picture(name: str) -> Any:
        return helper.make_tensor_value_info(
            name, TensorProto.FLOAT, [1, f"{name}_height", f"{name}_width", 3]
        )

    made = helper.make_graph(
        graph.nodes, "painter", [picture("frame")], [picture("painted")], graph.constants
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=8, producer_name="gramflow")
    helper.set_model_props(model, dict(card))
    checker.check_model(model)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def card_of(
    name: str, licence: str, arrays: Mapping[str, NDArray[Any]], told: Mapping[str, Any]
) -> dict[str, str]:
    """The card of a network: what it is, as texts.

    arrays: its weights. told: its look, style and so on, as of `film.description.describe`.
    """
    channels, blocks = shape_of(arrays)
    cost = multiply_adds(channels, blocks) / 1e3
    return {
        "size": f"{channels} channels, {blocks} blocks, {cost:.1f} thousand multiply-adds a pixel",
        "name": name,
        "style": told["style"],
        "licence": licence,
        "gramflow": told["gramflow"],
        "look": json.dumps(told, sort_keys=True),
    }


class _Graph:
    """Nodes and constants of an ONNX graph, (1, channels, height, width)."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Add a node; returns the name of its output."""
        from onnx import helper

        name = output or f"values{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant; returns its name."""
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def relu(self, values: str) -> str:
        """Add a rectification."""
        return self.node("Relu", [values])

    def conv(self, layer: str, values: str, stride: int = 1) -> str:
        """Add a layer's convolution, with the picture reflected at its border."""
        kernel = np.asarray(self._arrays[f"{layer}/kernel"], np.float32)
        border = (kernel.shape[0] - stride + 1) // 2
        pads = self.constant(f"{layer}/pads", np.array([0, 0, border, border] * 2))
        return self.node(
            "Conv",
            [
                self.node("Pad", [values, pads], mode="reflect"),
                self.constant(f"{layer}/kernel", kernel.transpose(3, 2, 0, 1)),
                self.constant(
                    f"{layer}/bias", np.asarray(self._arrays[f"{layer}/bias"], np.float32)
                ),
            ],
            strides=[stride, stride],
        )

    def doubled(self, values: str) -> str:
        """Add a bilinear enlargement to twice the height and width."""
        scales = self.constant("scales", np.array([1, 1, 2, 2], np.float32))
        return self.node("Resize", [values, "", scales], mode="linear")
