"""Traces as a worker would send them, made by hand: LeNet in the middle of a step, and a residual block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lenet_gui.protocol.trace import (
    CallRow,
    NodeRow,
    OperationRow,
    Part,
    Saved,
    SourceFile,
    Span,
    Summary,
    TraceReply,
    UpdateRow,
)
from tests.gui.frames import SHAPES

FORWARD = """import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, self.num_flat_features(x))
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)
"""
LINES = FORWARD.splitlines()
# function, module, shape, line of FORWARD, what stands there, node, parameters
LENET = (
    ("conv2d", "conv1", (16, 6, 30, 30), 7, "self.conv1(x)", "ConvolutionBackward0"),
    ("relu", "", (16, 6, 30, 30), 7, "F.relu(self.conv1(x))", "ReluBackward0"),
    ("max_pool2d", "", (16, 6, 15, 15), 7, "F.max_pool2d(F.relu(self.conv1(x)), (2, 2))",
     "MaxPool2DWithIndicesBackward0"),
    ("conv2d", "conv2", (16, 16, 13, 13), 8, "self.conv2(x)", "ConvolutionBackward0"),
    ("relu", "", (16, 16, 13, 13), 8, "F.relu(self.conv2(x))", "ReluBackward0"),
    ("max_pool2d", "", (16, 16, 6, 6), 8, "F.max_pool2d(F.relu(self.conv2(x)), 2)", "MaxPool2DWithIndicesBackward0"),
    ("view", "", (16, 576), 9, "x.view(-1, self.num_flat_features(x))", "ViewBackward0"),
    ("linear", "fc1", (16, 120), 10, "self.fc1(x)", "AddmmBackward0"),
    ("relu", "", (16, 120), 10, "F.relu(self.fc1(x))", "ReluBackward0"),
    ("linear", "fc2", (16, 84), 11, "self.fc2(x)", "AddmmBackward0"),
    ("relu", "", (16, 84), 11, "F.relu(self.fc2(x))", "ReluBackward0"),
    ("linear", "fc3", (16, 10), 12, "self.fc3(x)", "AddmmBackward0"),
    ("cross_entropy", "criterion", (), 0, "", "NllLossBackward0"),
)  # fmt: skip
CODE = {
    "zero_grad": "optimizer.zero_grad()",
    "forward": "output = net(input)",
    "loss": "loss = criterion(output, target)",
    "backward": "loss.backward()",
    "step": "optimizer.step()",
}


def summary(shape: tuple[int, ...], seed: int = 0, positive: bool = False) -> Summary:
    """A tensor of this shape with a picture of one sample: maps in a mosaic, a vector as a column."""
    random = np.random.default_rng(seed)
    if len(shape) >= 4:
        columns = int(np.ceil(np.sqrt(shape[1])))
        rows = -(-shape[1] // columns)
        picture = random.normal(size=(rows * shape[2], columns * shape[3]))
    else:
        picture = random.normal(size=(shape[1] if len(shape) == 2 else 1, 1))
    picture = np.maximum(picture, 0) if positive else picture
    values = picture.astype(np.float32)
    low, high, mean, zeros = (float(of) for of in (values.min(), values.max(), values.mean(), (values == 0).mean()))
    return Summary(shape, "float32", low, high, mean, zeros, True, values)


def lenet(id: int = 1, trace: int = 1, commands: int = 0, sample: int = 0, backward: bool = True) -> TraceReply:
    """LeNet's step, its first command at the place `commands`; without `backward` its loss is refused."""
    operations, nodes, calls, seen = [], [], [CallRow("", "Net", 0, -1)], dict[str, int]()
    for index, (function, module, shape, line, words, node) in enumerate(LENET):
        nth = seen[function] = seen.get(function, -1) + 1
        call = 0
        if module:
            kind = {"c": "Conv2d", "f": "Linear"}[module[0]] if module != "criterion" else "CrossEntropyLoss"
            calls.append(CallRow(module, kind, 0, -1 if module == "criterion" else 0))
            call = len(calls) - 1
        column = LINES[line - 1].find(words) if line else 0
        source = Span("net.py", line, column, line, column + len(words)) if line else None
        tensors = (f"{module}.weight", f"{module}.bias") if module and module != "criterion" else ()
        nodes.append(NodeRow(node, index, "", (), (Saved("self", "[16, 6]"),), (), ()))
        operations.append(
            OperationRow(
                f"{function}_{nth}" if nth else function, function, call, source, (index - 1,), tensors,
                index, summary(shape, index, function == "relu"),
                summary(shape, 100 + index) if backward else None, (commands + 3, 0) if backward else None,
            )
        )  # fmt: skip
    order: list[int] = []
    for index in reversed(range(len(LENET))):
        order.append(index)
        leaves = []
        for name in reversed(operations[index].tensors):
            leaves.append(len(nodes))
            nodes.append(NodeRow("AccumulateGrad", -1, name, (), (), (summary(SHAPES[name], 7),), ()))
        order += leaves
        after = (*leaves, *((index - 1,) if index else ()))
        old = nodes[index]
        gradient = summary(LENET[index][2], 100 + index)
        nodes[index] = NodeRow(old.name, index, "", after, old.saved, (gradient,) if backward else (), ())
    if backward:
        for item, index in enumerate(order):
            if index < len(operations):
                operations[index] = _from(operations[index], (commands + 3, item))
    updates = tuple(UpdateRow(name, 1.0 + i, 0.1 * i, 0.99 + i, 0.01) for i, name in enumerate(SHAPES))
    items = {
        "forward": tuple(range(12)), "loss": (12,), "backward": tuple(order), "step": tuple(range(len(updates))),
    }  # fmt: skip
    parts = [Part(commands + i, name, code, items.get(name, ())) for i, (name, code) in enumerate(CODE.items())]
    if not backward:
        parts = [*parts[:2], Part(commands + 2, "loss", CODE["loss"], (), "RuntimeError: 0D or 1D target expected")]
    return TraceReply(
        id, trace, sample, tuple(parts), tuple(calls), tuple(operations), tuple(nodes), updates if backward else (),
        summary((16, 1, 32, 32), 99, True), (SourceFile("net.py", FORWARD, ((6, 12),)),),
    )  # fmt: skip


