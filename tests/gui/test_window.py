from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QInputDialog, QMenu, QPushButton, QToolButton, QWidget

from lenet_gui.gui.window.actions import ENTRIES
from lenet_gui.gui.window.preferences import Preferences, folder
from lenet_gui.gui.window.window import Window
from lenet_gui.protocol import (
    PHASES,
    AddBookmark,
    Advance,
    Back,
    BranchRow,
    Command,
    Move,
    NewRun,
    Notice,
    Place,
    RenameBranch,
    Run,
    RunBack,
    Seek,
    Series,
    SetRate,
)
from lenet_gui.settings import Settings
from tests.gui import frames, traces
from tests.gui.ready import CHOICES, READY


def opened(qtbot, frame=None):
    window = Window(Preferences(folder()), folder())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    for name in window.empty_docks():
        window.load_panel(name)
    window.show_ready(READY)
    window.settings_bar.show_choices(CHOICES)
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


BACK_KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.mark.parametrize(
    ("key", "modifier", "message"),
    [
        (Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier, Command("forward")),
        (Qt.Key.Key_F11, Qt.KeyboardModifier.NoModifier, Move("into")),
        (Qt.Key.Key_F10, Qt.KeyboardModifier.NoModifier, Move("over")),
        (Qt.Key.Key_F11, Qt.KeyboardModifier.ShiftModifier, Move("out")),
        (Qt.Key.Key_F8, Qt.KeyboardModifier.NoModifier, Advance("step")),
        (Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier, Run()),
        (Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier, Run(steps=100)),
        (Qt.Key.Key_F11, BACK_KEYS, Move("into", back=True)),
        (Qt.Key.Key_F10, BACK_KEYS, Move("over", back=True)),
        (Qt.Key.Key_F11, Qt.KeyboardModifier.ControlModifier, Move("out", back=True)),
        (Qt.Key.Key_F5, BACK_KEYS, RunBack()),
        (Qt.Key.Key_F8, BACK_KEYS, Back("step")),
        (Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier, Seek()),
    ],
)
def test_keys_do_what_the_buttons_do(qtbot, window, key, modifier, message):
    window.show_frame(frames.in_past())
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
    shown = {name for name, dock in again.docks.by_name.items() if dock.isVisible()}
    assert shown == {*again.docks.by_name} - {"race", "range_test", "compare", "why_moved"}
    again.close()


def test_panels_come_into_their_docks_without_moving_them(qtbot):
    window = Window(Preferences(folder()), folder())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.docks.by_name["plots"].width() > 800)
    before = {name: dock.geometry() for name, dock in window.docks.by_name.items()}
    for name in window.empty_docks():
        window.load_panel(name)
    first = {*window.panels} - {"race", "range_test", "compare", "why_moved"}
    qtbot.waitUntil(lambda: all(window.panels[name].isVisible() for name in first))
    assert {name: dock.geometry() for name, dock in window.docks.by_name.items()} == before
    window.close()


def test_the_race_comes_to_the_front_when_it_is_wanted(qtbot, window):
    dock = window.docks.by_name["race"]
    assert not dock.isVisible()
    dock.toggleViewAction().trigger()
    qtbot.waitUntil(lambda: window.panels["race"].isVisible())


def test_the_view_menu_raises_what_stands_behind_hides_what_is_seen_and_its_marks_are_true(qtbot, window):
    docks = window.docks
    menu = window.findChild(QMenu, "view_menu")
    shown = {one.objectName(): one for one in menu.actions()}
    network, autograd, race = (shown[f"view_{name}"] for name in ("network", "autograd", "race"))
    qtbot.waitUntil(lambda: (network.isChecked(), autograd.isChecked(), race.isChecked()) == (True, False, False))
    autograd.trigger()
    qtbot.waitUntil(window.panels["autograd"].is_seen)
    assert docks.by_name["network"].isVisible(), "it is a tab still"
    qtbot.waitUntil(lambda: (network.isChecked(), autograd.isChecked()) == (False, True))
    autograd.trigger()
    qtbot.waitUntil(lambda: not docks.by_name["autograd"].isVisible())
    assert not autograd.isChecked()
    race.trigger()
    qtbot.waitUntil(window.panels["race"].is_seen)
    assert race.isChecked()
    assert not shown["view_tensor"].isChecked()
    popup = window.createPopupMenu()
    assert [one.objectName() for one in popup.actions()][:2] == ["view_inspector", "view_network"]
    popup.deleteLater()


def test_a_panel_behind_another_is_told_nothing_until_its_tab_is_raised(qtbot, window):
    seen, asked = [], []
    autograd = window.panels["autograd"]
    draw = autograd.show_frame
    autograd.show_frame = lambda frame: (seen.append(frame), draw(frame))
    autograd.asked.connect(asked.append)
    newest = frames.after_backward()
    window.show_frame(newest)
    window.show_numbers(newest)
    assert (seen, asked) == ([], [])
    window.docks.by_name["autograd"].raise_()
    qtbot.waitUntil(lambda: newest in seen)


def test_a_hidden_panel_gets_no_frames_and_the_newest_when_it_is_shown(qtbot, window):
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
    qtbot.waitUntil(lambda: newest in seen)


def test_a_picture_that_cannot_be_written_is_told(window, tmp_path):
    assert window.files.save_picture(str(tmp_path / "window.png"))
    assert not window.files.save_picture(str(tmp_path / "missing" / "window.png"))
    assert "not saved" in window.notices.current().title


def test_the_window_can_be_made_1280_by_800(window):
    assert window.minimumSizeHint().width() <= 1280
    assert window.minimumSizeHint().height() <= 800


