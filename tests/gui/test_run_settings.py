from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, Qt

from lenet_gui.gui.window.actions import Actions
from lenet_gui.gui.window.run_settings import SettingsBar
from lenet_gui.protocol import Command
from lenet_gui.settings import Settings
from tests.gui import frames
from tests.gui.ready import READY


@pytest.fixture
def bar(qtbot):
    owner = QObject()
    made = SettingsBar(Actions(owner))
    qtbot.addWidget(made)
    made.show_ready(READY)
    made.show_frame(frames.fresh())
    made.resize(1280, 50)
    made.show()
    qtbot.waitExposed(made)
    yield made
    owner.deleteLater()


def pick(field, words):
    """Choose as a person does: the popup's row is activated."""
    row = field.findText(words)
    assert row >= 0
    field.setCurrentIndex(row)
    field.activated.emit(row)


def test_it_shows_what_is_in_force(bar):
    bar.show_frame(frames.fresh(Settings(lr=0.002, batch_size=64, loss="MSELoss", threads=2, mode="eval", seed=7)))
    assert bar.lr.text() == "0.002"
    assert bar.batch_size.text() == "64"
    assert bar.loss.currentText() == "MSELoss"
    assert bar.threads.currentText() == "2"
    assert bar.mode.currentText() == "eval"
    assert bar.seed.text() == "7"


def test_showing_a_frame_sends_nothing(qtbot, bar):
    with qtbot.assertNotEmitted(bar.asked), qtbot.assertNotEmitted(bar.new_run_wanted):
        bar.show_frame(frames.fresh(Settings(lr=0.5, optimizer="Adam", data="random", seed=3)))


@pytest.mark.parametrize(
    ("optimizer", "options", "words"),
    [
        ("SGD", {}, "SGD"),
        ("SGD", {"momentum": 0.5}, "SGD with momentum"),
        ("SGD", {"momentum": 0.9, "nesterov": True}, "Nesterov"),
        ("Adam", {"eps": 1e-6}, "Adam"),
    ],
)
def test_the_optimizer_is_called_by_what_it_does(bar, optimizer, options, words):
    bar.show_frame(frames.fresh(Settings(optimizer=optimizer, **options)))
    assert bar.optimizer.currentText() == words


def test_another_optimizer_comes_with_its_preset_in_one_command(qtbot, bar):
    with qtbot.waitSignal(bar.asked) as got:
        pick(bar.optimizer, "Nesterov")
    assert got.args == [Command.of("set", optimizer="SGD", lr=0.01, momentum=0.9, nesterov=True)]


def test_a_number_is_set_by_enter(qtbot, bar):
    bar.lr.setFocus()
    bar.lr.selectAll()
    qtbot.keyClicks(bar.lr, "0.1")
    with qtbot.waitSignal(bar.asked) as got:
        qtbot.keyClick(bar.lr, Qt.Key.Key_Return)
    assert got.args == [Command.of("set", lr=0.1)]


def test_a_device_that_is_not_there_is_greyed_with_the_reason(bar):
    entry = bar.device.model().item(1)
    assert not entry.isEnabled()
    assert "no NVIDIA driver" in entry.toolTip()


def test_the_optimizers_own_parameters_are_set_in_the_popover(qtbot, bar):
    bar.show_frame(frames.fresh(Settings(optimizer="SGD", momentum=0.9)))
    assert bar.options.fields["momentum"].text() == "0.9"
    with qtbot.waitSignal(bar.asked) as got:
        bar.options.fields["nesterov"].click()
    assert got.args == [Command.of("set", nesterov=True)]
    bar.show_frame(frames.fresh(Settings(optimizer="Adam")))
    assert list(bar.options.fields) == ["eps"]


def test_data_and_seed_ask_for_a_new_run_together(qtbot, bar):
    with qtbot.waitSignal(bar.new_run_wanted) as got:
        pick(bar.data, "Random tensors, the same kept")
    assert got.args[0] == Settings(data="random", redraw=False)
    bar.seed.setText("5")
    with qtbot.waitSignal(bar.new_run_wanted) as got:
        bar.seed.commit()
    assert got.args[0] == Settings(data="random", redraw=False, seed=5)
    bar.forget_wanted()
    assert bar.data.currentText() == "Digits"
    assert bar.seed.text() == "0"


def test_nothing_can_be_set_where_the_frame_does_not_allow_it(bar):
    bar.show_frame(replace(frames.running(), allowed=("pause", "set")))
    assert bar.lr.isEnabled()
    assert not bar.data.isEnabled()
    bar.show_frame(replace(frames.running(), allowed=("pause",)))
    assert not bar.lr.isEnabled()


def test_the_bar_fits_a_window_of_1280_pixels(bar):
    assert bar.sizeHint().width() <= 1280
