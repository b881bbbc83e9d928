"""Whatever was pressed, in whatever order: a refusal leaves no trace, and a journal replayed ends in the same bits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

from lenet_gui.engine import Journal, Refused, Session, Settings
from lenet_gui.engine.net import Net
from lenet_gui.protocol import CYCLE, Command
from tests.engine.models import (
    TROUBLESOME,
    CountsForwards,
    DrawsElsewhere,
    NormAndDropout,
    RaisesInBackward,
    RaisesInForward,
    WritesIntoItsInput,
)

do = Command.of
ZERO_GRAD, FORWARD, LOSS, BACKWARD, STEP = CYCLE

Action = tuple[Command, ...] | int | str
"""Commands by hand, a run of so many steps, or "evaluate"."""

ACTIONS: tuple[Action, ...] = (
    *((phase,) for phase in CYCLE),
    (FORWARD, LOSS, BACKWARD),
    CYCLE,
    1,
    2,
    5,
    "evaluate",
    (do("next_batch"),),
    (do("zero_grad", set_to_none=False),),
    (do("forward", sample=0),),
    (do("forward", sample=0, unsqueeze=True),),
    (do("forward", sample=99),),
    (do("backward", retain_graph=True),),
    (do("backward", of="output"),),
    (do("backward", of="output", retain_graph=True),),
    (do("set", lr=0.003),),
    (do("set", lr=-1.0),),
    (do("set", momentum=0.5),),
    (do("set", weight_decay=0.01),),
    (do("set", beta1=0.5),),
    (do("set", optimizer="SGD", momentum=0.9, nesterov=True, lr=0.01),),
    (do("set", optimizer="SGD", nesterov=True),),
    (do("set", optimizer="Adam", beta2=0.9, amsgrad=True),),
    (do("set", optimizer="RMSprop", centered=True),),
    (do("set", optimizer="Adagrad"),),
    (do("set", optimizer="SGD", seed=5),),
    (do("set", loss="MSELoss"),),
    (do("set", loss="CrossEntropyLoss"),),
    (do("set", batch_size=1),),
    (do("set", batch_size=5),),
    (do("set", batch_size=0),),
    (do("set", mode="eval"),),
    (do("set", mode="train"),),
    (do("set", mode="dream"),),
    (do("set", threads=2),),
    (do("set", threads=1),),
    (do("set", device="cpu"),),
    (do("set", device="nowhere"),),
    (do("set", seed=1),),
    (do("dance"),),
)

STARTS = st.builds(
    lambda optimizer, **others: Settings(**optimizer, **others),
    optimizer=st.sampled_from(
        [
            {"optimizer": "SGD", "lr": 0.05},
            {"optimizer": "SGD", "lr": 0.01, "momentum": 0.9, "dampening": 0.5},
            {"optimizer": "SGD", "lr": 0.01, "momentum": 0.9, "nesterov": True},
            {"optimizer": "Adam", "lr": 0.01},
            {"optimizer": "RMSprop", "lr": 0.001, "momentum": 0.5},
        ]
    ),
    seed=st.integers(0, 2**63 - 1),
    data=st.sampled_from(["random", "digits"]),
    redraw=st.booleans(),
    loss=st.sampled_from(["CrossEntropyLoss", "MSELoss"]),
    batch_size=st.sampled_from([3, 1, 2, 480]),
    mode=st.sampled_from(["train", "eval"]),
)

Model = Callable[[], nn.Module]


def take(session: Session, action: Action) -> None:
    """Do it; what is refused or fails leaves no trace."""
    if isinstance(action, int):
        with suppress(Refused):  # in the middle of the run: what was done before it stays
            session.run(action)
        return
    for command in ("evaluate",) if isinstance(action, str) else action:
        before = everything(session)
        try:
            if isinstance(command, Command):
                session.apply(command)
            else:
                session.evaluate()
                assert everything(session) == before
        except (Refused, RuntimeError):
            assert everything(session) == before


def everything(session: Session) -> dict[str, Any]:
    """The digest, and what else a person would see."""
    return {
        "digest": session.digest(),
        "rows": session.log.rows().tobytes(),
        "labels": None if session.labels is None else session.labels.tolist(),
        "next phase": session.next_phase,
        "training": [module.training for module in session.model.modules()],
        "groups": [
            {name: value for name, value in group.items() if name != "params"}
            for group in session.optimizer.param_groups
        ],
    }


@settings(max_examples=3 * settings().max_examples)
@given(start=STARTS, make_model=st.sampled_from([Net, *TROUBLESOME]), actions=st.lists(st.sampled_from(ACTIONS)))
@example(Settings(), Net, [(FORWARD,), CYCLE])
@example(Settings(data="random"), Net, [3, (FORWARD, LOSS), (do("forward", sample=0),), (BACKWARD,), 2])
@example(Settings(), DrawsElsewhere, [5, 5])
@example(Settings(), RaisesInForward, [5, (do("next_batch"),), 5, (FORWARD, LOSS, BACKWARD), 5])
@example(Settings(), RaisesInBackward, [5, (do("next_batch"),), 5, (FORWARD, LOSS, BACKWARD), 5])
def test_a_refusal_leaves_no_trace_and_the_journal_replays(
    start: Settings, make_model: Model, actions: list[Action]
) -> None:
    session = Session(start, make_model)
    for action in actions:
        take(session, action)
    again = Session.replay(Journal.from_json(session.journal.to_json()), make_model)
    assert list(again.journal.commands()) == list(session.journal.commands())
    assert everything(again) == everything(session)


@pytest.mark.parametrize("make_model", [Net, *TROUBLESOME])
def test_a_refusal_long_into_a_run_leaves_no_trace(make_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long run takes checkpoints on its way. Here it takes one in every step, and a slice is one step."""
    monkeypatch.setattr("lenet_gui.engine.history.SPACING", 0.0)
    monkeypatch.setattr("lenet_gui.engine.running.SLICE", 0.0)
    start = Settings(data="random", batch_size=2, redraw=False, optimizer="Adam")
    actions: tuple[Action, ...] = (7, (do("set", lr=0.0),), (FORWARD, LOSS), 3, (BACKWARD, FORWARD), 4, (BACKWARD,))
    session = Session(start, make_model)
    for action in actions:
        take(session, action)
    monkeypatch.undo()
    assert everything(Session.replay(session.journal, make_model)) == everything(session)


