"""Reading the graph that autograd built. It keeps no node alive and changes none."""

from __future__ import annotations

from torch import Tensor
from torch.autograd.graph import Node

# What a person wrote, where autograd's name for it differs.
NAMES = {
    "Addmm": "linear",
    "Convolution": "conv2d",
    "MaxPool2DWithIndices": "maxpool2d",
    "MkldnnConvolution": "conv2d",
    "MseLoss": "MSELoss",
    "NllLoss": "nll_loss",
    "NllLoss2D": "nll_loss",
    "LogSoftmax": "log_softmax",
}


def chain(tensor: Tensor | None, end: str) -> tuple[str, ...]:
    """The operations from the input to `tensor`, which is called `end`, read off `grad_fn.next_functions`.

    Where a node has several inputs, the first that is not a parameter is followed.
    Empty when there is no graph.
    """
    if tensor is None or tensor.grad_fn is None:
        return ()
    names = [end]
    node: Node | None = tensor.grad_fn
    while node is not None:
        names.append(operation(node))
        node = _before(node)
    return ("input", *reversed(names))


def operation(node: Node) -> str:
    """The name a person knows: `conv2d` for `ConvolutionBackward0`."""
    name = str(node.name()).removesuffix("0").removesuffix("Backward")
    return NAMES.get(name, name.lower())


def _before(node: Node) -> Node | None:
    inputs = [child for child, _ in node.next_functions if child is not None]
    if len(node.next_functions) == 1:
        return None if not inputs or _is_leaf(inputs[0]) else inputs[0]
    return next((child for child in inputs if not _is_parameter(child)), None)


def _is_parameter(node: Node) -> bool:
    """A parameter, or one seen through views, as a linear layer's transposed weight."""
    while len(node.next_functions) == 1:
        child = node.next_functions[0][0]
        if child is None:
            return False
        node = child
    return _is_leaf(node)


def _is_leaf(node: Node) -> bool:
    return "AccumulateGrad" in node.name()
