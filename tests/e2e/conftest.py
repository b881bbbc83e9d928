"""Whole journeys: the real window with its real worker, driven by mouse and keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from lenet_gui.app import Look, Program, application
from lenet_gui.gui.window.notices import as_text
from lenet_gui.gui.window.preferences import folder
from lenet_gui.protocol import Frame

PATIENCE = 60_000


class Person:
    """Somebody at the window, who sees only what it shows."""

    def __init__(self, program: Program, qtbot: QtBot) -> None:
        self.program, self.window, self.qtbot = program, program.window, qtbot
        self.frame: Frame | None = None
        program.bridge.frame.connect(self._see)

    def _see(self, frame: Frame) -> None:
        self.frame = frame

    def widget(self, name: str) -> QWidget:
        found = [widget for widget in self.window.findChildren(QWidget, name) if widget.isVisible()]
        assert len(found) == 1, f"the window shows {len(found)} widgets called {name}"
        return found[0]

    def click(self, name: str) -> None:
        """Press a button when it may be pressed."""
        button = self.widget(name)
        self.until(button.isEnabled)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=button.rect().center())

    def press(self, name: str, **expected: object) -> Frame:
        """Press a phase's button, or another that leads to a new place, and wait for it."""
        before = self.frame
        self.click(name)
        return self.frame_with(before, **expected)

    def choose(self, menu: str, action: str) -> Frame | None:
        """Open a menu and click one of its entries."""
        found = self.window.findChild(QMenu, menu)
        assert isinstance(found, QMenu), f"there is no {menu}"
        entry = next(entry for entry in found.actions() if entry.objectName() == action)
        self.until(entry.isEnabled)
        found.popup(self.window.mapToGlobal(QPoint(200, 100)))
        self.until(found.isVisible)
        before = self.frame
        QTest.mouseClick(found, Qt.MouseButton.LeftButton, pos=found.actionGeometry(entry).center())
        return before

    def pick(self, name: str, words: str) -> None:
        """Choose an entry of a list by its words."""
        box = self.widget(name)
        assert isinstance(box, QComboBox)
        row = next(row for row in range(box.count()) if box.itemText(row).startswith(words))
        box.showPopup()
        self.until(box.view().isVisible)
        place = box.view().visualRect(box.model().index(row, 0)).center()
        QTest.mouseClick(box.view().viewport(), Qt.MouseButton.LeftButton, pos=place)
        self.until(lambda: not box.view().isVisible())

    def type(self, name: str, text: str) -> None:
        """Replace what stands in a field, and press Enter."""
        field = self.widget(name)
        edit = field if isinstance(field, QLineEdit) else field.findChild(QLineEdit)
        assert isinstance(edit, QLineEdit)
        edit.setFocus()
        edit.selectAll()
        QTest.keyClicks(edit, text)
        QTest.keyClick(edit, Qt.Key.Key_Return)

    def frame_with(self, before: Frame | None, **expected: object) -> Frame:
        self.until(
            lambda: (
                self.frame is not before
                and self.frame is not None
                and all(getattr(self.frame, name) == value for name, value in expected.items())
            )
        )
        assert self.frame is not None
        return self.frame

    def console(self) -> str:
        return self.window.panels["console"].all_text()  # type: ignore[attr-defined]

    def notice(self) -> str:
        """All words of the newest notice."""
        found = self.window.notices.current()
        return as_text(found) if found is not None else ""

    def reads(self, words: str) -> None:
        """Wait until the console says so."""
        self.until(lambda: words in self.console())

    def until(self, holds: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(holds, timeout=PATIENCE)


@pytest.fixture
def person(qtbot: QtBot) -> Iterator[Person]:
    program = Program(application([]), Look("dark", (1280, 800)), folder())
    qtbot.addWidget(program.window)
    somebody = Person(program, qtbot)
    program.start()
    # Keys reach the active window only, and a bare X server has no window manager that would make it so.
    program.window.activateWindow()
    somebody.until(program.window.isActiveWindow)
    somebody.until(lambda: somebody.frame is not None and not program.window.empty_docks())
    yield somebody
    program.window.close()
