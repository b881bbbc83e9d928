import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QPushButton

from lenet_gui.gui.window import shortcuts
from lenet_gui.gui.window.actions import Actions
from lenet_gui.gui.window.preferences import Preferences, folder

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def preferences():
    return Preferences(folder())


@pytest.fixture
def actions():
    owner = QObject()
    yield Actions(owner)
    owner.deleteLater()


@pytest.fixture
def dialog(qtbot, actions, preferences):
    made = shortcuts.ShortcutsDialog(actions, preferences)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def test_every_action_is_listed(dialog, actions):
    assert set(dialog.edits) == set(actions.by_name)


def test_new_keys_hold_at_once_and_at_the_next_start(dialog, actions, preferences):
    dialog.change("forward", QKeySequence("Ctrl+Alt+F"))
    assert actions["forward"].shortcut() == QKeySequence("Ctrl+Alt+F")
    assert "Ctrl+Alt+F" in actions["forward"].toolTip()
    preferences.save()
    owner = QObject()
    later = Actions(owner)
    later.recall_keys(Preferences(folder()))
    assert later["forward"].shortcut() == QKeySequence("Ctrl+Alt+F")
    owner.deleteLater()


def test_keys_that_are_taken_are_refused_and_said_by_whom(dialog, actions):
    dialog.change("forward", QKeySequence("F5"))
    assert "Run" in dialog.conflict.text()
    assert actions["forward"].shortcut() == QKeySequence("Ctrl+2")
    assert dialog.edits["forward"].keySequence() == QKeySequence("Ctrl+2")


def test_keys_of_the_desktop_are_refused(dialog, actions):
    dialog.change("forward", QKeySequence("Alt+F10"))
    assert "desktop" in dialog.conflict.text()
    assert actions["forward"].shortcut() == QKeySequence("Ctrl+2")


def test_keys_can_be_removed_and_stay_removed(dialog, actions, preferences):
    dialog.change("forward", QKeySequence())
    actions.recall_keys(preferences)
    assert actions["forward"].shortcut().isEmpty()


def test_all_come_back_to_the_defaults(dialog, actions, preferences):
    dialog.change("forward", QKeySequence("Ctrl+Alt+F"))
    dialog.findChild(QPushButton, "reset_shortcuts").click()
    actions.recall_keys(preferences)
    assert actions["forward"].shortcut() == QKeySequence("Ctrl+2")
