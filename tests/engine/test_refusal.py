"""What PyTorch refuses is said in its own words, with what to do, and with what plain PyTorch would have left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from lenet_gui.engine import Refused, Session, Settings
from lenet_gui.engine.net import Net
from lenet_gui.protocol import CYCLE, Command, Notice
from tests.engine.models import RaisesInBackward, RaisesInForward

do = Command.of
ZERO_GRAD, FORWARD, LOSS, BACKWARD, STEP = CYCLE


def refusal(session: Session, command: Command) -> Notice:
    before, length = session.digest(), len(session.journal)
    with pytest.raises(Refused) as refused:
        session.apply(command)
    assert (session.digest(), len(session.journal)) == (before, length)
    assert refused.value.notice.kind == "refused"
    assert refused.value.notice.title == f"PyTorch refused {command.name}"
    return refused.value.notice


class Plain:
    """The same run as a script, phase by phase, so that a refusal's words can be held against the real ones."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.net = Net()
        self.input = torch.randn(2, 1, 32, 32)
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.05)

    def forward(self) -> None:
        self.output = self.net(self.input)

    def loss(self) -> None:
        self.found = nn.MSELoss()(self.output, torch.randn(self.output.shape))

    def backward(self) -> None:
        self.found.backward()

    def step(self) -> None:
        self.optimizer.step()


@pytest.mark.parametrize(
    ("phases", "advice"),
    [
        ("forward loss backward backward", "retain_graph=True"),
        ("forward loss backward step backward", "Press Forward and Loss again"),
    ],
)
def test_the_words_are_those_of_a_plain_script(phases: str, advice: str) -> None:
    *done, last = phases.split()
    plain, session = Plain(), Session(Settings(data="random", batch_size=2, loss="MSELoss"))
    for phase in done:
        getattr(plain, phase)()
        session.apply(Command(phase))
    with pytest.raises(RuntimeError) as expected:
        getattr(plain, last)()
    notice = refusal(session, Command(last))
    assert notice.words == f"RuntimeError: {expected.value}"
    assert advice in notice.advice


def test_a_step_under_a_retained_graph_is_noticed_by_pytorch() -> None:
    session = Session()
    for phase in (FORWARD, LOSS, do("backward", retain_graph=True), STEP):
        session.apply(phase)
    notice = refusal(session, BACKWARD)
    assert "modified by an inplace operation" in notice.words
    assert "Press Forward and Loss again" in notice.advice


def test_before_there_is_anything() -> None:
    session = Session()
    assert refusal(session, LOSS).words == "NameError: name 'output' is not defined"
    assert "Press Forward first" in refusal(session, LOSS).advice
    assert refusal(session, BACKWARD).words == "NameError: name 'loss' is not defined"
    assert "Press Forward, then Loss" in refusal(session, BACKWARD).advice
    assert "'output' is not defined" in refusal(session, do("backward", of="output")).words


def test_an_output_that_no_longer_fits_the_batch() -> None:
    session = Session()
    session.forward()
    session.set(batch_size=3)
    session.next_batch()
    notice = refusal(session, LOSS)
    assert "batch_size" in notice.words
    assert "Press Forward again, then Loss" in notice.advice


def test_a_sample_that_is_not_in_the_batch_is_not_explained_as_a_missing_dimension() -> None:
    notice = refusal(Session(), do("forward", sample=99))
    assert "IndexError" in notice.words
    assert "unsqueeze" not in notice.advice


