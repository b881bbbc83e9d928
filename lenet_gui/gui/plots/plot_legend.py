"""The legend of a plot: a button a curve, that switches it on and off by mouse or keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QGridLayout, QToolButton, QWidget

from lenet_gui.gui import theme

ROWS = 3


class Legend(QWidget):
    """Fills by columns of three, so that a plot beside it may stay low. Empty for one curve: nothing to choose."""

    switched = Signal(int, bool)
    """A curve's index, and whether it is to be seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: list[QToolButton] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(0)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop)

    def show_names(self, names: tuple[str, ...], labels: list[str]) -> None:
        """One button for each of `names`, with the short `labels` on them."""
        for button in self.buttons:
            self._grid.removeWidget(button)
            button.deleteLater()
        self.buttons = [self._button(i, name, labels[i]) for i, name in enumerate(names) if len(names) > 1]
        for i, button in enumerate(self.buttons):
            self._grid.addWidget(button, i % ROWS, i // ROWS)
        self._dress()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        # The window's style draws frames around buttons and room in them, which six in a low dock do not have.
        text, muted, focus = (theme.colour(role).name() for role in ("text", "muted", "accent"))
        sheet = f"""
            QToolButton {{ padding: 0 4px; border: 1px solid transparent; background: transparent; color: {muted}; }}
            QToolButton:checked {{ color: {text}; }}
            QToolButton:hover, QToolButton:focus {{ border-color: {focus}; }}
        """
        # Setting a style sheet sends a change of palette to the buttons, not to this widget: no loop.
        for button in self.buttons:
            button.setStyleSheet(sheet)

    def _button(self, i: int, name: str, label: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(label)
        button.setCheckable(True)
        button.setChecked(True)
        button.setIcon(_swatch(i))
        button.setFont(theme.mono())
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setObjectName(f"curve_{name}")
        button.setAccessibleName(f"Show {name}")
        button.setToolTip(f"Show or hide {name} (Space)")
        button.toggled.connect(lambda shown: self.switched.emit(i, shown))
        return button


def _swatch(i: int) -> QIcon:
    """The curve's colour while it is on, an outline while it is off."""
    icon = QIcon()
    for state in (QIcon.State.On, QIcon.State.Off):
        pixmap = QPixmap(24, 24)
        pixmap.setDevicePixelRatio(2)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setPen(theme.series(i))
        if state == QIcon.State.On:
            painter.fillRect(1, 4, 10, 4, theme.series(i))
        painter.drawRect(1, 4, 9, 3)
        painter.end()
        icon.addPixmap(pixmap, QIcon.Mode.Normal, state)
    return icon
