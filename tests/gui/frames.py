"""Protocol values as a worker would send them, made by hand: LeNet at a few moments, and an empty and a huge model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lenet_gui.protocol import (
    CYCLE,
    PHASES,
    Accuracy,
    BatchView,
    BookmarkRow,
    BranchRow,
    Frame,
    Line,
    ModuleRow,
    ParameterRow,
    Place,
    TensorReply,
    UpdateReply,
)
from lenet_gui.settings import Settings

SHAPES = {
    "conv1.weight": (6, 1, 3, 3),
    "conv1.bias": (6,),
    "conv2.weight": (16, 6, 3, 3),
    "conv2.bias": (16,),
    "fc1.weight": (120, 576),
    "fc1.bias": (120,),
    "fc2.weight": (84, 120),
    "fc2.bias": (84,),
    "fc3.weight": (10, 84),
    "fc3.bias": (10,),
}
CHAIN = ("input", "conv2d", "relu", "maxpool2d", "conv2d", "relu", "maxpool2d", "view", "linear", "relu", "linear")
CHAIN += ("relu", "linear", "cross_entropy", "loss")
ALLOWED = (*PHASES, "next_batch", "set", "edit", "advance", "run", "evaluate", "new", "print")

MODULES = (
    ModuleRow("", "Net", 81_194),
    ModuleRow("conv1", "Conv2d", 60),
    ModuleRow("conv2", "Conv2d", 880),
    ModuleRow("fc1", "Linear", 69_240),
    ModuleRow("fc2", "Linear", 10_164),
    ModuleRow("fc3", "Linear", 850),
)


def parameters(grad: float | None = None) -> tuple[ParameterRow, ...]:
    """LeNet's ten parameters; `grad` is the norm of every gradient (`None`: there is none, 0: zeros)."""
    return tuple(
        ParameterRow(name, shape, "float32", int(np.prod(shape)), 0.5 + 0.731 * i, None if grad is None else grad * i)
        for i, (name, shape) in enumerate(SHAPES.items(), start=1)
    )


def images(count: int) -> np.ndarray:
    """Grey rings and strokes of the digits' size and range: [count, 32, 32] float32 from 0 to 1."""
    y, x = np.mgrid[-1:1:32j, -1:1:32j]
    pictures = np.empty((count, 32, 32), np.float32)
    for i in range(count):
        ring = np.hypot(x - 0.05 * (i % 3), y * (1 + 0.1 * (i % 5))) - 0.5
        stroke = x + 0.3 * (i % 4 - 1.5) * y
        pictures[i] = np.exp(-40 * (stroke if i % 2 else ring) ** 2) * (np.abs(y) < 0.8)
    return pictures


def read_only(array: np.ndarray) -> np.ndarray:
    array = np.array(array, np.float32)
    array.setflags(write=False)
    return array


def samples(size: int = 16, *, forward: bool = True, labels: bool = True) -> BatchView:
    """A batch with or without outputs and class labels; every fourth prediction is wrong."""
    shown = min(size, 64)
    targets = tuple((7 * i + 3) % 10 for i in range(shown))
    scores = np.random.default_rng(0).normal(0, 1.5, (shown, 10))
    for i, target in enumerate(targets):
        scores[i, (target + (1 if i % 4 == 3 else 0)) % 10] = 5.25
    return BatchView(
        size=size,
        images=read_only(images(shown)),
        targets=targets if labels else (),
        predictions=tuple(int(k) for k in scores.argmax(axis=1)) if forward else (),
        scores=read_only(scores if forward else np.empty((0, 10))),
    )


def fresh(settings: Settings | None = None) -> Frame:
    """LeNet before anything was pressed: no output, no loss, gradients `None`."""
    settings = settings or Settings()
    return Frame(
        run=1,
        place=Place("main", 0),
        reason="ready",
        running=False,
        allowed=("zero_grad", "forward", "next_batch", "set", "edit", "advance", "run", "evaluate", "new", "print"),
        cycle=CYCLE,
        next="zero_grad",
        step=0,
        epoch=0,
        batch=0,
        batches=90,
        remaining=None,
        settings=settings,
        modules=MODULES,
        parameters=parameters(),
        samples=samples(settings.batch_size, forward=False),
        loss=None,
        graph="none",
        chain=(),
        accuracy=None,
        steps_per_second=0.0,
        exact=True,
    )


def after_forward() -> Frame:
    """The outputs are there and the graph is alive; no gradient yet."""
    return replace(fresh(), place=Place("main", 2), next="loss", allowed=ALLOWED, samples=samples(), graph="alive")


def after_backward() -> Frame:
    """Gradients are there, the graph is freed."""
    return replace(
        after_forward(),
        place=Place("main", 4),
        next="step",
        parameters=parameters(0.0125),
        loss=2.3091,
        graph="freed",
        chain=CHAIN,
    )


def after_zeros() -> Frame:
    """`zero_grad(set_to_none=False)`: the gradients are there and are zeros."""
    return replace(after_backward(), place=Place("main", 6), next="forward", parameters=parameters(0.0))


