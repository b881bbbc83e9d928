"""The timeline along the bottom: the lanes of the branches, where one is, and the list of branches to switch to."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QScrollArea, QSizePolicy, QToolBar, QToolButton, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.travel import branches
from lenet_gui.gui.travel.lanes import Lanes
from lenet_gui.gui.travel.timeline_picture import LANE
from lenet_gui.protocol import Frame, Reply, Seek

MOST_LANES = 5
"""More of them scroll."""
_NAME_LETTERS = 16


class Timeline(QToolBar):
    """Shows each frame at the cost of a few words while no branch grows and nobody goes back."""

    asked = Signal(object)
    """A `Control` or a `Request` for the worker."""
    rename_wanted = Signal(str)
    """The name of the branch that is to have another."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Timeline", parent)
        self.setObjectName("timeline")
        self.setMovable(False)
        self.setIconSize(QSize(12, 8))
        self.toggleViewAction().setObjectName("view_timeline")
        self.toggleViewAction().setToolTip("Show or hide: Timeline")
        self._frame: Frame | None = None
        self._branch = ("", -1)
        self._digits = 0
        self._fitted = (0, 0)
        self.lanes = Lanes()
        self.lanes.asked.connect(self.asked)
        self.lanes.rename_wanted.connect(self.rename_wanted)
        title = QLabel("Timeline", self)
        title.setContentsMargins(theme.UNIT, 0, theme.UNIT, 0)
        self.words = self._place_words()
        self.branch_button, self.menu = self._branch_list()
        self._area = self._scroll_area()
        for widget in (title, self._area, self.words, self.branch_button):
            self.addWidget(widget)
        self._fit_lanes(1)

    def show_frame(self, frame: Frame) -> None:
        self._frame = frame
        self._fit_lanes(max(1, len(frame.branches)))
        self.lanes.show_frame(frame)
        last = branches.present(frame).steps
        self._fit_words(last)
        words = f"step {frame.step:,} / {last:,}"
        if words != self.words.text():
            self.words.setText(words)
        self._show_branch(frame)
        self.branch_button.setEnabled("seek" in frame.allowed)

    def show_reply(self, reply: Reply) -> None:
        self.lanes.show_reply(reply)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fitted = (0, 0)
        if self._frame is not None:
            self._fit_lanes(max(1, len(self._frame.branches)))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "lanes"):
            self.lanes.update()

    def _show_branch(self, frame: Frame) -> None:
        shown = frame.place.branch, max(0, branches.index_of(frame, frame.place.branch))
        if shown == self._branch:
            return
        self._branch = shown
        name = shown[0]
        short = name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…"
        self.branch_button.setText(short.replace("&", "&&"))
        self.branch_button.setIcon(theme.swatch(shown[1]))
        self.branch_button.setAccessibleName(f"Branch: {name}")
        # The lane of the branch that one is on is the first.
        self._area.verticalScrollBar().setValue(0)

    def _fill_menu(self) -> None:
        self.menu.clear()
        frame = self._frame
        if frame is None:
            return
        for i, row in enumerate(frame.branches):
            steps = f"{row.steps:,} step{'' if row.steps == 1 else 's'}"
            entry = QAction(theme.swatch(i), f"{row.name.replace('&', '&&')}  ·  {steps}", self.menu)
            entry.setObjectName(f"branch_{row.name}")
            entry.setCheckable(True)
            entry.setChecked(row.name == frame.place.branch)
            entry.triggered.connect(lambda _=False, name=row.name: self.asked.emit(Seek(None, name)))
            self.menu.addAction(entry)
        self.menu.addSeparator()
        rename = self.menu.addAction("Rename…", lambda: self.rename_wanted.emit(frame.place.branch))
        rename.setObjectName("rename_branch")

    # --------------------------------------------------------------------------------------------------- its widgets

    def _place_words(self) -> QLabel:
        words = QLabel("step 0 / 0", self)
        words.setObjectName("timeline_words")
        words.setAccessibleName("Steps done, and steps of the branch")
        words.setToolTip("Whole steps done here, and how many the branch has")
        words.setFont(theme.mono())
        words.setContentsMargins(0, 0, 2 * theme.UNIT, 0)
        words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # Of one size and opaque: new words then lay nothing out, and nothing below them is painted again.
        words.setAutoFillBackground(True)
        return words

    def _branch_list(self) -> tuple[QToolButton, QMenu]:
        button = QToolButton(self)
        button.setObjectName("branch_button")
        button.setToolTip("The branch that one is on. Choose another to go to its end, or another name for this one")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # The names that branches have at first need no other size.
        button.setMinimumWidth(QFontMetrics(self.font()).horizontalAdvance("branch 10") + 12 * theme.UNIT)
        menu = QMenu(button)
        menu.setObjectName("branch_menu")
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill_menu)
        button.setMenu(menu)
        button.setEnabled(False)
        return button, menu

    def _scroll_area(self) -> QScrollArea:
        area = QScrollArea(self)
        area.setObjectName("timeline_area")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        area.setWidget(self.lanes)
        return area

    def _fit_lanes(self, count: int) -> None:
        """Grow with the branches, as far as the window has room for it."""
        wanted = count, self.window().height()
        if wanted == self._fitted:
            return
        self._fitted = wanted
        others = self.window().minimumSizeHint().height() - self._area.height()
        room = (self.window().height() - others) // LANE if self.isVisible() else 1
        self._area.setFixedHeight(max(1, min(count, room, MOST_LANES)) * LANE)

    def _fit_words(self, last: int) -> None:
        """Room for as many digits as the branch has, so that the words move nothing while they change."""
        digits = max(5, len(f"{last:,}"))
        if digits != self._digits:
            self._digits = digits
            letters = QFontMetrics(self.words.font())
            width = letters.horizontalAdvance("0" * (2 * digits + len("step  / "))) + 4 * theme.UNIT
            self.words.setFixedSize(width, letters.height())
