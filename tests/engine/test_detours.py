"""A runner asked for other places: it goes there, says how long, can be stopped, and tells what is seen from there."""

from __future__ import annotations

import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.history import Budget
from lenet_gui.protocol import (
    AddBookmark,
    Advance,
    Back,
    BranchRow,
    Command,
    DropBookmark,
    Frame,
    Line,
    Notice,
    Pause,
    Progress,
    RaceReport,
    RenameBranch,
    Run,
    Seek,
    SeekReply,
    SeekRequest,
    Series,
    StartRace,
)
from tests.engine.hosting import Host

SMALL = Settings(batch_size=4)


def norms(frame: Frame) -> list[tuple[str, float, float | None]]:
    return [(row.name, row.value_norm, row.grad_norm) for row in frame.parameters]


def test_a_phase_back_and_a_phase_on_show_the_same_numbers() -> None:
    with Host(SMALL) as host:
        host.do(Run(3))
        seen = [host.do(Advance("phase")) for _ in range(5)]
        for frame in reversed(seen[:-1]):
            back = host.do(Back("phase"))
            assert (back.place, back.next, norms(back), back.loss) == (
                frame.place, frame.next, norms(frame), frame.loss,
            )  # fmt: skip
        assert norms(host.do(Advance("phase"))) == norms(seen[1])


def test_a_step_back_is_first_to_the_beginning_of_the_step() -> None:
    with Host(SMALL) as host:
        host.do(Run(4))
        host.do(Advance("phase"), Advance("phase"))
        assert host.do(Back("step")).place.commands == 20
        assert host.do(Back("step")).place.commands == 15
        assert host.do(Back("step", 2)).step == 1
        assert host.do(Back("step", 9)).place.commands == 0
        assert host.do(Back("phase")).place.commands == 0
        assert host.do(Seek()).step == 4


def test_the_plots_keep_what_lies_ahead() -> None:
    with Host(SMALL) as host:
        host.do(Run(6))
        before = host.losses(1)
        assert host.do(Seek(2)).step == 2
        assert host.losses(1) == before
        assert host.do(Run(4)).step == 6
        assert host.losses(1) == before


def test_another_branch_has_another_curve_and_the_old_one_comes_back() -> None:
    with Host(SMALL) as host:
        host.do(Run(6))
        main = host.losses(1)
        host.do(Seek(2), Command.of("set", lr=0.5))
        assert host.losses(1) == main[:2]
        frame = host.do(Run(2))
        assert frame.branches == (BranchRow("main", "", 0, 6, 30), BranchRow("branch 2", "main", 2, 4, 21, 10))
        assert frame.place.branch == "branch 2"
        other = host.losses(1)
        assert (len(other), other[:2]) == (4, main[:2])
        host.do(Seek(branch="main"))
        assert host.losses(1) == main
        assert host.of(Series)[-1].first == 2


def test_what_is_not_there_is_said_and_nothing_changes() -> None:
    with Host(SMALL) as host:
        frame = host.do(Run(3))
        for message in (
            Seek(4),
            Seek(-1),
            Seek(branch="nowhere"),
            RenameBranch("main", " "),
            StartRace("main", "main"),
        ):
            after = host.do(message)
            assert (after.place, norms(after)) == (frame.place, norms(frame))
        assert len({notice.words for notice in host.of(Notice)}) == 5


def test_how_long_it_takes_is_said_before() -> None:
    with Host(SMALL) as host:
        host.do(Run(50))
        near = host.ask(SeekRequest(1, 49), SeekReply)
        assert (near.id, near.step) == (1, 49)
        assert 0 <= near.seconds < 60


def test_a_long_way_is_told_about_and_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet_gui.engine.detours.LONG", -1.0)
    with Host(Settings(batch_size=16)) as host:
        host.runner._session.history.limit(Budget(1, 0))
        frame = host.do(Run(300))
        going = host.ask(Seek(280), Frame)
        assert (going.running, going.allowed) == (True, ("pause",))
        host.wait(Progress, lambda progress: progress.done < progress.total)
        host.channel.send(Pause())
        after = host.wait(Frame, lambda frame: not frame.running)
        assert "cancelled" in after.reason
        assert (after.place, norms(after)) == (frame.place, norms(frame))
        assert host.ask(Seek(280), Frame, lambda frame: not frame.running).step == 280


