"""The model's graph for TensorBoard, read off the trace of a step: the operations that really ran, in their modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tensorboardX.proto.attr_value_pb2 import AttrValue  # pyright: ignore[reportAttributeAccessIssue]
from tensorboardX.proto.graph_pb2 import GraphDef  # pyright: ignore[reportAttributeAccessIssue]
from tensorboardX.proto.node_def_pb2 import NodeDef  # pyright: ignore[reportAttributeAccessIssue]
from tensorboardX.proto.tensor_shape_pb2 import TensorShapeProto  # pyright: ignore[reportAttributeAccessIssue]
from tensorboardX.proto.versions_pb2 import VersionDef  # pyright: ignore[reportAttributeAccessIssue]

if TYPE_CHECKING:
    from torch import Tensor

    from lenet_gui.engine.session import Session
    from lenet_gui.engine.trace.trace import Operation

INPUT = "input"


def graph(session: Session) -> GraphDef | None:
    """Operations and parameters, joined as they were in this step; `None` where no forward of it can be seen."""
    operations = session.trace().operations
    if not operations:
        return None
    root = type(session.model).__name__
    shapes = {name: tensor for name, tensor in session.tensors().items() if tensor is not None}
    nodes = [_node(INPUT, "Input", [], session.input)]
    used = dict.fromkeys(name for one in operations for name in one.tensors)
    nodes += [_node(_path(root, name), "Parameter", [], shapes.get(name)) for name in used]
    names = [_name(root, one) for one in operations]
    for name, operation in zip(names, operations, strict=True):
        inputs = [INPUT if index < 0 else names[index] for index in operation.inputs]
        inputs += [_path(root, parameter) for parameter in operation.tensors]
        nodes.append(_node(name, operation.function, inputs, operation.outputs[0] if operation.outputs else None))
    return GraphDef(node=nodes, versions=VersionDef(producer=22))


def _name(root: str, operation: Operation) -> str:
    return _path(root, f"{operation.module}.{operation.name}" if operation.module else operation.name)


def _path(root: str, name: str) -> str:
    """`conv1.weight` in the boxes of its modules."""
    return f"{root}/{name.replace('.', '/')}"


def _node(name: str, kind: str, inputs: list[str], tensor: Tensor | None) -> Any:
    attributes = {}
    if tensor is not None:
        sizes = [TensorShapeProto.Dim(size=size) for size in tensor.shape]
        attributes["_output_shapes"] = AttrValue(list=AttrValue.ListValue(shape=[TensorShapeProto(dim=sizes)]))
    return NodeDef(name=name, op=kind, input=inputs, attr=attributes)
