"""What every dock's panel is to the window. The panels themselves live one to a file."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from lenet_gui.protocol import Frame, Reply


class Panel(QWidget):
    """One dock's content. It draws what it is given, asks through `asked`, and knows no other panel.

    The window gives frames to panels that are seen only, so a hidden panel costs nothing; when it is shown
    it gets the newest frame. Repainting after a change of palette is the panel's own (`changeEvent`).
    """

    title = ""
    asked = Signal(object)
    """A `Command`, `Control` or `Request` for the worker."""

    def is_seen(self) -> bool:
        """Whether any of it is on the screen. A dock behind another, as a tab, counts as visible with Qt."""
        return self.isVisible() and not self.visibleRegion().isEmpty()

    def show_frame(self, frame: Frame) -> None:
        """Draw this place. Called for each painted frame, so it must be cheap while nothing changed."""

    def show_reply(self, reply: Reply) -> None:
        """Draw the answer to a question of this panel's; others' answers are to be ignored."""