BAD_SETS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"lr": 0.0}, "learning rate must be greater than 0"),
    ({"lr": -1.0}, "learning rate must be greater than 0"),
    ({"lr": float("nan")}, "finite"),
    ({"lr": float("inf")}, "finite"),
    ({"lr": "fast"}, "learning rate"),
    ({"lr": None}, "learning rate"),
    ({"batch_size": 0}, "batch size must be a whole number from 1"),
    ({"batch_size": 1438}, "a batch of 1,438 is larger than the data: choose at most 1,437"),
    ({"batch_size": 2.5}, "batch size must be a whole number"),
    ({"threads": 0}, "threads"),
    ({"mode": "dream"}, "train, eval"),
    ({"loss": "HingeLoss"}, "there is no loss called 'HingeLoss'"),
    ({"loss": "CTCLoss"}, "input_lengths"),
    ({"loss_label_smoothing": "x"}, "must be a number"),
    ({"scheduler": "StepLR"}, "needs step_size"),
    ({"scheduler": "LambdaLR"}, "it needs lr_lambda"),
    ({"scheduler_gamma": 0.5}, "there is no scheduler"),
    ({"clip": "clip_grad_norm_"}, "needs max_norm"),
    ({"clip": "clip_grad_norm_", "clip_max_norm": 1.0, "clip_norm": 1.0}, "has no parameter 'norm'"),
    ({"optimizer": "Muon"}, "only supports 2D parameters"),
    ({"optimizer": "SGD", "scheduler": "CyclicLR", "scheduler_base_lr": 0.1}, "needs max_lr"),
    ({"optimizer": "Adagradient"}, "SGD, SparseAdam"),
    ({"optimizer": "SGD", "nesterov": True}, "Nesterov momentum requires a momentum"),
    ({"optimizer": "SGD", "beta1": 0.5}, "has no parameter 'beta1'"),
    ({"momentum": -1.0}, "Invalid momentum value"),
    ({"momentum": "heavy"}, ""),
    ({"beta1": 0.5}, "beta1"),
    ({"seed": 1}, "'seed' cannot be set during a run"),
    ({"seed": 1, "optimizer": "SGD"}, "'seed' cannot be set during a run"),
    ({"data": "random", "optimizer": "SGD"}, "'data' cannot be set during a run"),
    ({"device": "cuda:99"}, "cuda"),
    ({"params": 3}, "params"),
)


@pytest.mark.parametrize(("changes", "words"), BAD_SETS, ids=str)
def test_what_cannot_be_set_leaves_everything_in_force(changes: dict[str, Any], words: str) -> None:
    session = Session()
    session.run(1)
    groups = [{**group, "params": None} for group in session.optimizer.param_groups]
    notice = refusal(session, do("set", **changes))
    assert words in notice.words
    assert "stays in force" in notice.advice
    assert [{**group, "params": None} for group in session.optimizer.param_groups] == groups
    assert session.settings == Settings()


@pytest.mark.parametrize(
    "command",
    [do("dance"), do("forward", banana=1), do("backward", of="banana"), do("zero_grad", banana=True)],
    ids=str,
)
def test_what_is_no_command_is_refused(command: Command) -> None:
    session = Session()
    session.forward()
    session.loss()
    refusal(session, command)


def test_a_forward_that_raises_half_way_names_the_statistics_it_moved() -> None:
    notice = refused_in_a_run(RaisesInForward)
    assert notice.words == "RuntimeError: this batch is not welcome in forward"
    assert set(notice.left_behind) == {"norm.running_mean", "norm.running_var", "norm.num_batches_tracked"}


def test_a_backward_that_raises_half_way_names_the_gradients_it_wrote() -> None:
    notice = refused_in_a_run(RaisesInBackward)
    assert notice.words == "RuntimeError: this batch is not welcome in backward"
    assert set(notice.left_behind) == {"linear.weight.grad", "linear.bias.grad"}


def refused_in_a_run(make_model: Callable[[], nn.Module]) -> Notice:
    session = Session(Settings(data="random", batch_size=2), make_model)
    with pytest.raises(Refused) as refused:
        session.run(200)
    assert 0 < session.steps < 200
    return refused.value.notice


def test_where_nothing_was_left_nothing_is_named() -> None:
    assert refusal(Session(), LOSS).left_behind == ()


def test_every_refusal_has_advice() -> None:
    session = Session()
    for command in (LOSS, BACKWARD, do("set", lr=0.0), do("dance"), do("forward", sample=99)):
        assert refusal(session, command).advice.endswith(".")