def test_the_bars_show_all_of_their_buttons_at_1280_pixels(window):
    assert window.phase_bar.sizeHint().width() <= 1280
    assert window.settings_bar.sizeHint().width() <= 1280


def test_at_1280_by_800_the_step_can_be_followed(qtbot, window):
    window.resize(1280, 800)
    frame = replace(frames.after_backward(), place=Place("main", 3, 4), trace=1, step=7)
    for name in ("network", "code"):  # the questions for the trace are answered by hand
        panel = window.panels[name]
        panel.asked.connect(lambda asked, panel=panel: panel.show_reply(traces.lenet(id=asked.id)))
    window.show_numbers(frame)
    view, code = window.panels["network"].view, window.panels["code"]
    # Output and gradient of each card are seen without scrolling down.
    qtbot.waitUntil(lambda: view.horizontalScrollBar().maximum() > 0)
    assert view.verticalScrollBar().maximum() == 0
    assert len([rect for _, rect in code.view.visible_blocks() if rect.bottom() <= code.view.viewport().height()]) >= 8
    assert code.stack.viewport().height() >= 3 * code.stack.sizeHintForRow(0)


def test_a_reason_as_long_as_they_come_is_read_in_full_in_the_status_bar(window):
    window.resize(1280, 800)
    said = "before max_pool2d_1, operation 12 of 12 of forward"
    window.show_numbers(replace(frames.after_backward(), reason=said))
    QApplication.processEvents()
    assert window.status.reason.fontMetrics().horizontalAdvance(said) <= window.status.reason.width()


def test_with_many_branches_it_can_still_be_made_800_high(qtbot, window):
    names = ("loss", *(f"conv1.bias.grad[{i}]" for i in range(6)))
    window.add_series([Series(1, names, 0, frames.read_only(np.full((600, 7), 0.5)))])
    window.resize(1280, 800)
    rows = tuple(
        BranchRow(f"branch {n}", "branch 1" if n > 1 else "", 50 if n > 1 else 0, 600, 3000) for n in range(1, 9)
    )
    for frame in (frames.in_past(57, rows[:count], "branch 1") for count in (1, 2, 8)):
        window.show_frame(frame)
        for _ in range(5):
            QApplication.processEvents()
        assert window.height() == 800
        assert window.going.timeline.lanes.visibleRegion().boundingRect().height() >= 16 * min(len(frame.branches), 2)


def opened_dialog(qtbot, window, kind, name):
    qtbot.waitUntil(lambda: any(d.isVisible() for d in window.findChildren(kind, name)))
    return window.findChild(kind, name)


def test_going_to_a_step_by_its_number(qtbot, window):
    window.show_frame(frames.in_past())
    qtbot.keyClick(window, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    dialog = opened_dialog(qtbot, window, QDialog, "go_to_dialog")
    dialog.field.setText("12")
    assert sent_by(qtbot, window, lambda: qtbot.keyClick(dialog.field, Qt.Key.Key_Return)) == Seek(12)


def test_a_bookmark_has_a_note(qtbot, window):
    window.show_frame(frames.in_past())
    qtbot.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    dialog = opened_dialog(qtbot, window, QInputDialog, "bookmark_dialog")
    dialog.setTextValue("before it falls")
    assert sent_by(qtbot, window, dialog.accept) == AddBookmark("before it falls")


def test_a_branch_gets_another_name(qtbot, window):
    window.show_frame(frames.branched())
    window.going.timeline.rename_wanted.emit("warmer")
    dialog = opened_dialog(qtbot, window, QInputDialog, "rename_dialog")
    assert dialog.textValue() == "warmer"
    dialog.setTextValue("hot")
    assert sent_by(qtbot, window, dialog.accept) == RenameBranch("warmer", "hot")


@pytest.mark.parametrize("focused", ["console", "plots", "inspector"])
def test_escape_cancels_a_seek_before_it_dismisses_a_notice(qtbot, window, focused):
    window.show_notice(Notice("note", "Something", "", "to read"))
    window.show_frame(frames.seeking())
    panel = window.panels[focused]
    widget = {"console": "console_text", "plots": "plot_loss", "inspector": "inspector_tree"}[focused]
    panel.findChild(QWidget, widget).setFocus()
    with qtbot.waitSignal(window.paused):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert window.notices.isVisible()
    window.show_frame(frames.in_past())
    with qtbot.assertNotEmitted(window.paused):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert not window.notices.isVisible()


def test_the_pause_button_cancels_a_seek(qtbot, window):
    window.show_frame(frames.seeking())
    with qtbot.waitSignal(window.paused):
        qtbot.mouseClick(window.phase_bar.pause, Qt.MouseButton.LeftButton)


def test_the_timeline_can_be_hidden_which_is_remembered_and_brought_back(qtbot, window):
    timeline = window.going.timeline
    assert timeline.isVisible()
    timeline.toggleViewAction().trigger()
    assert not timeline.isVisible()
    window.close()
    again = opened(qtbot)
    qtbot.waitUntil(lambda: not again.going.timeline.isVisible())
    again.actions_["reset_layout"].trigger()
    assert again.going.timeline.isVisible()
    again.close()


def test_every_action_stands_in_one_menu(window):
    menus = [menu for menu in window.menuBar().findChildren(QMenu) if menu.parent() is window.menuBar()]
    menus += window.findChildren(QMenu, "export_menu")
    names = [action.objectName() for menu in menus for action in menu.actions() if action.objectName()]
    wanted = {entry.name for entry in ENTRIES}
    assert wanted <= set(names)
    assert len(names) == len(set(names))


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
