"""Any place of a run can be gone to, in any order, and is what it was, to the bit. Nothing is lost by going back."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from torch import nn

from lenet_gui.engine import Refused, Session, Settings
from lenet_gui.engine.history import Budget
from lenet_gui.engine.net import Net
from lenet_gui.engine.travel import Differs
from lenet_gui.protocol import CYCLE, Command
from tests.engine.models import TROUBLESOME, NormAndDropout, WritesIntoItsInput
from tests.engine.test_checkpoint import OPTIMIZERS

Model = Callable[[], nn.Module]
do = Command.of


@pytest.fixture
def dense(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint wherever one may be taken, where otherwise only the start would be near enough."""
    monkeypatch.setattr("lenet_gui.engine.history.SPACING", 0.0)


@pytest.mark.usefixtures("dense")
@pytest.mark.parametrize("options", OPTIMIZERS, ids=str)
@pytest.mark.parametrize(("loss", "data"), [*product(("CrossEntropyLoss", "MSELoss"), ("digits", "random"))])
@pytest.mark.parametrize("make_model", [Net, NormAndDropout])
def test_two_hundred_places_in_random_order(make_model: Model, loss: str, data: str, options: dict[str, Any]) -> None:
    session = Session(Settings(loss=loss, data=data, batch_size=2, **options), make_model)
    recorded = [session.digest()]
    for _ in range(12):
        for command in CYCLE:
            session.apply(command)
            recorded.append(session.digest())
    places = random.Random(7).choices(range(len(recorded)), k=200)
    for place in places:
        session.seek(place)
        assert session.digest() == recorded[place]


def test_a_seek_is_the_same_from_every_checkpoint_of_a_real_run() -> None:
    session = Session(Settings(batch_size=4))
    session.run(300)
    again = Session(Settings(batch_size=4))
    for step in (299, 3, 250, 0, 120, 300):
        session.seek(step=step)
        other = Session.replay(session.journal)
        assert session.digest() == other.digest()
        assert session.steps == step
    assert again.steps == 0