def test_a_way_that_takes_longer_than_was_thought_can_be_cancelled_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet_gui.engine.history.History.seconds_to", lambda *_: 0.0)
    with Host(Settings(batch_size=16)) as host:
        host.runner._session.history.limit(Budget(1, 0))
        frame = host.do(Run(300))
        going = host.ask(Seek(280), Frame)
        assert (going.running, going.allowed, going.place) == (True, ("pause",), frame.place)
        host.channel.send(Pause())
        after = host.wait(Frame, lambda frame: not frame.running)
        assert "cancelled" in after.reason
        assert (after.place, norms(after)) == (frame.place, norms(frame))


def test_a_replay_that_differs_is_told_and_offers_the_last_place_that_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lenet_gui.engine.history.SPACING", 1e9)
    with Host(SMALL) as host:
        frame = host.do(Run(20))
        host.runner._session.log._block[6, 0] += 1e-3  # as another processor would have had it
        after = host.do(Seek(10))
        assert (after.place, norms(after)) == (frame.place, norms(frame))
        notice = host.notice("differs")
        assert "step 7" in notice.title
        assert [offer.action for offer in notice.offers] == [Seek(6)]


def test_bookmarks_and_names_stand_beside_the_journal() -> None:
    with Host(SMALL) as host:
        host.do(Run(3))
        frame = host.do(AddBookmark("here it is"))
        (mark,) = frame.bookmarks
        assert (mark.place, mark.step, mark.note) == (frame.place, 3, "here it is")
        renamed = host.do(RenameBranch("main", "slow"))
        assert renamed.bookmarks[0].place.branch == renamed.place.branch == renamed.branches[0].name == "slow"
        assert host.do(Seek(1)).bookmarks == renamed.bookmarks
        assert host.do(DropBookmark(0)).bookmarks == ()
        host.do(DropBookmark(0))
        assert host.do(Seek()).step == 3


def test_the_accuracy_shown_is_the_one_measured_on_the_way_here() -> None:
    with Host(Settings(batch_size=480)) as host:
        host.do(Run(3))
        first = host.do(Run(3))
        assert first.accuracy is not None
        assert first.accuracy.step == 6
        back = host.do(Seek(4))
        assert back.accuracy is not None
        assert back.accuracy.step == 3
        assert host.do(Seek(2)).accuracy is None


def test_each_command_of_the_console_knows_its_place() -> None:
    with Host(SMALL) as host:
        host.do(Advance("phase"), Advance("phase"), Back("phase"), Command.of("set", lr=0.1))
        places = [line.place for line in host.of(Line) if line.kind == "command"]
        assert [(place.branch, place.commands) for place in places if place] == [
            ("main", 1),
            ("main", 2),
            ("branch 2", 2),
        ]


def test_a_race_is_run_to_its_end() -> None:
    with Host(SMALL) as host:
        host.do(Run(6), Seek(2), Command.of("set", lr=0.5), Run(3))
        before = host.do(Seek(branch="main"))
        after = host.do(StartRace("main", "branch 2"))
        report = host.of(RaceReport)[-1]
        assert (report.start, report.end, report.differs_at, len(report.losses)) == (2, 5, 3, 3)
        assert (after.place, norms(after)) == (before.place, norms(before))


def test_going_along_the_branch_takes_its_other_commands_too() -> None:
    session = Session(SMALL)
    with Host(SMALL) as host:
        host.do(Run(2), Command.of("set", lr=0.5), Run(2), Seek(1))
        frame = host.do(Run(5))
        assert (frame.step, frame.settings.lr, len(frame.branches)) == (6, 0.5, 1)
    session.run(2)
    session.set(lr=0.5)
    session.run(4)
    assert frame.loss == (session.last_loss.item() if session.last_loss is not None else None)
