"""Every recorded number equals, to the bit, what a plain script gives that asks PyTorch for it with `retain_grad`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.commands import COMMANDS
from lenet_gui.engine.digest import same
from lenet_gui.engine.net import Net
from lenet_gui.protocol import CYCLE
from tests.engine.test_checkpoint import OPTIMIZERS
from tests.engine.trace.models import (
    Attends,
    Chooses,
    Custom,
    Doubled,
    Drops,
    InPlace,
    Loop,
    OutOfPlace,
    Residual,
    Rows,
    Views,
    bought,
)
from tests.engine.trace.recorded import named, received, record

Parts = dict[str, Tensor]
"""What each operation gave, by its name; those from the first that need a gradient on."""


def lenet(net: Any, x: Tensor) -> Parts:
    a = net.conv1(x)
    b = torch.relu(a)
    c = functional.max_pool2d(b, 2)
    d = net.conv2(c)
    e = torch.relu(d)
    f = functional.max_pool2d(e, 2)
    g = f.view(len(f), -1)
    h = net.fc1(g)
    i = torch.relu(h)
    j = net.fc2(i)
    k = torch.relu(j)
    names = "conv2d relu max_pool2d conv2d_1 relu_1 max_pool2d_1 view linear relu_2 linear_1 relu_3 linear_2"
    return dict(zip(names.split(), (a, b, c, d, e, f, g, h, i, j, k, net.fc3(k)), strict=True))


def residual(net: Any, x: Tensor) -> Parts:
    a = net.stem(x)
    b = net.block.conv1(a)
    c = net.block.norm(b)
    d = torch.relu(c)
    e = net.block.conv2(d)
    f = torch.add(a, e)
    g = torch.relu(f)
    h = g.reshape(len(g), -1)
    names = "conv2d conv2d_1 batch_norm relu conv2d_2 add relu_1 flatten linear"
    return dict(zip(names.split(), (a, b, c, d, e, f, g, h, net.head(h)), strict=True))


def pooled(x: Tensor) -> Tensor:
    return nn.AvgPool2d(8)(x).reshape(len(x), -1)


def loop(net: Any, x: Tensor) -> Parts:
    a = net.first(pooled(x))
    b = net.shared(a)
    c = b.tanh()
    d = net.shared(c)
    e = d.tanh()
    f = net.shared(e)
    g = f.tanh()
    names = "linear linear_1 tanh linear_2 tanh_1 linear_3 tanh_2 linear_4"
    return dict(zip(names.split(), (a, b, c, d, e, f, g, net.last(g)), strict=True))


def chooses(net: Any, x: Tensor) -> Parts:
    x = pooled(x)
    if x[0].mean() > x.mean():
        return {"linear": net.left(x)}
    a = net.right(x)
    return {"linear": a, "mul_1": a * x.mean()}


def drops(net: Any, x: Tensor) -> Parts:
    a = net.layers[0](pooled(x))
    b = a.relu()
    c = nn.Dropout(0.4).train(net.training)(b)
    d = nn.Dropout(0.2).train(net.training)(c)
    return {"linear": a, "relu": b, "dropout": c, "dropout_1": d, "linear_1": net.layers[1](d)}


def in_place(net: Any, x: Tensor) -> Parts:
    """Out of place."""
    a = net.first(pooled(x))
    b = torch.relu(a)
    c = net.second(b)
    d = c + 0.5
    return {"linear": a, "relu": b, "linear_1": c, "add_": d, "setitem": torch.cat([d[:, :1] * 2, d[:, 1:]], 1)}


def out_of_place(net: Any, x: Tensor) -> Parts:
    a = net.first(pooled(x))
    b = torch.relu(a)
    c = net.second(b)
    d = c + 0.5
    e = d[:, :1]
    f = e * 2
    g = d[:, 1:]
    names = "linear relu linear_1 add getitem mul getitem_1 cat"
    return dict(zip(names.split(), (a, b, c, d, e, f, g, torch.cat([f, g], 1)), strict=True))


def custom(net: Any, x: Tensor) -> Parts:
    a = net.first(pooled(x))
    b: Any = Doubled.apply(a, torch.tensor(2.0))
    c = b.relu()
    return {"linear": a, "Doubled": b, "relu": c, "linear_1": net.last(c)}


def rows(net: Any, x: Tensor) -> Parts:
    a = net.lstm(x[:, 0])[0]
    b = a[:, -1]
    return {"lstm": a, "getitem": b, "linear": net.head(b)}


def attends(net: Any, x: Tensor) -> Parts:
    layer = net.encoder
    a = net.embed(x)
    b = a.reshape(len(x), 8, 16)
    c = b.transpose(-1, -2)
    d = layer.self_attn(c, c, c, need_weights=False)[0]
    e = layer.dropout1(d)
    f = c + e
    g = layer.norm1(f)
    h = layer.linear1(g)
    i = torch.relu(h)
    j = layer.dropout(i)
    k = layer.linear2(j)
    l = layer.dropout2(k)  # noqa: E741
    m = g + l
    n = layer.norm2(m)
    o = n.mean(1)
    names = (
        "conv2d flatten mT transpose_1 dropout add layer_norm linear relu dropout_1 linear_1 dropout_2 add_1 "
        "layer_norm_1 mean linear_2"
    )
    return dict(zip(names.split(), (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, net.head(o)), strict=True))


def bought_too(net: Any, x: Tensor) -> Parts:
    a = net[2](pooled(x))
    b = torch.relu(a)
    return {"linear": a, "relu": b, "linear_1": net[4](b)}


def views(net: Any, x: Tensor) -> Parts:
    x = pooled(x)
    left, right = x[:, :8], x[:, 8:]
    x = torch.cat([torch.stack([left, right]).sum(0), right.exp()], 1)
    a, b = net.matrix.T, net.matrix.T
    c, d = torch.mm(x, a), torch.mm(x, b)
    e, f = torch.relu(c), torch.sigmoid(d)
    return {"T": a, "matmul": c, "relu": e, "T_1": b, "matmul_1": d, "sigmoid": f, "add": e + f}


WITHIN = ("mul_", "transpose", "multi_head_attention_forward")
"""What the scripts above do not do one by one."""

PLAIN: tuple[tuple[Callable[[], nn.Module], Callable[[Any, Tensor], Parts]], ...] = (
    (Net, lenet),
    (Residual, residual),
    (Loop, loop),
    (Chooses, chooses),
    (Drops, drops),
    (InPlace, in_place),
    (OutOfPlace, out_of_place),
    (Custom, custom),
    (Rows, rows),
    (Attends, attends),
    (bought, bought_too),
    (Views, views),
)


@pytest.mark.parametrize(("make_model", "script"), PLAIN)
@pytest.mark.parametrize("settings", [{"mode": "train"}, {"mode": "eval"}, {"loss": "MSELoss"}, {"seed": 7}], ids=str)
def test_activations_and_gradients_are_those_of_retain_grad(
    make_model: Callable[[], nn.Module], script: Callable[[Any, Tensor], Parts], settings: dict[str, Any]
) -> None:
    watched, plain = (Session(Settings(batch_size=4, **settings), make_model) for _ in range(2))
    for _ in range(2):  # the second time the gradients of the first are there to add to
        trace = record(watched, CYCLE[1:4])
        with plain.undisturbed():
            parts = script(plain.model, plain.input)
            for part in parts.values():
                part.retain_grad()
            plain.output = list(parts.values())[-1]
            plain.forwarded = None, False
            COMMANDS["loss"](plain)
            assert plain.last_loss is not None
            plain.last_loss.retain_grad()
            plain.last_loss.backward()
        names = [one.name for one in trace.operations if received(trace, one) is not None and one.name not in WITHIN]
        assert names[:-1] == [name for name, part in parts.items() if part.grad is not None]
        parts[names[-1]] = plain.last_loss
        for name, part in parts.items():
            assert same(named(trace, name).outputs[0], part.detach()), name
            assert same(received(trace, named(trace, name)), part.grad), name
        for name, parameter in plain.model.named_parameters():
            accumulated = [one.changes[f"{name}.grad"] for one in trace.backward if f"{name}.grad" in one.changes]
            assert same((accumulated or [None])[-1], parameter.grad), name


@pytest.mark.parametrize("make_model", [Net, Residual, Loop, Attends])
def test_what_a_node_gave_is_what_the_next_ones_received(make_model: Callable[[], nn.Module]) -> None:
    trace = record(Session(Settings(batch_size=4), make_model), CYCLE[1:4])
    summed: dict[int, Tensor] = {}
    for visit in trace.backward:
        if visit.node in summed and len(visit.received) == 1:
            assert visit.received[0] is not None
            assert torch.allclose(summed[visit.node], visit.received[0], rtol=1e-5, atol=1e-7)
        given = [one for one in visit.gave if one is not None]
        following = trace.nodes[visit.node].next
        if len(given) == len(following):
            for node, gradient in zip(following, given, strict=True):
                summed[node] = summed[node] + gradient if node in summed else gradient
    assert len(summed) > 15


@pytest.mark.parametrize("make_model", [Net, Loop])
@pytest.mark.parametrize("options", OPTIMIZERS, ids=str)
def test_an_update_has_the_values_before_and_after_and_the_optimizers_own(
    make_model: Callable[[], nn.Module], options: dict[str, Any]
) -> None:
    watched, plain = (Session(Settings(batch_size=4, **options), make_model) for _ in range(2))
    for _ in range(2):
        with plain.undisturbed():
            for command in CYCLE[:4]:
                COMMANDS[command.name](plain)
            before = {name: one.detach().clone() for name, one in plain.model.named_parameters()}
            gradients = {name: one.grad for name, one in plain.model.named_parameters()}
            COMMANDS["step"](plain)
        trace = record(watched)
        assert [one.parameter for one in trace.updates] == list(before)
        for update in trace.updates:
            name, after = update.parameter, plain.tensors()
            assert same(update.before, before[name])
            assert same(update.gradient, gradients[name])
            assert same(update.after, after[name].detach())  # pyright: ignore[reportOptionalMemberAccess]
            own = {key: value for key, value in after.items() if key.startswith(f"{name}: ")}
            assert set(update.changes) == {name, *own}
            assert all(same(update.changes[key], value) for key, value in own.items())
