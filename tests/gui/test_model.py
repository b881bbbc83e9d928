"""The model of a run: the list, opening one's own file, what is asked before, the line that says what has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QToolBar
from pytestqt.qtbot import QtBot

from lenet_gui.gui.model.arguments import ArgumentsDialog
from lenet_gui.gui.model.asking import AllowDialog, ClassDialog, CodeDialog, ShapeDialog
from lenet_gui.gui.model.choosing import ChoosingModel
from lenet_gui.gui.window.actions import Actions
from lenet_gui.gui.window.notices import NoticeArea
from lenet_gui.gui.window.run_settings import SettingsBar
from lenet_gui.protocol import Option
from lenet_gui.protocol.models import (
    LeaveIt,
    ModelChoice,
    ModelChoices,
    ModelInUse,
    ModelQuestion,
    OpenModel,
    RunItsCode,
    WithoutCode,
)
from lenet_gui.settings import Settings
from tests.gui import frames

MLP = ModelChoice("MLP", (Option("hidden", "int", 128), Option("dropout", "float", 0.0), Option("bias", "bool", True)))
ZOO = ModelChoices((ModelChoice("LeNet", ()), MLP))


class Held:
    """A window with a settings bar and the model's part, and what it asks the worker."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.notices = NoticeArea(self.window)
        self.bar = SettingsBar(Actions(self.window), self.window)
        self.window.addToolBar(self.bar)
        self.phases = QToolBar(self.window)
        self.window.addToolBar(self.phases)
        self.choosing = ChoosingModel(self.window, self.phases, self.bar, self.notices)
        self.window.insertToolBar(self.phases, self.choosing.without)
        self.choosing.without.settle()
        self.asked: list[Any] = []
        self.wanted: list[Settings] = []
        self.choosing.asked.connect(self.asked.append)
        self.bar.new_run_wanted.connect(self.wanted.append)
        self.window.resize(1280, 400)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.choosing.show_reply(ZOO)
        self.show(Settings())

    def show(self, settings: Settings, **changes: Any) -> None:
        frame = replace(frames.fresh(settings), **{"unsaved": False, **changes})
        self.bar.show_frame(frame)
        self.choosing.show_frame(frame)

    def entries(self) -> list[str]:
        return [self.bar.model.itemText(row) for row in range(self.bar.model.count())]

    def pick(self, words: str) -> None:
        row = self.bar.model.findText(words)
        assert row >= 0, self.entries()
        self.bar.model.setCurrentIndex(row)
        self.bar.model.activated.emit(row)

    def dialog(self, kind: type[QDialog]) -> Any:
        found = [one for one in self.window.findChildren(kind) if one.isVisible()]
        assert len(found) == 1
        return found[0]

    def press(self, name: str) -> None:
        buttons = self.choosing.changed.buttons | self.choosing.without.line.buttons
        assert buttons[name].isVisible()
        buttons[name].click()


@pytest.fixture
def held(qtbot: QtBot) -> Held:
    return Held(qtbot)


def own_file(folder: Path, text: str = "class Net: pass") -> tuple[Path, str]:
    """A file, and what settings call its model."""
    path = folder / "my_model.py"
    path.write_text(text)
    return path, f"file:{hashlib.sha256(path.read_bytes()).hexdigest()}:Net"


def use(held: Held, folder: Path) -> Path:
    path, model = own_file(folder)
    held.choosing.show_reply(ModelInUse(model, str(path), path.name, (Option("hidden", "int", 8),)))
    held.show(Settings(model=model))
    return path


def test_another_model_of_the_list_is_another_run(held: Held) -> None:
    assert held.entries() == ["LeNet", "MLP", "Arguments…", "Your own file…"]
    assert held.bar.model.currentText() == "LeNet"
    held.pick("MLP")
    assert held.wanted[-1].model == "MLP"


def test_the_arguments_of_its_constructor_are_fields(held: Held) -> None:
    held.show(Settings(model="MLP", model_dropout=0.5))
    held.pick("Arguments…")
    dialog = held.dialog(ArgumentsDialog)
    assert [(name, field.text()) for name, field in dialog.fields.items()][:2] == [
        ("hidden", "128"),
        ("dropout", "0.5"),
    ]
    dialog.fields["hidden"].setText("half")
    dialog.use.click()
    assert dialog.isVisible()
    assert dialog.words.text() == "hidden: “half” is not a number. Type digits, such as 0.05 or 5e-2."
    dialog.fields["hidden"].setText("32")
    dialog.fields["bias"].setChecked(False)
    dialog.use.click()
    assert held.wanted[-1].of("model") == {"hidden": 32, "dropout": 0.5, "bias": False}
    assert held.bar.model.currentText() == "MLP"


def test_an_own_model_stands_in_the_list_by_its_class_and_file(held: Held, tmp_path: Path) -> None:
    use(held, tmp_path)
    assert held.entries() == ["LeNet", "MLP", "Net (my_model.py)", "Arguments…", "Your own file…"]
    assert held.bar.model.currentText() == "Net (my_model.py)"
    held.pick("Arguments…")
    assert list(held.dialog(ArgumentsDialog).fields) == ["hidden"]


