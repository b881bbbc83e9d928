"""A trace that is too large keeps shapes and figures, says so, and gets a tensor by doing the step again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.digest import same
from lenet_gui.engine.net import Net
from lenet_gui.engine.trace.figures import figures
from lenet_gui.engine.trace.names import lookup
from lenet_gui.engine.trace.reply import reply
from lenet_gui.engine.trace.room import SMALL
from lenet_gui.engine.trace.trace import Trace
from lenet_gui.engine.trace.tracer import Tracer
from lenet_gui.protocol import CYCLE
from tests.engine.trace.models import Attends, Doubled, Residual, small

BIG = 16


class Wide(nn.Module):
    """A custom function in a large layer: its gradients are copied, not held."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(16, 400)
        self.last = nn.Linear(400, 10)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.first(small(x))
        doubled: Tensor = Doubled.apply(hidden, hidden.new_tensor(2.0))  # pyright: ignore[reportAttributeAccessIssue]
        return self.last(torch.dropout(doubled.relu(), 0.3, self.training))


def tensors(trace: Trace) -> list[Tensor | None]:
    """All activations and gradients, in order."""
    found: list[Tensor | None] = [tensor for one in trace.operations for tensor in one.outputs]
    for visit in trace.backward:
        found += [*visit.received, *visit.gave]
    return found


def stood(make_model: Callable[[], nn.Module]) -> Session:
    """A session behind its second step."""
    session = Session(Settings(batch_size=BIG, momentum=0.9), make_model)
    for command in 2 * CYCLE:
        session.apply(command)
    return session


@pytest.mark.parametrize("make_model", [Net, Residual, Wide, Attends])
@pytest.mark.parametrize("budget", [0, 30_000, 150_000])
def test_what_has_no_room_keeps_its_shape_and_can_be_had_again(
    make_model: Callable[[], nn.Module], budget: int
) -> None:
    session = stood(make_model)
    before = session.digest()
    whole, tracer = session.trace(), Tracer(session, budget=budget)
    limited = tracer.trace()
    lost = 0
    for one, kept in zip(tensors(whole), tensors(limited), strict=True):
        assert (one is None) == (kept is None)
        if one is None or kept is None:
            continue
        assert one.shape == kept.shape
        assert one.dtype == kept.dtype
        if kept.is_meta:
            lost += 1
            assert one.nbytes > SMALL
            assert limited.figures[id(kept)] == figures(one)
            if lost % 7 == 1:
                assert same(tracer.fetch(kept), one)
        else:
            assert same(tracer.fetch(kept), one)
    assert bool(lost) == bool(limited.partial)
    assert not whole.partial
    assert lost or budget
    assert "too large" in limited.partial or not lost
    held = sum(one.nbytes for one in tensors(limited) if one is not None and not one.is_meta and one.nbytes > SMALL)
    assert held <= budget
    for one, kept in zip(whole.updates, limited.updates, strict=True):
        assert same(one.after, kept.after)
    assert session.digest() == before


def test_every_lost_tensor_of_a_step_can_be_had() -> None:
    session = stood(Net)
    tracer = Tracer(session, budget=0)
    pairs = list(zip(tensors(session.trace()), tensors(tracer.trace()), strict=True))
    lost = [(one, kept) for one, kept in pairs if kept is not None and kept.is_meta]
    assert len(lost) > 20
    assert all(same(tracer.fetch(kept), one) for one, kept in lost)


def test_names_mean_the_same_where_there_was_no_room() -> None:
    session = stood(Net)
    names = ["conv2d", "conv2d.grad", "relu_1", "linear_2", "linear_2.grad", "dead_relu", "conv1.weight"]
    before = [lookup(session, name) for name in names]
    assert sum(isinstance(one, Tensor) for one in before) == 6
    session.stepper._tracer = Tracer(session, budget=0)
    for name, known in zip(names, before, strict=True):
        found = lookup(session, name)
        if isinstance(found, Tensor):
            assert isinstance(known, Tensor)
            assert same(found.detach(), known.detach())
        else:
            assert found == known


def test_a_window_is_told_the_figures_without_a_picture() -> None:
    session = stood(Net)
    whole = reply(1, 1, session.trace(), session.stepper.sources, 3, session.settings)
    tracer = Tracer(session, budget=0)
    told = reply(1, 1, tracer.trace(), tracer.sources, 3, session.settings)
    assert told.partial
    for one, other in zip(whole.operations, told.operations, strict=True):
        assert one.output.shape == other.output.shape
        assert (one.output.low, one.output.high, one.output.mean, one.output.zeros) == (
            other.output.low,
            other.output.high,
            other.output.mean,
            other.output.zeros,
        )
        assert one.output.picture.size
    assert not told.operations[0].output.picture.size
    assert told.operations[-1].output.picture.size == 1
