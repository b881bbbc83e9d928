"""Looking at a tensor: what comes back is that tensor, bounded, at this place, and nothing of the run changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lenet_gui.engine import Session, Settings, answers
from lenet_gui.engine.trace import names
from lenet_gui.protocol import Command
from lenet_gui.protocol.tensors import (
    ALL,
    Block,
    CellsReply,
    CellsRequest,
    LookReply,
    LookRequest,
    NamesReply,
    NamesRequest,
    PinReply,
    PinRequest,
    View,
    Which,
)
from tests.engine.models import NormAndDropout

ALL_CELLS = Block(0, 0, 10**6, 10**6)
STEP = ("zero_grad", "forward", "loss", "backward", "step")


def after(*phases: str, **options: Any) -> Session:
    session = Session(Settings(**{"batch_size": 3, "momentum": 0.9, **options}))
    for phase in phases:
        session.apply(Command(phase))
    return session


def look(session: Session, which: Which, minus: Which | None = None, **wants: Any) -> LookReply:
    leading = wants.pop("leading", None)
    found = answers.answer(session, LookRequest(1, View(which, minus, leading), **wants))
    assert isinstance(found, LookReply)
    return found


def values(session: Session, which: Which, minus: Which | None = None) -> np.ndarray:
    """All numbers, as its table has them."""
    found = look(session, which, minus, block=ALL_CELLS, leading=(ALL, ALL))
    assert found.cells is not None, found.missing
    return found.cells.values


def same(array: np.ndarray, tensor: Tensor) -> bool:
    return array.tobytes() == tensor.detach().numpy().tobytes()


def test_everything_that_has_a_name_here_is_that_tensor_to_the_bit_and_changes_nothing() -> None:
    session = after(*STEP, *STEP[:4])
    before = session.digest()
    found = answers.answer(session, NamesRequest(1))
    assert isinstance(found, NamesReply)
    kinds = {row.kind for row in found.names}
    assert kinds == {"parameter", "gradient", "activation", "state", "update", "input"}
    for row in found.names:
        which = Which(row.name, row.part)
        told = look(session, which, room=(64, 64), block=ALL_CELLS, bins=16, printed=True, leading=(ALL, ALL))
        assert not told.missing, row
        assert (told.kind, told.shape) == (row.kind, row.shape)
        if row.part != "update":
            tensor = names.lookup(session, row.name if row.part == "value" else f"{row.name}.grad")
            tensor = tensor if isinstance(tensor, Tensor) else torch.tensor(tensor, dtype=torch.float64)
            assert told.cells is not None
            assert same(told.cells.values, tensor), row
    assert session.digest() == before


def test_an_update_is_what_was_added_in_the_last_step() -> None:
    session = after(*STEP[:4])
    before = session.model.get_parameter("conv1.weight").detach().clone()
    assert look(session, Which("conv1.weight", "update")).missing == "no update"
    session.step()
    change = session.model.get_parameter("conv1.weight").detach() - before
    told = look(session, Which("conv1.weight", "update"), block=ALL_CELLS)
    assert told.cells is not None
    assert [name for name, *_ in told.columns] == ["before", "gradient", "momentum_buffer", "after", "change"]
    assert np.array_equal(told.cells.values[:, 4], change.reshape(-1).numpy())
    with pytest.raises(AssertionError, match="no parameter"):
        values(session, Which("relu", "update"))


@pytest.mark.parametrize(
    ("phases", "which", "missing"),
    [
        ((), Which("conv1.weight", "grad"), "none"),
        (("zero_grad",), Which("relu"), "not yet"),
        (("forward",), Which("relu", "grad"), "not yet"),
        ((), Which("loss"), "not yet"),
        ((), Which("conv1.bias", "update"), "no update"),
        ((), Which("conv1.bias", pinned=True), "pin"),
        ((), Which("conv9.weight"), "there is no conv9.weight"),
    ],
)
def test_what_is_not_there_says_why(phases: tuple[str, ...], which: Which, missing: str) -> None:
    told = look(after(*phases), which, room=(50, 50), block=ALL_CELLS, bins=8)
    assert told.missing.startswith(missing)
    assert (told.summary, told.picture, told.histogram) == (None, None, None)


def test_in_a_run_no_step_is_traced() -> None:
    session = after(*STEP[:4])
    number = session.stepper.number
    assert look(session, Which("relu"), inside=False).missing == "running"
    assert look(session, Which("conv1.weight", "grad"), inside=False).limit > 0
    assert session.stepper.number == number
    assert session.stepper._tracer._second is None


def test_inside_of_a_forward_it_is_as_of_the_cursor() -> None:
    session = after(*STEP)
    session.seek(step=0)
    session.apply(Command("zero_grad"))
    session.item = 2  # conv2d and relu are done
    assert not look(session, Which("relu")).missing
    assert look(session, Which("max_pool2d")).missing == "not yet"
    assert "before max_pool2d" in look(session, Which("relu")).where


def test_leading_indices_choose_what_is_seen_and_figures_are_of_all() -> None:
    session = after(*STEP[:2])
    relu = session.trace().operations[1].outputs[0]
    first = look(session, Which("relu"), room=(400, 400), block=ALL_CELLS)
    assert first.view.leading == (0, ALL)
    assert first.picture is not None
    assert first.picture.full == (6, 30, 30)
    one = look(session, Which("relu"), room=(400, 400), block=ALL_CELLS, leading=(2, 5))
    assert one.picture is not None
    assert one.cells is not None
    assert same(one.picture.tiles[0], relu[2, 5])
    assert (one.cells.rows, one.cells.columns) == (30, 30)
    assert one.summary == first.summary
    assert one.summary is not None
    assert one.summary.count == relu.numel()
    assert look(session, Which("relu"), leading=(99, -7)).view.leading == (2, ALL), "a batch that has become smaller"
    assert look(session, Which("conv2.weight")).view.leading == (ALL, ALL)


def test_the_summary_is_pytorch_s_in_double_precision() -> None:
    session = after(*STEP[:2])
    found, relu = look(session, Which("relu")).summary, session.trace().operations[1].outputs[0]
    exact = relu.double()
    assert found is not None
    assert (found.low, found.high) == (exact.min().item(), exact.max().item())
    assert found.mean == pytest.approx(exact.mean().item(), rel=1e-12)
    assert found.std == pytest.approx(exact.std().item(), rel=1e-12)
    assert found.norm == pytest.approx(exact.norm().item(), rel=1e-12)
    assert found.zeros == int((relu == 0).sum())
    assert found.least == relu[relu > 0].min().item()


def test_cells_are_cut_to_what_there_is_and_too_many_are_refused() -> None:
    session = after()
    weight = session.model.get_parameter("fc1.weight").detach()
    reply = answers.answer(session, CellsRequest(4, View(Which("fc1.weight")), Block(118, 570, 50, 50)))
    assert isinstance(reply, CellsReply)
    assert reply.cells.block == Block(118, 570, 2, 6)
    assert np.array_equal(reply.cells.values, weight[118:, 570:].numpy())
    assert not reply.cells.values.flags.writeable
    with pytest.raises(ValueError, match="export the tensor"):
        answers.answer(session, CellsRequest(5, View(Which("fc1.weight")), Block(0, 0, 1001, 1000)))


def test_all_gradients_of_a_place_share_the_largest_size_of_any() -> None:
    session = after(*STEP[:4])
    limits = {
        look(session, Which(name, "grad")).limit
        for name in ("conv1.weight", "fc3.bias", "relu", "conv2d_1", "linear_2", "max_pool2d")
    }
    trace = session.trace()
    sizes = [one.grad.abs().max().item() for one in session.parameters if one.grad is not None]
    found = [names.gradient(session, trace, one) for one in names.done(session, trace) if one.outputs[0].numel() > 1]
    sizes += [one.abs().max().item() for one in found if one is not None]
    assert limits == {max(sizes)}
    assert look(session, Which("conv1.weight")).limit == 0


# --------------------------------------------------------------------------------------------- the pinned one


def test_what_is_pinned_stays_as_it_was_and_names_its_place() -> None:
    session = after(*STEP)
    before = session.model.get_parameter("conv1.bias").detach().clone()
    pinned = answers.answer(session, PinRequest(1, Which("conv1.bias")))
    assert isinstance(pinned, PinReply)
    assert pinned.where == "step 1, after step"
    session.run(2)
    kept = Which("conv1.bias", pinned=True)
    assert same(values(session, kept).reshape(-1), before)
    assert look(session, kept).where == "step 1, after step"
    now = session.model.get_parameter("conv1.bias").detach()
    assert same(values(session, kept, Which("conv1.bias")).reshape(-1), before - now)
    assert look(session, kept, Which("conv1.bias")).kind == "difference"
    assert look(session, kept, Which("conv2.bias")).missing == "shapes"
    answers.answer(session, PinRequest(2, None))
    assert look(session, kept).missing == "pin"
    session.zero_grad()
    with pytest.raises(ValueError, match="no numbers at this place to pin"):
        answers.answer(session, PinRequest(3, Which("conv1.bias", "grad")))


# -------------------------------------------------------------------------------------------- odd tensors


class Odd(NormAndDropout):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("empty", torch.empty(0, 3))
        self.register_buffer("wide", torch.tensor([1e-300, 1.0, float("nan")], dtype=torch.float64))
        self.register_buffer("whole", torch.tensor([[2**53 + 1, -1]]))
        self.register_buffer("narrow", torch.tensor([0.5, float("inf")], dtype=torch.bfloat16))
        self.register_buffer("pairs", torch.tensor([1 + 2j]))
        self.register_buffer("deep", torch.arange(2 * 3 * 2 * 2 * 2.0).reshape(2, 3, 2, 2, 2))


def test_odd_tensors_are_looked_at_too() -> None:
    session = Session(Settings(batch_size=2), Odd)
    wants: dict[str, Any] = {"room": (30, 30), "block": ALL_CELLS, "bins": 4, "printed": True}
    for name in ("empty", "wide", "whole", "narrow", "deep", "norm.num_batches_tracked"):
        told = look(session, Which(name), **wants)
        assert not told.missing, name
        assert told.summary is not None
    assert values(session, Which("wide")).dtype == np.float64
    assert values(session, Which("whole")).tolist() == [[2**53 + 1, -1]]
    assert "complex" in look(session, Which("pairs"), **wants).missing
    deep = look(session, Which("deep"), **wants, leading=(1, ALL, 0))
    assert deep.picture is not None
    assert same(deep.picture.tiles, session.model.get_buffer("deep")[1, :, 0].contiguous())
