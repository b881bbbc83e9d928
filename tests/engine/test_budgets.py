"""Checkpoints keep within their budgets, chosen while a session lives too; and a model that is larger than these."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.history import Budget
from lenet_gui.protocol import (
    CYCLE,
    BudgetReply,
    BudgetRequest,
    Frame,
    NewRun,
    Notice,
    OpenSession,
    Progress,
    RecoverSession,
    Run,
    SaveSession,
    Seek,
    SeekReply,
    SeekRequest,
    SetBudget,
)
from tests.engine.hosting import Host

MB = 2**20
SMALL = Settings(batch_size=4)


class Wide(nn.Module):
    """One of its checkpoints, 5 MB, is larger than the budgets of these tests."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(1024, 1250), nn.Linear(1250, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.relu(self.hidden(x.flatten(1))))


@pytest.fixture
def dense(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint wherever one may be taken."""
    monkeypatch.setattr("lenet_gui.engine.history.SPACING", 0.0)
    monkeypatch.setattr("lenet_gui.engine.history.SHARE", float("inf"))
    monkeypatch.setattr("lenet_gui.engine.far.APART", 0.0)


def allocated() -> int:
    """The bytes of all tensors that there are, each storage counted once."""
    gc.collect()
    # Of the plain kinds: others, such as the fake ones of an export, hold no numbers.
    tensors = [one for one in gc.get_objects() if type(one) in (Tensor, nn.Parameter)]
    # PyTorch itself keeps sparse ones, which have no storage of their own.
    storages = [one.untyped_storage() for one in tensors if one.layout == torch.strided]
    return sum({one.data_ptr(): one.nbytes() for one in storages}.values())


@pytest.mark.usefixtures("dense")
def test_a_model_larger_than_the_budgets_goes_anywhere_to_the_bit_and_fills_no_memory() -> None:
    settings, places = Settings(batch_size=1, momentum=0.9), (152, 151, 150, 145, 35, 93, 0, 8, 153)
    session = Session(settings, Wide, Budget(MB, MB))
    session.run(10)
    early = allocated()
    session.run(20)
    assert allocated() < early + MB
    for command in CYCLE[:3]:
        session.apply(command)
    recorded = digests(Session(settings, Wide), places)
    taken = []
    for _ in range(2):
        for place in places:
            session.seek(place)
            assert session.digest() == recorded[place]
        taken.append(allocated())
    assert taken[1] < taken[0] + MB
    assert session.history.far.bytes == 0
    session.backward()


def digests(session: Session, places: tuple[int, ...]) -> dict[int, str]:
    """What a session is like at these places of a run that nobody goes back in."""
    found = {0: session.digest()}
    for place in range(1, max(places) + 1):
        session.apply(CYCLE[(place - 1) % len(CYCLE)])
        if place in places:
            found[place] = session.digest()
    return found


@pytest.mark.usefixtures("dense")
def test_the_newest_place_stays_near_in_a_model_larger_than_the_budgets() -> None:
    session = Session(Settings(batch_size=1), Wide, Budget(MB, MB))
    session.run(200)
    branch, end = session.branch, len(session.journal)
    whole = session.history.seconds_at(branch, end)
    assert session.history.seconds_to(branch, end) < whole / 4
    assert whole / 4 < session.history.seconds_to(branch, end // 2) < whole
    assert session.history.start_for(branch, 0).place == 0


@pytest.mark.usefixtures("dense")
def test_a_far_way_that_is_left_off_is_a_short_way_back() -> None:
    """What is taken on the way does not push out what one comes back from."""
    session = Session(Settings(batch_size=1), budget=Budget(1, 0))
    session.run(400)
    before, seen = session.digest(), []

    def between() -> bool:
        seen.append(session.history.start_for(session.branch, 2000).place)
        return session.steps < 100

    session.seek(step=300, between=between)
    assert session.digest() == before
    assert len(seen) > 1
    assert min(seen) > 1900


@pytest.mark.usefixtures("dense")
def test_a_smaller_budget_holds_at_once_and_a_larger_one_from_then_on() -> None:
    session = Session(Settings(batch_size=2))
    session.run(120)
    far = session.history.far.bytes
    assert session.history.bytes > 30 * MB < far
    session.history.limit(Budget(4 * MB, 10 * MB))
    assert session.history.bytes <= 4 * MB
    assert 0 < session.history.far.bytes <= 10 * MB
    session.history.limit(Budget(1, 0))
    assert (session.history.bytes < MB, session.history.far.bytes) == (True, 0)
    for step in (3, 110, 60):
        session.seek(step=step)
        assert session.digest() == Session.replay(session.journal).digest()
    session.seek()
    session.history.limit(Budget())
    session.run(60)
    assert session.history.bytes > 15 * MB < session.history.far.bytes


@pytest.mark.usefixtures("dense")
def test_what_stays_on_the_disk_is_what_was_there() -> None:
    session = Session(Settings(batch_size=2), budget=Budget(1, 60 * MB))
    session.run(100)
    session.history.limit(Budget(1, 12 * MB))
    starts = {session.history.start_for(session.branch, 5 * step).place for step in range(0, 100, 5)}
    assert len(starts) > 3
    for step in range(95, 0, -7):
        session.seek(step=step)
        assert session.digest() == Session.replay(session.journal).digest()


def room(host: Host) -> BudgetReply:
    return host.ask(BudgetRequest(7), BudgetReply, lambda reply: reply.id == 7)


def test_a_budget_holds_for_the_session_and_for_every_later_one(tmp_path: Path) -> None:
    chosen, path = Budget(3 * MB, 0), str(tmp_path / "run.lenet")
    with Host(SMALL, tmp_path / "sessions") as host:
        host.do(Run(200))
        assert room(host).budget == Budget()
        assert room(host).memory > 3 * MB
        host.ask(SetBudget(chosen), BudgetReply)
        found = room(host)
        assert (found.budget, found.disk, found.disk_failed) == (chosen, 0, False)
        assert 0 < found.memory <= 3 * MB
        host.do(SaveSession(path))
        for later in (NewRun(SMALL), OpenSession(path)):
            host.do(later)
            host.do(Run(200))
            assert room(host).budget == chosen
            assert room(host).memory <= 3 * MB
            assert host.runner._session.history.budget == chosen
    with Host(SMALL, tmp_path / "sessions") as host:
        recover = host.wait_for_notice().offers[0].action
        assert isinstance(recover, RecoverSession)
        host.ask(SetBudget(chosen), BudgetReply)
        assert host.do(recover).step == 400
        assert host.runner._session.history.budget == chosen
        assert host.do(Seek(17)).step == 17


def test_a_budget_can_be_chosen_in_a_run_and_changes_no_number() -> None:
    with Host(SMALL) as host:
        host.channel.send(Run(400))
        host.wait(Frame, lambda frame: frame.running)
        found = host.ask(SetBudget(Budget(2 * MB, 0)), BudgetReply)
        assert found.memory <= 2 * MB
        frame = host.wait(Frame, lambda frame: not frame.running)
        assert (frame.step, frame.place.commands) == (400, 2000)
        session = Session(SMALL)
        session.run(400)
        assert session.digest() == host.runner._session.digest()


def test_less_than_nothing_is_refused_with_a_sentence() -> None:
    with Host(SMALL) as host:
        host.do(SetBudget(Budget(-1, 0)))
        assert "less than nothing" in host.notice("note").words
        assert room(host).budget == Budget()


def test_a_disk_that_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    monkeypatch.setattr("lenet_gui.engine.far.APART", 0.0)
    with Host(SMALL) as host:
        assert host.do(Run(100)).step == 100
        assert room(host).disk_failed
        monkeypatch.undo()
        host.ask(SetBudget(Budget()), BudgetReply)
        assert not room(host).disk_failed
        assert host.of(Notice) == []


@pytest.mark.usefixtures("dense")
def test_the_cost_of_a_far_way_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet_gui.engine.detours.LONG", 0.01)
    with Host(Settings(batch_size=1)) as host:
        host.runner._session.make_model = Wide
        host.do(NewRun(Settings(batch_size=1)))
        host.ask(SetBudget(Budget(MB, MB)), BudgetReply)
        host.do(Run(150))
        trained = host.runner._session.seconds
        asked = host.ask(SeekRequest(1, 120), SeekReply)
        assert trained / 2 < asked.seconds < trained
        assert host.ask(SeekRequest(2, 150), SeekReply).seconds < trained / 4
        going = host.ask(Seek(120), Frame)
        assert (going.running, going.step, going.allowed) == (True, 150, ("pause",))
        assert host.wait(Frame, lambda frame: not frame.running).step == 120
        assert any("To step 120, about" in progress.what for progress in host.of(Progress))