def running(step: int = 137) -> Frame:
    """In the middle of Run: the numbers move with `step`."""
    return replace(
        after_backward(),
        place=Place("main", 5 * step),
        reason="running",
        running=True,
        allowed=("pause",),
        step=step,
        epoch=step // 90,
        batch=step % 90,
        parameters=parameters(0.0125 + step / 1e4),
        loss=2.3 / (1 + step / 50),
        accuracy=Accuracy(90, 1, 280, 360),
        steps_per_second=812.0,
    )


MAIN = BranchRow("main", "", 0, 600, 3000)
WARMER = BranchRow("warmer", "main", 200, 400, 2001, 1000)


def in_past(step: int = 57, branches: tuple[BranchRow, ...] = (MAIN,), branch: str = "main", phases: int = 0) -> Frame:
    """So many whole steps and phases were done, of a branch that may go on from there."""
    return replace(
        after_backward(),
        place=Place(branch, 5 * step + phases),
        reason=f"at step {step}",
        allowed=(*ALLOWED, "back", "seek"),
        next="zero_grad",
        step=step,
        branches=branches,
    )


def branched(step: int = 300, branch: str = "warmer") -> Frame:
    """`warmer` has left main at step 200; a bookmark on each."""
    marks = (
        BookmarkRow(Place("main", 500), 100, "before it falls"),
        BookmarkRow(Place("warmer", 2001), 400, "the end"),
    )
    return replace(in_past(step, (MAIN, WARMER), branch), bookmarks=marks)


def seeking() -> Frame:
    """On the way to another place: it can be cancelled, and nothing else."""
    return replace(in_past(), reason="going to step 9", running=True, allowed=("pause",))


def random_data() -> Frame:
    """Random input and `MSELoss`: there are no class labels."""
    settings = Settings(data="random", loss="MSELoss", batch_size=1)
    frame = replace(after_forward(), settings=settings, epoch=None, batches=None)
    return replace(frame, samples=samples(1, labels=False))


def empty() -> Frame:
    """No model, no samples: nothing to show."""
    nothing = BatchView(0, read_only(np.empty((0, 32, 32))), (), (), read_only(np.empty((0, 10))))
    return replace(fresh(), allowed=(), modules=(ModuleRow("", "Net", 0),), parameters=(), samples=nothing)


def huge(layers: int = 400) -> Frame:
    """A deep model with long names and large numbers, and a batch of 4,096 samples in 1,000 classes."""
    paths = [f"encoder.blocks.{i}.attention.output_projection" for i in range(layers)]
    scores = read_only(np.random.default_rng(1).normal(0, 1e6, (64, 1000)))
    view = BatchView(
        size=4096,
        images=read_only(np.random.default_rng(2).normal(size=(64, 96, 128))),
        targets=tuple(range(900, 964)),
        predictions=tuple(int(k) for k in scores.argmax(axis=1)),
        scores=scores,
    )
    root = ModuleRow("", "VisionTransformer", layers * 16_777_216)
    return replace(
        running(123_456_789),
        modules=(root, *(ModuleRow(p, "Linear", 16_777_216) for p in paths)),
        parameters=tuple(
            ParameterRow(f"{p}.weight", (4096, 4096), "bfloat16", 16_777_216, 1.2345e10, float("nan")) for p in paths
        ),
        samples=view,
    )


def tensor(id: int, name: str = "conv1.weight", part: str = "value", values: np.ndarray | None = None) -> TensorReply:
    """An answer to `TensorRequest` with numbers of the right shape, unless `values` are given."""
    numbers = read_only(np.random.default_rng(3).normal(0, 0.2, SHAPES[name]) if values is None else values)
    printed = f"Parameter containing:\ntensor({np.array2string(numbers, precision=4, separator=', ', threshold=200)})"
    return TensorReply(id, Place("main", 4), name, part, numbers.shape, printed, numbers)


def no_gradient(id: int, name: str = "conv1.weight") -> TensorReply:
    return TensorReply(id, Place("main", 0), name, "grad", SHAPES[name], "None", None)


def update(id: int, name: str = "conv1.bias", lr: float = 0.05) -> UpdateReply:
    """An answer to `UpdateRequest` after one step of plain SGD."""
    random = np.random.default_rng(4)
    before = read_only(random.normal(0, 0.3, SHAPES[name]))
    gradient = read_only(random.normal(0, 0.02, SHAPES[name]))
    after = read_only(before - np.float32(lr) * gradient)
    return UpdateReply(id, Place("main", 5), name, f"weight = weight - {lr} * gradient", before, gradient, after)


def no_update(id: int, name: str = "conv1.bias") -> UpdateReply:
    return UpdateReply(id, Place("main", 0), name, "weight = weight - 0.05 * gradient", None, None, None)


def lines() -> tuple[Line, ...]:
    """One line of each kind."""
    return (
        Line("command", "optimizer.zero_grad()", ""),
        Line("command", "output = net(input)", "tensor([[ 0.0212, -0.0671]], grad_fn=<AddmmBackward0>)"),
        Line("question", "print(net.conv1.bias.grad)", "None"),
        Line("note", "", "epoch 1 ended: 280 of 360 test digits are right (77.8 %)"),
        Line("error", "loss.backward()", "RuntimeError: Trying to backward through the graph a second time"),
    )