def test_a_file_that_is_dropped_on_the_window_is_opened(held: Held, tmp_path: Path) -> None:
    path, _ = own_file(tmp_path)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    middle = QPointF(held.window.rect().center())
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    for event in (
        QDragEnterEvent(middle.toPoint(), copy, data, buttons, keys),
        QDragMoveEvent(middle.toPoint(), copy, data, buttons, keys),
        QDropEvent(middle, copy, data, buttons, keys),
    ):
        QApplication.sendEvent(held.window, event)
        assert event.isAccepted()
    assert held.asked == [OpenModel(str(path))]


def test_unsaved_work_is_not_dropped_without_a_word(held: Held) -> None:
    held.show(Settings(), unsaved=True, step=12)
    held.choosing.open("/models/net.py", "Net")
    assert held.asked == []
    notice = held.notices.current()
    assert notice is not None
    assert "This one (12 steps) has not been saved" in notice.advice


def test_nothing_runs_before_the_warning_is_answered(held: Held) -> None:
    question = ModelQuestion("allow", OpenModel("/models/net.py"), "ab" * 32, code="import os")
    held.choosing.show_reply(question)
    dialog = held.dialog(AllowDialog)
    assert not dialog.run.isDefault()
    dialog.reject()
    assert held.asked == []
    held.choosing.show_reply(question)
    held.dialog(AllowDialog).run.click()
    assert held.asked == [OpenModel("/models/net.py", allowed="ab" * 32)]


def choose_class(dialog: ClassDialog) -> None:
    assert dialog.chosen() == "Net"
    dialog.list.setCurrentRow(0)


def give_argument(dialog: ArgumentsDialog) -> None:
    dialog.fields["hidden"].setText("5")


def give_shape(dialog: ShapeDialog) -> None:
    assert dialog.field.text() == "1x32x32"
    dialog.field.setText(" 3x64x64 ")


ABOUT = OpenModel("/models/net.py", "Net", "ab" * 32)


@pytest.mark.parametrize(
    ("question", "kind", "answer", "asked"),
    [
        (
            ModelQuestion("class", replace(ABOUT, name=""), "", classes=("Part", "Net")),
            ClassDialog,
            choose_class,
            replace(ABOUT, name="Part"),
        ),
        (
            ModelQuestion("arguments", ABOUT, "", wanted=(Option("hidden", "int", None),)),
            ArgumentsDialog,
            give_argument,
            replace(ABOUT, options=(("model_hidden", 5),)),
        ),
        (
            ModelQuestion("shape", ABOUT, "", "It refuses [2, 1, 32, 32].", shape="1x32x32"),
            ShapeDialog,
            give_shape,
            replace(ABOUT, options=(("model_input", "3x64x64"),)),
        ),
    ],
)
def test_what_the_worker_asks_is_answered_with_the_same_file(
    held: Held, question: ModelQuestion, kind: type[QDialog], answer: Callable[[Any], None], asked: OpenModel
) -> None:
    held.choosing.show_reply(question)
    dialog = held.dialog(kind)
    answer(dialog)
    dialog.accept()
    assert held.asked == [asked]


def test_a_file_that_has_changed_can_be_reloaded(held: Held, qtbot: QtBot, tmp_path: Path) -> None:
    path = use(held, tmp_path)
    bar = held.choosing.changed
    assert not bar.isVisible()
    new = tmp_path / "new"
    new.write_text("class Net: deeper = True")
    new.replace(path)  # as editors do
    qtbot.waitUntil(bar.isVisible)
    assert bar.words.text() == "my_model.py has changed"
    held.press("model_reload")
    assert held.asked == [OpenModel(str(path), "Net", reload=True)]
    assert not bar.isVisible()
    path.write_text("class Net: deeper = False")
    qtbot.waitUntil(bar.isVisible)
    own_file(tmp_path)
    qtbot.waitUntil(lambda: not bar.isVisible())
    held.show(Settings())


def test_a_session_without_its_model_says_so_until_another_run_begins(held: Held) -> None:
    told = WithoutCode(9, ("ab" * 32,), "It has a model of somebody's own.", "import os")
    held.show(Settings(model=f"file:{'ab' * 32}:Net"), run=9, allowed=("new",))
    held.choosing.show_reply(told)
    assert held.choosing.without.line.words.text() == told.words
    assert not held.phases.isVisible()
    assert held.bar.model.currentText() == "Net (not run)"
    held.press("model_read")
    dialog = held.dialog(CodeDialog)
    dialog.reject()
    held.press("model_run")
    assert held.asked == [RunItsCode(told.sources)]
    assert held.choosing.without.isVisible()
    held.press("model_leave")
    assert held.asked[-1] == LeaveIt()
    held.show(Settings(), run=10)
    assert not held.choosing.without.isVisible()
    assert held.phases.isVisible()
