"""Measures as a window gets them: by epoch, on demand, over a branch again, and cancelled."""

from __future__ import annotations

import numpy as np

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.measures.by_epoch import ByEpoch
from lenet_gui.engine.measures.measured import measure
from lenet_gui.engine.measures.over_epochs import over_epochs
from lenet_gui.protocol import Accuracy, Advance, Command, Evaluate, Frame, Pause, Progress, Run, Seek
from lenet_gui.protocol.measures import (
    COLUMNS,
    MOST_TRAINED,
    EpochTable,
    ImagesReply,
    ImagesRequest,
    Measure,
    MeasureEpochs,
    Measures,
)
from tests.engine.hosting import Host
from tests.engine.measures.test_measured import Many

FEW = Settings(batch_size=480)
"""Three steps an epoch: 480, 480 and 477 of the 1,437 digits."""
STEP, EPOCH, PLACE, TRAIN_LOSS, _, TRAIN_TOTAL, TEST_LOSS, TEST_CORRECT, TEST_TOTAL = range(len(COLUMNS))


def rows(host: Host) -> list[list[float]]:
    """The newest table by epoch."""
    return host.of(EpochTable)[-1].rows.tolist()


def test_each_epoch_s_end_is_measured_in_a_run_and_its_row_says_what_pytorch_says() -> None:
    with Host(FEW) as host:
        host.do(Run(6))
        found = rows(host)
        assert [(row[STEP], row[EPOCH], row[PLACE]) for row in found] == [(3, 1, 15), (6, 2, 30)]
        assert [row[TEST_TOTAL] for row in found] == [360, 360]
        session = host.runner._session
        here = measure(session, "test")
        assert here is not None
        assert found[-1][TEST_LOSS] == here.loss
        assert found[-1][TEST_CORRECT] == here.correct == host.of(Accuracy)[-1].correct


def test_evaluate_measures_both_sides_here_and_changes_nothing() -> None:
    with Host(FEW) as host:
        host.do(Run(2))
        before = host.runner._session.digest()
        host.do(Evaluate())
        assert host.runner._session.digest() == before
        assert [(row[STEP], row[TRAIN_TOTAL], row[TEST_TOTAL]) for row in rows(host)] == [(2, 1437, 360)]


def test_a_side_is_measured_on_demand_at_a_place_and_its_images_can_be_asked_for() -> None:
    with Host(FEW) as host:
        host.do(Advance("step"))
        found = host.ask(Measure("test"), Measures)
        assert (found.place.commands, found.step, found.total, found.missing) == (5, 1, 360, "")
        assert found.confusion is not None
        assert found.confusion.sum() == 360
        assert np.trace(found.confusion) == found.correct
        assert sum(row.support for row in found.rows) == 360
        label, predicted = (int(k) for k in np.argwhere(found.confusion == found.confusion.max())[0])
        cell = host.ask(ImagesRequest(7, "test", label, predicted), ImagesReply)
        assert cell.count == found.confusion[label, predicted]
        assert set(cell.labels) == {label}
        assert set(cell.predictions) == {predicted}


def test_data_without_labels_say_why_there_is_nothing() -> None:
    with Host(Settings(data="random", batch_size=1)) as host:
        found = host.ask(Measure("test"), Measures)
        assert found.missing.startswith("Random tensors have no labels")
        assert found.confusion is None
        assert "evaluate" not in host.do(Command("zero_grad")).allowed


def test_measuring_every_epoch_again_gives_what_the_run_measured_and_fills_the_training_side() -> None:
    with Host(FEW) as host:
        host.do(Run(9))
        measured = rows(host)
        before = host.runner._session.digest()
        host.do(Seek(4), MeasureEpochs())
        found = rows(host)
        assert [row[STEP] for row in found] == [3, 6, 9]
        assert [row[TEST_LOSS:] for row in found] == [row[TEST_LOSS:] for row in measured]
        assert [row[TRAIN_TOTAL] for row in found] == [1437, 1437, 1437]
        host.do(Seek(9))
        assert host.runner._session.digest() == before
        again = Session(FEW)
        again.run(3)
        once = measure(again, "train")
        assert once is not None
        assert found[0][TRAIN_LOSS] == once.loss
        assert host.of(Progress)[-1].what == ""


def test_measuring_every_epoch_can_be_left_off_and_keeps_what_it_has() -> None:
    session, known = Session(FEW), ByEpoch()
    session.run(9)
    assert not over_epochs(session, known, lambda second: second.steps < 6)
    table = known.news(session, 1)
    assert table is not None
    assert [row[STEP] for row in table.rows.tolist()] == [3]
    assert over_epochs(session, known)
    table = known.news(session, 1)
    assert table is not None
    assert [row[STEP] for row in table.rows.tolist()] == [3, 6, 9]
    assert known.news(session, 1) is None


def test_a_branch_has_the_rows_up_to_where_it_left_and_its_own() -> None:
    with Host(FEW) as host:
        host.do(Run(9))
        main = rows(host)
        host.do(Seek(4), Command.of("set", lr=0.5), Run(2))
        assert host.of(Frame)[-1].place.branch == "branch 2"
        found = rows(host)
        assert [row[STEP] for row in found] == [3, 6]
        assert found[0][TEST_LOSS:] == main[0][TEST_LOSS:]
        assert found[1][TEST_LOSS] != main[1][TEST_LOSS]
        host.do(Seek(9, "main"))
        assert [row[TEST_LOSS:] for row in rows(host)] == [row[TEST_LOSS:] for row in main]


def test_in_a_run_the_training_side_waits_until_it_costs_little() -> None:
    session, known = Session(FEW), ByEpoch()
    session.run(3)
    session.seconds = 10.0
    assert known.due(session, seconds=1.0) == ("test",)
    assert known.due(session, seconds=0.2) == ("test", "train")
    assert known.due(session, seconds=0.2) == ("test",)
    session.seconds = 20.0
    assert known.due(session, seconds=0.2) == ("test", "train")


def test_measuring_many_images_is_told_about_and_a_pause_ends_it() -> None:
    with Host(Settings(batch_size=4)) as host:
        session = host.runner._session
        session.source = Many()
        before = session.digest()
        host.channel.send(Measure("train"))
        frame = host.wait(Frame, lambda frame: frame.running)
        assert "pause" in frame.allowed
        host.channel.send(Pause())
        frame = host.wait(Frame, lambda frame: not frame.running)
        assert frame.reason == "nothing was measured"
        assert not host.of(Measures)
        assert session.digest() == before
        found = host.ask(Measure("train"), Measures)
        assert (found.total, found.whole) == (MOST_TRAINED, MOST_TRAINED + 2000)
