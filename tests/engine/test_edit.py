"""A number edited by hand is a command like any other: exact, journaled, undone, replayed, and noticed by PyTorch."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import rule
from torch import Tensor, nn

from lenet_gui.engine import Refused, Session, Settings, answers, printing
from lenet_gui.engine.net import Net
from lenet_gui.protocol import CYCLE, Command, Notice, Place, UpdateRequest
from tests.engine import test_refusal
from tests.engine.hosting import Host
from tests.engine.models import CountsForwards, NormAndDropout
from tests.engine.test_checkpoint import OPTIMIZERS
from tests.engine.test_history import Machine, dense  # noqa: F401 (a fixture)

do = Command.of
ADAM = Settings(data="random", batch_size=2, loss="MSELoss", optimizer="Adam", lr=0.01)


class Plain:
    """The same training as a plain script, on the batches and targets of a session."""

    def __init__(self, session: Session) -> None:
        self.net = Net()
        self.net.load_state_dict(session.model.state_dict())
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=0.01)

    def until_backward(self, session: Session) -> None:
        """`session` has its loss: the script takes the same one, and goes backward."""
        assert session.target is not None
        self.optimizer.zero_grad()
        with session.undisturbed():  # on as many threads
            nn.MSELoss()(self.net(session.input), session.target).backward()

    def assert_same_as(self, session: Session) -> None:
        for (name, own), other in zip(self.net.named_parameters(), session.model.parameters(), strict=True):
            assert torch.equal(own, other), name
            for key, value in self.optimizer.state[own].items():
                assert torch.equal(value, session.optimizer.state[other][key]), (name, key)


def forward_and_loss(session: Session) -> None:
    session.zero_grad()
    session.forward()
    session.loss()


def one_step(session: Session, plain: Plain) -> None:
    forward_and_loss(session)
    plain.until_backward(session)
    session.backward()
    session.step()
    plain.optimizer.step()


def number(tensor: Tensor | None, index: int) -> float:
    assert tensor is not None
    return tensor.flatten()[index].item()


def refusal(session: Session, command: Command) -> Notice:
    before, length, branches = session.digest(), len(session.journal), len(session.branches)
    with pytest.raises(Refused) as refused:
        session.apply(command)
    assert (session.digest(), len(session.journal), len(session.branches)) == (before, length, branches)
    return refused.value.notice


# ---------------------------------------------------------------------------------------------- what it does


def test_an_edited_weight_trains_on_as_in_a_plain_script() -> None:
    session = Session(ADAM)
    plain = Plain(session)
    one_step(session, plain)
    session.edit("conv1.weight", 14, 0.5)
    with torch.no_grad():
        plain.net.conv1.weight[1, 0, 1, 2] = 0.5
    plain.assert_same_as(session)
    one_step(session, plain)
    session.edit("fc3.bias", 9, -1e-3)
    with torch.no_grad():
        plain.net.fc3.bias[9] = -1e-3
    one_step(session, plain)
    plain.assert_same_as(session)


def test_an_edited_gradient_is_what_the_step_uses() -> None:
    session = Session(ADAM)
    plain = Plain(session)
    one_step(session, plain)
    forward_and_loss(session)
    plain.until_backward(session)
    session.backward()
    session.edit("conv1.bias.grad", 3, 100)
    gradient = plain.net.get_parameter("conv1.bias").grad
    assert gradient is not None
    gradient[3] = 100
    session.step()
    plain.optimizer.step()
    plain.assert_same_as(session)


def test_only_the_one_number_is_another() -> None:
    session = Session(ADAM)
    before = {name: value.detach().clone() for name, value in session.tensors().items() if value is not None}
    session.edit("fc1.weight", 69_119, 0.1)
    before["fc1.weight"][119, 575] = 0.1
    for name, value in session.tensors().items():
        assert value is None or torch.equal(value, before[name])
    assert session.journal.entries == (do("edit", tensor="fc1.weight", index=69_119, value=0.1),)


def test_a_weight_that_does_not_lie_in_order_in_memory_is_edited_where_its_index_says() -> None:
    session = Session(ADAM, lambda: Net().to(memory_format=torch.channels_last))  # pyright: ignore[reportCallIssue]
    weight = session.model.get_parameter("conv2.weight")
    assert not weight.is_contiguous()
    session.edit("conv2.weight", 100, 7.0)
    assert weight[np.unravel_index(100, weight.shape)].item() == 7.0


def test_statistics_and_counters_can_be_edited() -> None:
    session = Session(ADAM, NormAndDropout)
    session.edit("norm.running_mean", 2, 0.25)
    session.edit("norm.num_batches_tracked", 0, 7.0)
    assert number(session.model.get_buffer("norm.running_mean"), 2) == 0.25
    assert number(session.model.get_buffer("norm.num_batches_tracked"), 0) == 7
    session.forward()
    assert number(session.model.get_buffer("norm.num_batches_tracked"), 0) == 8


def test_the_update_of_the_last_step_is_not_taken_for_the_edit() -> None:
    session = Session(ADAM)
    session.run(1)
    bias = session.model.get_parameter("fc3.bias")
    after = bias.detach().numpy().copy()
    session.edit("fc3.bias", 0, 5.0)
    reply = answers.update_reply(session, UpdateRequest(1, "fc3.bias"))
    assert reply.after is not None
    assert np.array_equal(reply.after, after)
    assert number(bias, 0) == 5.0


# -------------------------------------------------------------------------------------------- what is refused

REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"tensor": "conv9.weight"}, "'conv9.weight' is no parameter, no buffer and no gradient"),
    ({"tensor": "conv9.weight.grad"}, "'conv9.weight.grad' is no parameter"),
    ({"tensor": "conv1.weight.grad.grad"}, "is no parameter"),
    ({"tensor": "linear.weight: exp_avg"}, "is no parameter"),
    ({"tensor": None}, "None is no parameter"),
    ({"tensor": "norm.running_mean.grad"}, "is no parameter"),
    ({"tensor": "linear.bias.grad"}, "linear.bias.grad is None"),
    ({"index": 10}, "linear.bias has 10 numbers, counted from 0: there is no number 10"),
    ({"index": -1}, "there is no number -1"),
    ({"index": 2**70}, "there is no number"),
    ({"index": 1.0}, "there is no number 1.0"),
    ({"index": True}, "there is no number True"),
    ({"index": None}, "there is no number None"),
    ({"value": float("nan")}, "nan is not a finite number"),
    ({"value": float("inf")}, "inf is not a finite number"),
    ({"value": float("-inf")}, "-inf is not a finite number"),
    ({"value": 10**400}, "is not a finite number"),
    ({"value": 1e39}, "1e+39 does not fit: float32 goes from -3.40282e+38 to 3.40282e+38"),
    ({"value": "0.5"}, "'0.5' is not a finite number"),
    ({"value": None}, "None is not a finite number"),
    ({"value": True}, "True is not a finite number"),
    ({"tensor": "norm.num_batches_tracked", "value": 0.5}, "0.5 does not fit: int64 has whole numbers only"),
    ({"tensor": "norm.num_batches_tracked", "value": 1e19}, "1e+19 does not fit"),
    ({"tensor": "norm.num_batches_tracked", "index": 1}, "has 1 numbers"),
    ({"banana": 1}, "banana"),
)


@pytest.mark.parametrize(("changes", "words"), REFUSED, ids=str)
def test_what_cannot_be_written_changes_nothing(changes: dict[str, Any], words: str) -> None:
    session = Session(ADAM, NormAndDropout)
    session.run(2)
    session.zero_grad()
    session.forward()
    arguments = {"tensor": "linear.bias", "index": 0, "value": 0.5} | changes
    notice = refusal(session, do("edit", **arguments))
    assert words in notice.words
    assert notice.left_behind == ()
    assert "stays in force" in notice.advice


class Masked(nn.Linear):
    def __init__(self) -> None:
        super().__init__(1024, 10)
        self.register_buffer("mask", torch.ones(3, dtype=torch.bool))


def test_what_is_no_number_is_not_edited() -> None:
    notice = refusal(Session(ADAM, Masked), do("edit", tensor="mask", index=0, value=0))
    assert notice.words == "ValueError: a tensor of bool cannot be edited"


def test_what_is_refused_in_the_past_makes_no_branch_grow() -> None:
    session = Session(ADAM)
    session.run(3)
    session.seek(step=2)
    refusal(session, do("edit", tensor="conv1.bias", index=6, value=0.5))
    assert session.ahead == 5


@pytest.mark.parametrize("name", ["conv2.weight", "fc3.weight"])
def test_a_live_graph_refuses_to_go_backward_over_an_edited_weight(name: str) -> None:
    session = Session(ADAM)
    forward_and_loss(session)
    session.edit(name, 0, 0.5)
    notice = refusal(session, do("backward"))
    assert "modified by an inplace operation" in notice.words
    assert "by hand" in notice.advice
    assert "Press Forward and Loss again" in notice.advice
    assert number(session.model.get_parameter(name), 0) == 0.5
    session.forward()
    session.loss()
    session.backward()
    assert session.graph == "freed"


def test_the_words_are_those_of_a_plain_script() -> None:
    session, plain = Session(ADAM), test_refusal.Plain()
    forward_and_loss(session)
    session.edit("conv2.weight", 0, 0.5)
    plain.forward()
    plain.loss()
    with torch.no_grad():
        plain.net.conv2.weight[0, 0, 0, 0] = 0.5
    with pytest.raises(RuntimeError) as expected:
        plain.backward()
    assert refusal(session, do("backward")).words == f"RuntimeError: {expected.value}"


def test_a_bias_that_the_backward_does_not_need_may_be_edited_before_it() -> None:
    session, other = Session(ADAM), Session(ADAM)
    for one in (session, other):
        forward_and_loss(one)
    session.edit("fc3.bias", 0, 5.0)
    for one in (session, other):
        one.backward()
    for own, others in zip(session.model.parameters(), other.model.parameters(), strict=True):
        assert own.grad is not None
        assert others.grad is not None
        assert torch.equal(own.grad, others.grad)


# ------------------------------------------------------------------------------------- in the past, and again


@pytest.mark.parametrize("options", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("make_model", [Net, NormAndDropout])
def test_every_place_around_edits_is_had_again(make_model: Callable[[], nn.Module], options: dict[str, Any]) -> None:
    session = Session(Settings(batch_size=2, **options), make_model)
    first, *_, last = (name for name, _ in session.model.named_parameters())
    recorded = [session.digest()]
    for step in range(6):
        for command in CYCLE:
            session.apply(command)
            recorded.append(session.digest())
            if command.name == "backward":
                session.edit(f"{first}.grad", step, 0.125 * step)
                recorded.append(session.digest())
        session.edit(last, step, -0.5)
        recorded.append(session.digest())
    for place in random.Random(3).choices(range(len(recorded)), k=60):
        session.seek(place)
        assert session.digest() == recorded[place]
    session.seek()
    assert Session.replay(session.journal, make_model).digest() == recorded[-1]


def test_going_back_undoes_an_edit_and_the_same_one_leads_along_the_branch() -> None:
    session = Session(ADAM)
    session.run(3)
    before = session.digest()
    session.edit("conv1.weight", 5, 0.5)
    session.run(2)
    end = session.digest()
    session.seek(step=3)
    session.step_back(0)
    assert session.digest() == before
    session.edit("conv1.weight", 5, 0.5)
    assert (len(session.branches), session.ahead) == (1, 10)
    session.run(2)
    assert session.digest() == end


def test_another_edit_in_the_past_makes_a_branch_grow_and_the_old_one_stays() -> None:
    session = Session(ADAM)
    session.run(3)
    session.edit("conv1.weight", 5, 0.5)
    session.run(2)
    end = session.digest()
    session.seek(step=3)
    session.edit("conv1.weight", 5, 0.25)
    assert [branch.name for branch in session.branches] == ["main", "branch 2"]
    session.run(2)
    branched = session.digest()
    assert branched != end
    session.seek(branch="main")
    assert session.digest() == end
    session.seek(branch="branch 2")
    assert session.digest() == branched


def test_minus_zero_is_zero_as_equal_commands_are_equal() -> None:
    session = Session(ADAM)
    session.edit("conv1.bias", 0, 0.0)
    end = session.digest()
    session.seek(0)
    session.edit("conv1.bias", 0, -0.0)
    assert len(session.branches) == 1
    assert session.digest() == end


class EditingMachine(Machine):
    """Edits between everything else, at any place: graphs alive, gradients `None`, in the past."""

    @rule(
        part=st.sampled_from(("", ".grad")),
        which=st.integers(0, 9),
        index=st.integers(0, 30),
        value=st.sampled_from((0.0, 0.25, -1.5, 3.0)),
    )
    def edit(self, part: str, which: int, index: int, value: float) -> None:
        names = [name for name, _ in self.session.model.named_parameters()]
        with suppress(Refused):
            self.session.edit(names[which % len(names)] + part, index, value)

    @rule(value=st.integers(0, 9))
    def edit_a_buffer(self, value: int) -> None:
        for name, _ in self.session.model.named_buffers():
            self.session.edit(name, 0, value)


@pytest.mark.usefixtures("dense")
class TestEditingMachine(EditingMachine.TestCase):
    settings = hypothesis_settings(stateful_step_count=30)


# --------------------------------------------------------------------------------------------- in the console


@pytest.mark.parametrize(
    ("name", "index", "value", "code"),
    [
        ("conv1.weight", 5, 0.5, "with torch.no_grad(): net.conv1.weight[0, 0, 1, 2] = 0.5"),
        ("fc3.bias", 9, -2, "with torch.no_grad(): net.fc3.bias[9] = -2"),
        ("conv1.bias.grad", 3, 0.0, "net.conv1.bias.grad[3] = 0.0"),
        ("conv1.bias.grad", 3, -0.0, "net.conv1.bias.grad[3] = 0.0"),
        ("fc1.weight.grad", 577, 1e-20, "net.fc1.weight.grad[1, 1] = 1e-20"),
    ],
)
def test_the_console_says_it_as_pytorch(name: str, index: int, value: float, code: str) -> None:
    session = Session(ADAM)
    forward_and_loss(session)
    session.backward()
    net: Any = Net()
    for own, other in zip(net.parameters(), session.model.parameters(), strict=True):
        assert other.grad is not None
        own.data, own.grad = other.detach().clone(), other.grad.clone()
    command = do("edit", tensor=name, index=index, value=value)
    session.apply(command)
    told = printing.command_line(command, None, session.settings, False, session.model, Place("main", 1))
    assert (told.kind, told.code, told.result) == ("command", code, "")
    exec(code, {"torch": torch, "net": net})
    for own, other in zip(net.parameters(), session.model.parameters(), strict=True):
        assert torch.equal(own, other)
        assert other.grad is not None
        assert torch.equal(own.grad, other.grad)


def test_the_line_of_a_number_without_dimensions_and_of_a_numbered_module() -> None:
    counts: Any = CountsForwards()
    code = printing.code_of(do("edit", tensor="forwards", index=0, value=4), ADAM, counts)
    exec(code, {"torch": torch, "net": counts})
    assert int(counts.forwards) == 4
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3))
    code = printing.code_of(do("edit", tensor="1.weight", index=3, value=0.5), ADAM, net)
    assert code == "with torch.no_grad(): net[1].weight[1, 1] = 0.5"
    exec(code, {"torch": torch, "net": net})
    assert number(net.get_parameter("1.weight"), 3) == 0.5


def test_a_window_sees_an_edit_and_a_refused_one() -> None:
    with Host(Settings(data="random", batch_size=1)) as host:
        assert "edit" in host.do(do("zero_grad")).allowed
        frame = host.do(do("edit", tensor="conv1.weight", index=5, value=0.5))
        assert frame.place.commands == 2
        assert host.code()[-1] == "with torch.no_grad(): net.conv1.weight[0, 0, 1, 2] = 0.5"
        for nonsense in ({"tensor": "conv1.weight", "index": 99, "value": 0.5}, {}, {"tensor": "conv1.bias.grad"}):
            frame = host.do(do("edit", **nonsense))
            assert (frame.reason, frame.place.commands) == ("refused", 2)
        assert host.notice("refused").words.endswith("has 54 numbers, counted from 0: there is no number 99")