@pytest.mark.parametrize("make_model", [Net, NormAndDropout, DrawsElsewhere, CountsForwards, WritesIntoItsInput])
@pytest.mark.parametrize("data", ["digits", "random"])
def test_a_run_and_the_same_steps_by_hand_end_in_the_same_bits(make_model: Model, data: str) -> None:
    run, by_hand = (Session(Settings(data=data), make_model) for _ in range(2))
    run.run(7)
    for _ in range(7):
        for phase in CYCLE:
            by_hand.apply(phase)
    assert everything(run) == everything(by_hand)


@pytest.mark.parametrize("make_model", [Net, NormAndDropout, CountsForwards, WritesIntoItsInput])
@pytest.mark.parametrize("refused", [LOSS, BACKWARD, do("forward", sample=99), do("set", lr=0.0)], ids=str)
def test_after_a_refusal_everything_can_go_on_as_without_it(make_model: Model, refused: Command) -> None:
    """Also what no checkpoint can hold: a live graph still goes backward."""
    disturbed, calm = (Session(Settings(optimizer="Adam"), make_model) for _ in range(2))
    for session in (disturbed, calm):
        session.run(2)
        session.zero_grad()
        session.forward()
        session.loss()
    if refused == LOSS:  # a loss is refused only where there is no output: in the other two's past
        disturbed, calm = (Session(Settings(optimizer="Adam"), make_model) for _ in range(2))
    if refused == BACKWARD:  # only the second one is refused
        disturbed.backward()
        calm.backward()
    with pytest.raises(Refused):
        disturbed.apply(refused)
    for session in (disturbed, calm):
        if refused in (LOSS, BACKWARD):
            session.forward()
            session.loss()
        session.backward()
        session.step()
        session.run(2)
    assert everything(disturbed) == everything(calm)


@pytest.mark.parametrize("make_model", [RaisesInForward, RaisesInBackward])
def test_a_run_that_is_refused_half_way_stands_where_plain_pytorch_would_have_raised(make_model: Model) -> None:
    settings = Settings(data="random", batch_size=2)
    run, by_hand = Session(settings, make_model), Session(settings, make_model)
    with pytest.raises(Refused) as in_the_run:
        run.run(200)
    with pytest.raises(Refused) as one_by_one:
        deque(map(by_hand.apply, cycle(CYCLE)), maxlen=0)
    assert run.steps > 0
    assert in_the_run.value.notice == one_by_one.value.notice
    assert everything(run) == everything(by_hand)


def test_a_replay_can_be_ended_on_the_way() -> None:
    session = Session(Settings(data="random", batch_size=1))
    session.run(300)
    places: list[int] = []

    def two_looks(other: Session) -> bool:
        places.append(len(other.journal))
        return len(places) < 2

    again = Session.replay(session.journal, between=two_looks)
    assert len(again.journal) < len(session.journal)
    session = Session.replay(again.journal)
    assert torch.equal(session.model.get_parameter("fc3.bias"), again.model.get_parameter("fc3.bias"))
