import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence

from lenet_gui.gui import theme
from lenet_gui.gui.window.actions import ENTRIES, Actions
from lenet_gui.protocol import PHASES, Back, Command, Evaluate, FindNotFinite, Move, PrintRequest, Seek
from tests.gui import frames

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def actions():
    owner = QObject()
    made = Actions(owner)
    made.allow(("zero_grad", "forward", "set", "evaluate", "print"))
    yield made
    owner.deleteLater()


def sent_by(qtbot, actions, name):
    with qtbot.waitSignal(actions.asked) as got:
        actions[name].trigger()
    return got.args[0]


def test_only_what_the_frame_allows_may_be_pressed(actions):
    enabled = {entry.name for entry in ENTRIES if entry.allowed and actions[entry.name].isEnabled()}
    assert {"zero_grad", "forward", "forward_sample", "evaluate", "print_model"} <= enabled
    assert not {"backward", "step", "run", "pause", "new_run", "advance_phase"} & enabled
    assert actions["quit"].isEnabled()


def test_nothing_may_be_pressed_before_the_first_frame():
    owner = QObject()
    fresh = Actions(owner)
    assert not any(fresh[phase].isEnabled() for phase in PHASES)
    owner.deleteLater()


def test_each_action_sends_what_its_name_says(qtbot, actions):
    assert sent_by(qtbot, actions, "forward") == Command("forward")
    assert sent_by(qtbot, actions, "forward_unsqueeze") == Command.of("forward", sample=0, unsqueeze=True)
    assert sent_by(qtbot, actions, "evaluate") == Evaluate()
    assert sent_by(qtbot, actions, "print_conv1_bias_grad") == PrintRequest("conv1.bias.grad")


def test_going_back_may_be_pressed_where_the_frame_allows_it(qtbot, actions):
    names = ("back_phase", "back_step", "go_to", "go_to_newest", "add_bookmark")
    assert not any(actions[name].isEnabled() for name in names)
    actions.show_frame(frames.in_past())
    assert all(actions[name].isEnabled() for name in names)
    assert sent_by(qtbot, actions, "back_phase") == Move("over", back=True)
    assert sent_by(qtbot, actions, "back_step") == Back("step")
    assert sent_by(qtbot, actions, "go_to_newest") == Seek()
    actions.show_frame(frames.seeking())
    assert {
        name for name, action in actions.by_name.items() if actions.entries[name].allowed and action.isEnabled()
    } == {"pause"}


def test_inside_a_step_only_what_can_be_done_there_may_be_pressed(qtbot, actions):
    allowed = ("backward", "advance", "run", "back", "seek", "evaluate", "new", "find")
    actions.allow(allowed)
    enabled = {name for name, action in actions.by_name.items() if actions.entries[name].allowed and action.isEnabled()}
    assert {"backward", "into", "advance_phase", "out", "back_into", "run_back", "run_to", "run"} <= enabled
    assert not {"zero_grad", "forward", "loss", "step", "next_batch", "pause"} & enabled
    assert sent_by(qtbot, actions, "into") == Move("into")
    assert sent_by(qtbot, actions, "back_out") == Move("out", back=True)
    assert sent_by(qtbot, actions, "find_not_finite") == FindNotFinite()


def test_zeros_instead_of_none_is_a_choice(qtbot, actions):
    assert sent_by(qtbot, actions, "zero_grad") == Command("zero_grad")
    actions.to_zeros.trigger()
    assert sent_by(qtbot, actions, "zero_grad") == Command.of("zero_grad", set_to_none=False)
    actions.to_none.trigger()
    assert sent_by(qtbot, actions, "zero_grad") == Command("zero_grad")


def test_tooltips_give_the_line_of_pytorch_and_the_key(actions):
    tip = actions["forward"].toolTip()
    assert "output = net(input)" in tip
    assert "Ctrl+2" in tip


def test_no_two_actions_share_keys_and_none_belongs_to_the_desktop():
    keys = [QKeySequence(entry.keys).toString() for entry in ENTRIES if entry.keys]
    assert all(keys)
    assert len(keys) == len(set(keys))
    assert not {"Alt+F10", "Alt+F5"} & set(keys)


def test_each_picture_that_an_action_names_is_there():
    assert [entry.name for entry in ENTRIES if entry.icon and theme.icon(entry.icon).isNull()] == []