def residual(blocks: int = 2, trace: int = 2) -> TraceReply:
    """`blocks` residual blocks in a row: x = x + conv(relu(conv(x))), each in a module of its own."""
    calls, operations = [CallRow("", "Residual", 0, -1)], []
    last = -1
    for block in range(blocks):
        calls.append(CallRow(f"blocks.{block}", "Block", 0, 0))
        inside = len(calls) - 1
        begin = last
        for function, module in (("conv2d", "one"), ("relu", ""), ("conv2d", "two"), ("add", "")):
            index, call = len(operations), inside
            if module:
                calls.append(CallRow(f"blocks.{block}.{module}", "Conv2d", 0, inside))
                call = len(calls) - 1
            nth = sum(one.function == function for one in operations)
            inputs = (last, begin) if function == "add" else (last,)
            shape = (16, 8, 14, 14)
            output = summary(shape, index, function == "relu")
            name = f"{function}_{nth}" if nth else function
            operations.append(
                OperationRow(name, function, call, None, inputs, (), -1, output, summary(shape, 100 + index), (3, 0))
            )
            last = index
    parts = (Part(0, "zero_grad", CODE["zero_grad"], ()), Part(1, "forward", CODE["forward"], tuple(range(last + 1))))
    batch = summary((16, 8, 14, 14), 99)
    return TraceReply(1, trace, 0, parts, tuple(calls), tuple(operations), (), (), batch, ())


def _from(operation: OperationRow, place: tuple[int, int]) -> OperationRow:
    return replace(operation, gradient_from=place)
