from dataclasses import replace

import pytest

from lenet_gui.gui.window.status import StatusBar
from lenet_gui.protocol import Accuracy, BranchRow, Progress
from tests.gui import frames


@pytest.fixture
def status(qtbot):
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.resize(1280, 24)
    bar.show()
    return bar


def test_it_says_where_the_run_is(status):
    frame = replace(frames.fresh(), step=1234, epoch=3, batch=5, batches=90, next="backward")
    status.show_frame(frame)
    fields = {name: label.text() for name, label in status.fields.items()}
    assert fields["phase"] == "next: backward"
    assert fields["step"] == "step 1,234"
    assert fields["epoch"] == "epoch 4 · batch 6/90"
    assert fields["device"] == "cpu · 1 thread"
    assert fields["exact"] == "exact"


def test_in_the_past_it_says_how_far_the_branch_goes(status):
    status.show_frame(frames.in_past(57))
    assert status.fields["step"].text() == "step 57 of 600"
    status.show_frame(frames.in_past(600))
    assert status.fields["step"].text() == "step 600"


def test_on_the_way_to_another_place_it_says_so(status):
    status.show_frame(frames.seeking())
    assert status.fields["phase"].text() == "going…"
    assert status.fields["phase"].toolTip() == "going to step 9"


def test_it_says_why_it_stopped_where_in_a_run_the_speed_stands(status):
    status.show_frame(replace(frames.fresh(), reason="stopped at node ConvolutionBackward0"))
    assert status.reason.isVisible()
    assert status.reason.text() == "stopped at node ConvolutionBackward0"
    status.show_frame(frames.running())
    assert not status.reason.isVisible()
    assert status.fields["speed"].isVisible()
    status.show_frame(replace(frames.fresh(), reason="paused"))
    assert status.reason.isVisible()
    assert status.reason.text() == "paused"


def test_a_long_reason_moves_nothing_and_is_whole_in_the_tooltip(status):
    status.show_frame(frames.fresh())
    before = [label.geometry() for label in status.fields.values()]
    reason = "stopped at breakpoint 7: " + "conv1.bias.grad.norm() > 1 and " * 20
    status.show_frame(replace(frames.fresh(), reason=reason))
    assert [label.geometry() for label in status.fields.values()] == before
    assert status.reason.toolTip() == reason


def test_data_without_an_end_has_no_epoch(status):
    status.show_frame(replace(frames.fresh(), epoch=None, batch=7, batches=None))
    assert status.fields["epoch"].text() == "batch 8"


def test_nothing_moves_while_numbers_grow(status):
    status.show_frame(frames.fresh())
    before = [label.geometry() for label in status.fields.values()]
    long = replace(frames.running(), step=9_999_999, epoch=9999, batch=999, batches=999, steps_per_second=99_999.0)
    status.show_frame(replace(long, exact=False, accuracy=Accuracy(1, 1, 999, 999)))
    status.show_progress(Progress("Replaying on the CPU", 1, 2))
    far = BranchRow("main", "", 0, 9_999_999, 49_999_995)
    status.show_frame(frames.in_past(9_999_998, (far,)))
    assert status.fields["step"].text() == "step 9,999,998 of 9,999,999"
    status.show_frame(frames.seeking())
    assert [label.geometry() for label in status.fields.values()] == before
    for label in status.fields.values():
        assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()


def test_a_counted_run_shows_what_remains_until_it_ends(status):
    status.start_n(200)
    status.show_frame(replace(frames.running(), remaining=150))
    bar = status.findChild(object, "status_progress")
    assert bar.isVisible()
    assert bar.text() == "150 left"
    assert bar.value() == 250
    status.show_frame(replace(frames.fresh(), remaining=None))
    assert not bar.isVisible()


def test_progress_ends_when_it_is_done(status):
    bar = status.findChild(object, "status_progress")
    status.show_progress(Progress("Replaying", 10, 40))
    assert bar.value() == 250
    status.show_progress(Progress("Replaying", 40, 40))
    assert not bar.isVisible()


def test_the_accuracy_is_given_in_full(status):
    status.show_accuracy(Accuracy(900, 10, 324, 360))
    assert status.fields["accuracy"].text() == "test 90.0 % (324/360)"
    status.show_accuracy(Accuracy(900, 10, 9876, 10_000))
    assert status.fields["accuracy"].text() == "test 98.76 %"
    assert status.fields["accuracy"].toolTip() == "9876/10000 right, measured after 900 steps"
    status.show_accuracy(None)
    assert status.fields["accuracy"].text() == ""
