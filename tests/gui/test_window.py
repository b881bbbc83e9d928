from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from lenet_gui.gui.preferences import Preferences, folder
from lenet_gui.gui.window import Window
from lenet_gui.protocol import PHASES, Advance, Command, NewRun, Notice, Place, Run, SetRate
from lenet_gui.settings import Settings
from tests.gui import frames
from tests.gui.ready import READY


def opened(qtbot, frame=None):
    window = Window(Preferences(folder()), folder())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    for name in window.empty_docks():
        window.load_panel(name)
    window.show_ready(READY)
    window.show_frame(frame or frames.fresh())
    window.show_numbers(frame or frames.fresh())
    return window


@pytest.fixture
def window(qtbot):
    made = opened(qtbot)
    yield made
    made.close()


def sent_by(qtbot, window, press):
    with qtbot.waitSignal(window.asked) as got:
        press()
    return got.args[0]


@pytest.mark.parametrize("phase", PHASES)
def test_each_phase_is_a_button(qtbot, window, phase):
    window.show_frame(frames.after_backward())
    button = window.phase_bar.phases[phase]
    sent = sent_by(qtbot, window, lambda: qtbot.mouseClick(button, Qt.MouseButton.LeftButton))
    assert sent == Command(phase)


@pytest.mark.parametrize(
    ("key", "modifier", "message"),
    [
        (Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier, Command("forward")),
        (Qt.Key.Key_F10, Qt.KeyboardModifier.NoModifier, Advance("phase")),
        (Qt.Key.Key_F8, Qt.KeyboardModifier.NoModifier, Advance("step")),
        (Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier, Run()),
        (Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier, Run(steps=100)),
    ],
)
def test_keys_do_what_the_buttons_do(qtbot, window, key, modifier, message):
    assert sent_by(qtbot, window, lambda: qtbot.keyClick(window, key, modifier)) == message


def test_the_next_phase_is_highlighted(window):
    window.show_frame(frames.after_backward())
    assert [name for name, button in window.phase_bar.phases.items() if button.property("next")] == ["step"]


def test_pause_is_the_only_phase_key_while_running(qtbot, window):
    window.show_frame(frames.running())
    assert not window.phase_bar.phases["forward"].isEnabled()
    with qtbot.waitSignal(window.paused):
        qtbot.keyClick(window, Qt.Key.Key_F6)


def test_the_speed_goes_with_the_run_and_changes_it(qtbot, window):
    window.phase_bar.slider.setValue(0)
    assert window.phase_bar.words.text() == "1 phase/s"
    assert sent_by(qtbot, window, window.actions_["run"].trigger) == Run(rate=1.0)
    window.show_frame(frames.running())
    assert sent_by(qtbot, window, lambda: window.phase_bar.slider.setValue(60)) == SetRate(None)
    assert window.phase_bar.words.text() == "unlimited"


def test_a_bad_number_of_steps_runs_nothing_and_says_why(qtbot, window):
    window.phase_bar.steps.setText("-3")
    with qtbot.assertNotEmitted(window.asked):
        window.actions_["run_n"].trigger()
    assert "Type 1 or more" in window.phase_bar.steps.refused()


def test_a_new_run_is_begun_at_once_where_nothing_is_lost(qtbot, window):
    assert sent_by(qtbot, window, window.actions_["new_run"].trigger) == NewRun(Settings())


def test_a_new_run_asks_first_where_steps_were_taken(qtbot, window):
    window.show_frame(replace(frames.after_backward(), step=7))
    with qtbot.assertNotEmitted(window.asked):
        window.actions_["new_run"].trigger()
    assert "7 steps" in window.notices.current().advice
    yes = window.notices.findChild(QPushButton, "notice_offer_0")
    assert sent_by(qtbot, window, yes.click) == NewRun(Settings())


def test_keeping_the_run_brings_its_seed_back(qtbot, window):
    window.show_frame(frames.after_backward())
    window.settings_bar.seed.setText("9")
    window.settings_bar.seed.commit()
    assert window.notices.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.settings_bar.seed.text() == "0"


def test_a_refusal_is_gone_after_the_next_thing_done(window):
    window.show_notice(Notice("refused", "PyTorch refused", "no", "do that"))
    window.show_frame(frames.fresh())
    assert window.notices.isVisible()
    window.show_frame(replace(frames.fresh(), place=Place("main", 1)))
    assert not window.notices.isVisible()


def test_choices_are_remembered(qtbot, window):
    window.phase_bar.slider.setValue(12)
    window.actions_.to_zeros.trigger()
    window.phase_bar.steps.set_value(250)
    window.docks.by_name["console"].close()
    window.close()
    again = opened(qtbot)
    assert again.phase_bar.slider.value() == 12
    assert again.actions_.to_zeros.isChecked()
    assert again.phase_bar.steps.value() == 250
    qtbot.waitUntil(lambda: not again.docks.by_name["console"].isVisible())
    again.actions_["reset_layout"].trigger()
    assert all(dock.isVisible() for dock in again.docks.by_name.values())
    again.close()


def test_panels_come_into_their_docks_without_moving_them(qtbot):
    window = Window(Preferences(folder()), folder())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.docks.by_name["plots"].width() > 1000)
    before = {name: dock.geometry() for name, dock in window.docks.by_name.items()}
    for name in window.empty_docks():
        window.load_panel(name)
    qtbot.waitUntil(lambda: all(panel.isVisible() for panel in window.panels.values()))
    assert {name: dock.geometry() for name, dock in window.docks.by_name.items()} == before
    window.close()


def test_a_hidden_panel_gets_no_frames_and_the_newest_when_it_is_shown(window):
    seen = []
    inspector = window.panels["inspector"]
    draw = inspector.show_frame
    inspector.show_frame = lambda frame: (seen.append(frame), draw(frame))
    window.docks.by_name["inspector"].close()
    newest = frames.after_backward()
    window.show_frame(newest)
    window.show_numbers(newest)
    assert not seen
    window.docks.by_name["inspector"].show()
    assert seen == [newest]


def test_a_picture_that_cannot_be_written_is_told(window, tmp_path):
    assert window.save_picture(str(tmp_path / "window.png"))
    assert not window.save_picture(str(tmp_path / "missing" / "window.png"))
    assert "not saved" in window.notices.current().title


def test_the_window_can_be_made_1280_by_800(window):
    assert window.minimumSizeHint().width() <= 1280
    assert window.minimumSizeHint().height() <= 800


def test_every_control_has_a_name_a_tooltip_and_an_object_name(window):
    bars = (window.phase_bar, window.settings_bar)
    controls = [*window.phase_bar.phases.values(), window.phase_bar.slider, window.phase_bar.steps]
    controls += [child for bar in bars for child in bar.findChildren(QToolButton)]
    controls = [control for control in controls if not control.objectName().startswith("qt_")]
    controls += [getattr(window.settings_bar, name) for name in ("device", "data", "loss", "optimizer", "lr", "seed")]
    for control in controls:
        assert isinstance(control, QWidget)
        assert control.objectName(), control
        assert control.accessibleName(), control.objectName()
        assert control.toolTip(), control.objectName()