@pytest.mark.usefixtures("dense")
@pytest.mark.parametrize("make_model", TROUBLESOME)
def test_the_checkpoints_of_a_run_hold_all_that_a_model_may_draw_from_or_move(make_model: Model) -> None:
    session = Session(Settings(batch_size=2), make_model)
    for _ in range(3):
        with suppress(Refused):
            session.run(40)
    for step in (session.steps, session.steps * 2 // 3, session.steps // 7, max(0, session.steps - 1)):
        session.seek(step=step)
        assert session.digest() == Session.replay(session.journal, make_model).digest()


def test_a_live_graph_comes_back_and_can_be_run_backward() -> None:
    session = Session(Settings(batch_size=2))
    session.run(2)
    for command in CYCLE:
        session.apply(command)
    after = session.digest()
    session.seek(13)
    assert session.graph == "alive"
    session.backward()
    session.step()
    assert session.digest() == after
    assert len(session.branches) == 1


def test_going_on_after_going_back_gives_the_same_numbers_along_the_same_branch() -> None:
    session = Session(Settings(batch_size=2))
    session.run(20)
    session.set(lr=0.2)
    session.run(20)
    end = session.digest()
    session.seek(step=5)
    assert session.ahead == 201 - 25
    assert session.run(1000) == 1000
    assert session.steps == 1005
    session.seek(step=40)
    assert session.digest() == end
    assert session.settings.lr == 0.2
    assert [branch.name for branch in session.branches] == ["main"]


def test_something_else_in_the_past_makes_a_branch_and_the_old_future_stays() -> None:
    session = Session(Settings(batch_size=2))
    session.run(10)
    end = session.digest()
    session.seek(step=4)
    session.set(lr=0.5)
    session.run(6)
    assert [branch.name for branch in session.branches] == ["main", "branch 2"]
    assert session.branch.parent is session.branches[0]
    assert session.branch.leaves == 20
    other = session.digest()
    assert other != end
    session.seek(branch="main")
    assert session.digest() == end
    session.seek(branch="branch 2")
    assert session.digest() == other
    assert Session.replay(session.journal).digest() == other


def test_a_refused_command_in_the_past_makes_no_branch() -> None:
    session = Session(Settings(batch_size=2))
    session.run(3)
    session.seek(step=2)
    before = session.digest()
    with pytest.raises(Refused):
        session.set(lr=-1.0)
    assert session.digest() == before
    assert session.ahead == 5
    assert len(session.branches) == 1


@pytest.mark.usefixtures("dense")
def test_a_loss_of_the_forward_before_last_is_there_again() -> None:
    session = Session(Settings(batch_size=2))
    recorded = [session.digest()]
    for phase in ("forward", "loss", "forward", "loss", "next_batch"):
        session.apply(Command(phase))
        recorded.append(session.digest())
    for place in (4, 3, 5, 2, 3):
        session.seek(place)
        assert session.digest() == recorded[place]


@pytest.mark.usefixtures("dense")
def test_a_batch_that_the_model_wrote_into_is_there_again() -> None:
    session = Session(Settings(batch_size=2), WritesIntoItsInput)
    recorded = [session.digest()]
    for phase in ("forward", "loss", "forward", "loss", "forward", "loss", "backward", "step"):
        session.apply(Command(phase))
        recorded.append(session.digest())
    for place in (6, 5, 6, 4, 8, 7, 5):
        session.seek(place)
        assert session.digest() == recorded[place]


@pytest.mark.usefixtures("dense")
def test_a_step_behind_a_forward_without_a_loss_logs_the_loss_of_before_again() -> None:
    session = Session(Settings(batch_size=2))
    for phase in ("forward", "loss", "step", "forward", "step", "forward", "loss", "backward", "step"):
        session.apply(Command(phase))
    rows, end = session.log.rows().tobytes(), session.digest()
    for place in (5, 4, 9):
        session.seek(place)
    assert (session.log.rows().tobytes(), session.digest()) == (rows, end)


def test_the_update_of_the_last_step_is_there_again() -> None:
    session = Session(Settings(batch_size=2))
    session.run(9)
    assert session.last_update is not None
    _, before = session.last_update
    session.run(5)
    for place in (45, 46, 47, 48, 49):
        session.seek(place)
        assert session.last_update is not None
        _, again = session.last_update
        assert again.keys() == before.keys()
        assert all((again[name][0] == value[0]).all() for name, value in before.items())


def test_a_seek_that_is_no_longer_wanted_leaves_the_place_where_it_was() -> None:
    session = Session(Settings(batch_size=16), budget=Budget(1, 0))
    session.run(200)
    for command in CYCLE[:3]:
        session.apply(command)
    before = session.digest()
    looks = []
    assert not session.seek(step=150, between=lambda: len(looks.append(0) or looks) < 2)
    assert len(looks) == 2
    assert session.digest() == before
    session.backward()


def test_bits_that_differ_are_said_and_never_shown() -> None:
    session = Session(Settings(batch_size=2), budget=Budget(1, 0))
    session.history.due = float("inf")  # a slow machine would take a checkpoint behind the step that differs
    session.run(20)
    before = session.digest()
    session.log._block[7, 0] += 1e-3
    with pytest.raises(Differs) as caught:
        session.seek(step=15)
    assert caught.value.step == 8
    assert session.digest() == before


@pytest.mark.parametrize("by_hand", [False, True])
def test_where_the_bits_differ_going_on_is_a_branch_of_its_own(by_hand: bool) -> None:
    session = Session(Settings(batch_size=2))
    session.run(20)
    end = session.digest()
    session.seek(step=5)
    session.branch.log._block[7, 0] += 1e-3  # as if another machine had recorded it
    if by_hand:
        while session.steps < 12:
            session.apply(session.next_command)
    else:
        session.run(7)
    assert session.steps == 12
    assert [branch.differs for branch in session.branches] == [False, True]
    assert session.branch.leaves == 39
    session.run(8)
    assert session.digest() == end  # these are the bits of this machine


@pytest.mark.usefixtures("dense")
def test_the_checkpoints_stay_within_their_budget() -> None:
    budget = 30 * 500_000
    session = Session(Settings(batch_size=1), budget=Budget(budget, 0))
    session.run(400)
    assert 0 < session.history.bytes <= budget
    ends = {}
    for step in (400, 399, 350, 17, 201):
        session.seek(step=step)
        ends[step] = session.digest()
        assert session.history.bytes <= budget
    fresh = Session(Settings(batch_size=1))
    fresh.run(400)
    assert fresh.digest() == ends[400]


@pytest.mark.usefixtures("dense")
@pytest.mark.parametrize("make_model", [Net, NormAndDropout])
def test_what_the_memory_has_no_room_for_lies_on_the_disk(make_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet_gui.engine.far.APART", 0.0)
    disk = 40 * 1_000_000
    session = Session(Settings(batch_size=2, optimizer="Adam"), make_model, Budget(1, disk))
    session.run(100)
    assert 0 < session.history.far.bytes <= disk
    assert session.history.start_for(session.branch, len(session.journal)).place > 0
    for step in (3, 90, 41, 17, 99):
        session.seek(step=step)
        assert session.digest() == Session.replay(session.journal, make_model).digest()


def test_a_disk_that_is_full_costs_nothing_but_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    session = Session(Settings(batch_size=2))
    session.run(300)
    session.seek(step=17)
    assert session.steps == 17
    assert session.history.far.bytes == 0


class Machine(RuleBasedStateMachine):
    """Steps, goes back, branches, is refused, and remembers what every place looked like when it was first seen."""

    @initialize(
        make_model=st.sampled_from((Net, *TROUBLESOME)),
        options=st.sampled_from(OPTIMIZERS),
        data=st.sampled_from(("digits", "random")),
        redraw=st.booleans(),
        loss=st.sampled_from(("CrossEntropyLoss", "MSELoss")),
    )
    def begin(self, make_model: Model, options: dict[str, Any], data: str, redraw: bool, loss: str) -> None:
        start = Settings(data=data, redraw=redraw, loss=loss, batch_size=2, **options)
        self.session = Session(start, make_model)
        self.session.history.budget = Budget(10 * 400_000, 20 * 400_000)
        self.seen: dict[tuple[str, int], str] = {}

    @invariant()
    def every_place_is_what_it_was(self) -> None:
        if not hasattr(self, "session"):
            return
        session, place = self.session, len(self.session.journal)
        digest = session.digest()
        branch = session.branch
        while branch.parent is not None and place <= branch.leaves:
            branch = branch.parent
        assert self.seen.setdefault((branch.name, place), digest) == digest

    @rule(command=st.sampled_from((*CYCLE, *CYCLE, do("backward", retain_graph=True), do("backward", of="output"))))
    def press(self, command: Command) -> None:
        with suppress(Refused):
            self.session.apply(command)

    @rule(
        command=st.sampled_from(
            (
                do("set", lr=0.003), do("set", lr=-1.0), do("set", optimizer="Adam"), do("set", batch_size=3),
                do("clip"), do("schedule"), do("set", clip="clip_grad_norm_", clip_max_norm=0.01), do("set", clip=""),
                do("set", scheduler="ExponentialLR", scheduler_gamma=0.9, scheduler_per="step"),
                do("set", scheduler="StepLR", scheduler_step_size=1), do("set", scheduler=""),
                do("set", optimizer="LBFGS", lr=0.1, max_iter=2),
                do("set", mode="eval"), do("set", loss="MSELoss"), do("next_batch"), do("forward", sample=99),
                do("forward", sample=0, unsqueeze=True), do("zero_grad", set_to_none=False),
            )
        )
    )  # fmt: skip
    def press_another(self, command: Command) -> None:
        with suppress(Refused):
            self.session.apply(command)

    @rule(steps=st.integers(1, 6))
    def run(self, steps: int) -> None:
        with suppress(Refused):
            self.session.run(steps)

    @rule()
    def go_on(self) -> None:
        with suppress(Refused):
            self.session.apply(self.session.next_command)

    @rule(share=st.floats(0, 1))
    def seek(self, share: float) -> None:
        self.session.seek(round(share * len(self.session.branch.journal)))

    @rule(commands=st.integers(1, 12))
    def step_back(self, commands: int) -> None:
        self.session.step_back(commands)

    @precondition(lambda self: len(self.session.branches) > 1)
    @rule(index=st.integers(0, 50))
    def change_branch(self, index: int) -> None:
        branches = self.session.branches
        self.session.seek(branch=branches[index % len(branches)].name)


@pytest.mark.usefixtures("dense")
class TestMachine(Machine.TestCase):
    settings = hypothesis_settings(stateful_step_count=40)
