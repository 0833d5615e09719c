"""Writes forms of the model fixtures/onnx/dynamic.onnx that users have: weights in a file beside it, maps of channels last,
and outputs that are no rows.

Usage: python write_onnx.py fixtures/onnx
"""

import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper

folder = Path(sys.argv[1])


def model(nodes, outputs, shape=("N", 3, 16, 16)):
    weights = onnx.load(folder / "dynamic.onnx").graph.initializer
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in outputs],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def maps(pictures="images"):
    return [
        helper.make_node("Conv", [pictures, "conv.weight", "conv.bias"], ["c"], kernel_shape=[3, 3], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["r"]),
    ]


rows = [helper.make_node("GlobalAveragePool", ["r"], ["p"]), helper.make_node("Flatten", ["p"], ["f"], axis=1)]
logits = helper.make_node("Gemm", ["f", "logits.weight"], ["logits"], transB=1)

# onnx writes behind what is there.
(folder / "external.onnx.data").unlink(missing_ok=True)
onnx.save_model(
    onnx.load(folder / "dynamic.onnx"),
    folder / "external.onnx",
    save_as_external_data=True,
    location="external.onnx.data",
    size_threshold=0,
)
onnx.save(
    model(
        [
            helper.make_node("Transpose", ["images"], ["x"], perm=[0, 3, 1, 2]),
            *maps("x"),
            helper.make_node("Transpose", ["r"], ["map"], perm=[0, 2, 3, 1]),
            *rows,
            logits,
        ],
        [("map", TensorProto.FLOAT, ("N", 7, 7, 4)), ("logits", TensorProto.FLOAT, ("N", 5))],
        ("N", 16, 16, 3),
    ),
    folder / "map-nhwc.onnx",
)
tokens = [helper.make_node("Reshape", ["r", "tokens.shape"], ["tokens"])]
wide = [helper.make_node("Cast", ["f"], ["wide"], to=TensorProto.DOUBLE)]
shape = helper.make_tensor("tokens.shape", TensorProto.INT64, [3], [0, 4, 49])
made = model(maps() + tokens, [("tokens", TensorProto.FLOAT, ("N", 4, 49))])
made.graph.initializer.append(shape)
onnx.save(made, folder / "tokens.onnx")
onnx.save(model(maps() + rows, [("f", TensorProto.FLOAT, ("N", 4))]), folder / "rows.onnx")
onnx.save(model(maps() + rows + wide, [("wide", TensorProto.DOUBLE, ("N", 4))]), folder / "double.onnx")
