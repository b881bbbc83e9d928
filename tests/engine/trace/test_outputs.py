"""Operations with several outputs: each floating one has its gradient, and can be named, looked at and taken apart."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.answers import answer
from lenet_gui.engine.commands import COMMANDS, load_batch
from lenet_gui.engine.digest import same
from lenet_gui.engine.expressions.expression import parse
from lenet_gui.engine.tensors.look import look
from lenet_gui.engine.trace.names import lookup
from lenet_gui.protocol import CYCLE
from lenet_gui.protocol.tensors import LookRequest, NamesReply, NamesRequest, View, Which
from lenet_gui.protocol.trace import TraceReply, TraceRequest
from tests.engine.trace.models import small


class Several(nn.Module):
    """All that an LSTM gives is used, of a chunk the first and the last part, of a maximum its place as well."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Linear(16, 16)
        self.lstm = nn.LSTM(8, 6, num_layers=2)
        self.head = nn.Linear(16, 10)

    def parts(self, x: Tensor) -> dict[str, Tensor]:
        rows = self.stem(small(x)).reshape(-1, 2, 8).transpose(0, 1)
        out, (hidden, cell) = self.lstm(rows)
        first, second, third = out.chunk(3, -1)
        most, at = third.max(0)
        a, b = cell.split([2, 4], -1)
        top, bottom = hidden.unbind(0)
        found = [first[-1], most * (at + 1), a[-1], b[0], top * bottom]
        self.kept = {
            "lstm": out,
            "lstm.out1": hidden,
            "lstm.out2": cell,
            "chunk": first,
            "chunk.out1": second,
            "chunk.out2": third,
            "max": most,
            "max.out1": at,
            "split": a,
            "split.out1": b,
            "unbind": top,
            "unbind.out1": bottom,
        }
        self.last = self.head(torch.cat(found, -1))
        return self.kept

    def forward(self, x: Tensor) -> Tensor:
        self.parts(x)
        return self.last


FLOATING = (
    *("lstm", "lstm.out1", "lstm.out2", "chunk", "chunk.out2", "max"),
    *("split", "split.out1", "unbind", "unbind.out1"),
)


def after_backward(steps: int = 1) -> Session:
    session = Session(Settings(batch_size=3, seed=4), Several)
    for command in (*CYCLE * (steps - 1), *CYCLE[:4]):
        session.apply(command)
    return session


def tensor(session: Session, name: str) -> Tensor:
    found = lookup(session, name)
    assert isinstance(found, Tensor), name
    return found


def test_every_floating_output_has_the_gradient_that_retain_grad_gives() -> None:
    watched, plain = after_backward(2), Session(Settings(batch_size=3, seed=4), Several)
    plain.run(1)
    with plain.undisturbed():
        COMMANDS["zero_grad"](plain)
        assert isinstance(plain.model, Several)
        if plain.due:
            load_batch(plain)
        parts = plain.model.parts(plain.input)
        for one in parts.values():
            if one.is_floating_point():
                one.retain_grad()
        plain.output, plain.forwarded = plain.model.last, (None, False)
        COMMANDS["loss"](plain)
        assert plain.last_loss is not None
        plain.last_loss.backward()
    for name, part in parts.items():
        assert same(tensor(watched, name), part.detach()), name
    for name in FLOATING:
        assert parts[name].grad is not None, name
        assert same(tensor(watched, f"{name}.grad"), parts[name].grad), name
    # What nothing was made of has none, as with PyTorch.
    assert parts["chunk.out1"].grad is None
    assert lookup(watched, "chunk.out1.grad") is None


def test_a_watch_reads_any_output_and_its_gradient() -> None:
    session = after_backward()
    watch = session.watches.set(0, "lstm.out1.grad.abs().max() + 0 * max.out1.mean()")
    (row,) = (one for one in session.watches.rows() if one.id == watch)
    found = parse("lstm.out1.grad").value(lambda name: lookup(session, name))
    assert isinstance(found, Tensor)
    assert row.number == pytest.approx(found.abs().max().item())


def test_all_outputs_stand_in_the_list_of_what_can_be_looked_at() -> None:
    session = after_backward()
    reply = answer(session, NamesRequest(1))
    assert isinstance(reply, NamesReply)
    there = {(one.name, one.part): one.shape for one in reply.names}
    assert there["lstm.out1", "value"] == there["lstm.out1", "grad"] == (2, 3, 6)
    assert ("max.out1", "value") in there
    assert ("max.out1", "grad") not in there  # places are whole numbers
    seen = look(session, LookRequest(2, View(Which("lstm.out2", "grad")), room=(40, 40)))
    assert seen.shape == (2, 3, 6)
    assert seen.picture is not None


def test_the_window_is_told_of_each_output() -> None:
    reply = answer(after_backward(), TraceRequest(1))
    assert isinstance(reply, TraceReply)
    (lstm,) = (one for one in reply.operations if one.name == "lstm")
    assert [one.name for one in lstm.more] == ["lstm.out1", "lstm.out2"]
    assert all(one.gradient is not None and one.gradient_from is not None for one in lstm.more)
    (most,) = (one for one in reply.operations if one.name == "max")
    assert most.more[0].output.dtype == "int64"
    assert most.more[0].gradient is None
    (conv,) = (one for one in reply.operations if one.name == "linear")
    assert conv.more == ()


@pytest.mark.parametrize("name", [f"{one}.grad" for one in FLOATING if one != "lstm"] + ["chunk.out2", "split.out1"])
def test_each_is_taken_apart_into_terms_that_sum_to_it(name: str) -> None:
    session = after_backward()
    cell = tuple(size - 1 for size in tensor(session, name).shape)
    found = session.why(name, cell)
    assert found.adds, found.note
    assert math.isclose(found.sum, tensor(session, name)[cell].item(), rel_tol=1e-5, abs_tol=1e-5 * found.magnitude)


def test_what_goes_into_several_outputs_is_the_sum_over_all_of_them() -> None:
    session = after_backward()
    found = session.why("transpose.grad", (1, 2, 3))
    assert found.adds, found.note
    assert len(found.parts) == 3  # out, hidden and cell of the LSTM
    assert math.isclose(found.sum, found.value, rel_tol=1e-4, abs_tol=1e-5 * found.magnitude)
