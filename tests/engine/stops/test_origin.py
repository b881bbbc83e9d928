"""Where something was not finite first is found: the step, the operation, the sample. And conditions on it stop."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.stops.origin import Origin, first_not_finite
from lenet_gui.engine.trace.trace import Item, Operation, Visit
from lenet_gui.protocol import CYCLE
from lenet_gui.protocol.stops import Breakpoint


class Divides(nn.Module):
    """Divides by zero for one sample of one batch: the fourth forward's."""

    forwards: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 10)
        self.register_buffer("forwards", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        self.forwards += 1
        x = nn.functional.avg_pool2d(x, 8).flatten(1)
        scale = torch.ones(len(x), 1)
        if self.forwards == 4:
            scale[2] = 0
        return self.linear(torch.div(x + 1, scale))


def find(session: Session) -> Origin | None:
    before = session.digest(), session.item, len(session.branches)
    found = first_not_finite(session, lambda: True)
    assert (session.digest(), session.item, len(session.branches)) == before
    return found


def item_at(session: Session, found: Origin) -> Item:
    session.stepper.go(found.place, found.item)
    traced = session.trace().at(found.place)
    assert traced is not None
    return traced.items[found.item]


def test_where_all_is_finite_there_is_nothing() -> None:
    session = Session(Settings(batch_size=2))
    assert find(session) is None
    session.run(3)
    assert find(session) is None
    session.forward()
    assert find(session) is None


@pytest.mark.parametrize("further", [0, 1, 2, 3, 4, 5, 40])
def test_a_division_by_zero_for_one_sample(further: int) -> None:
    session = Session(Settings(batch_size=4, data="random"), Divides)
    session.run(3)
    for index in range(2 + further):
        session.apply(CYCLE[index % 5])
    found = find(session)
    assert found is not None
    assert found.place == 16
    item = item_at(session, found)
    assert isinstance(item, Operation)
    assert item.name == "div"
    assert "div is inf first at [2, 0]" in found.words
    assert "not finite" not in found.words


def test_a_learning_rate_that_overflows() -> None:
    session = Session(Settings(batch_size=2, data="random", lr=1e30))
    session.run(8)
    found = find(session)
    assert found is not None
    item_at(session, found)
    # Before it all numbers of the run are finite, and the item makes the first that is not.
    again = Session(Settings(batch_size=2, data="random", lr=1e30))
    while len(again.journal) <= found.place:
        assert all(one is None or bool(torch.isfinite(one).all()) for one in again.tensors().values())
        again.apply(again.next_command)
    traced = session.trace().at(found.place)
    assert traced is not None
    for index, item in enumerate(traced.items[: found.item + 1]):
        if isinstance(item, Operation):
            assert all(bool(torch.isfinite(one).all()) for one in item.outputs) == (index < found.item)


def test_an_edited_weight() -> None:
    session = Session(Settings(batch_size=2, data="random"))
    session.run(3)
    session.edit("fc3.weight", 0, 3e38)
    session.edit("fc2.bias", 0, 3e38)
    session.run(3)
    found = find(session)
    assert found is not None
    assert found.place == 15 + 2 + 1
    assert "linear" in found.words
    assert "look at" in found.words
    assert "fc3.weight" in found.words


def test_weights_that_are_not_finite_are_found_before_the_next_forward() -> None:
    session = Session(Settings(batch_size=2, data="random", lr=1e38))
    session.run(2)
    while all(bool(torch.isfinite(one).all()) for one in session.parameters):
        session.run(1)
    session.zero_grad()
    found = find(session)
    assert found is not None
    assert found.place < len(session.journal) - 1


def test_in_a_backward() -> None:
    class Roots(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(16, 10)

        def forward(self, x: Tensor) -> Tensor:
            return torch.sqrt(torch.relu(self.linear(nn.functional.avg_pool2d(x, 8).flatten(1)) - 100))

    session = Session(Settings(batch_size=2, data="random"), Roots)
    session.run(2)
    found = find(session)
    assert found is not None
    assert found.place == 3
    item = item_at(session, found)
    assert isinstance(item, Visit)
    assert "SqrtBackward0" in found.words
    assert "what came in was finite" in found.words


def test_it_can_be_ended() -> None:
    session = Session(Settings(batch_size=2, data="random", lr=1e30))
    session.run(300)
    assert first_not_finite(session, lambda: False) is None


@pytest.mark.parametrize(
    ("condition", "phase", "lr"),
    [
        ("not isfinite(loss)", "loss", 1e3),
        ("not isfinite(gradient_max)", "backward", 1e3),
        ("gradient_norm > 1e6", "backward", 1e3),
        ("dead_relu", "forward", 30.0),
        ("isnan(loss) or loss > 1e20", "loss", 1e3),
    ],
)
def test_the_usual_conditions_stop_at_the_first_step_at_which_they_hold(condition: str, phase: str, lr: float) -> None:
    session = Session(Settings(batch_size=2, data="random", lr=lr))
    session.stops.set(Breakpoint(0, "when", "", condition))
    session.stops.run(40)
    assert session.stops.words == f"when {condition}"
    assert session.journal.last_phase() == phase
    place = len(session.journal)

    def holds(one: Session) -> bool:
        assert one.last_loss is not None or phase == "forward"
        loss = one.last_loss.item() if one.last_loss is not None else 0.0
        flat = [parameter.grad.reshape(-1) for parameter in one.parameters if parameter.grad is not None]
        gradients = torch.cat(flat) if flat else torch.zeros(1)
        relus = [item.outputs[0] for item in one.trace().operations if item.function == "relu"]
        return {
            "not isfinite(loss)": not torch.isfinite(torch.tensor(loss)),
            "not isfinite(gradient_max)": not bool(torch.isfinite(gradients).all()),
            "gradient_norm > 1e6": bool(gradients.norm() > 1e6),
            "dead_relu": any(not bool(one.any()) for one in relus),
            "isnan(loss) or loss > 1e20": loss != loss or loss > 1e20,
        }[condition]

    again = Session(Settings(batch_size=2, data="random", lr=lr))
    while len(again.journal) < place:
        assert again.journal.last_phase() != phase or again.next_phase == "zero_grad" or not holds(again)
        again.apply(again.next_command)
    assert holds(again)
