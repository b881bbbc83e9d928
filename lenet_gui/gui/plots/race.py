"""The race of two branches: which two, and how the race stands. What is drawn of it is `race_plot`'s and
`race_table`'s; the engine runs it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStyle,
    QStyleOptionComboBox,
    QVBoxLayout,
)

from lenet_gui.gui import theme
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.plots.race_plot import LossPlot
from lenet_gui.gui.plots.race_table import DistanceTable
from lenet_gui.gui.travel import branches
from lenet_gui.gui.widgets.list_field import ListField
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.protocol import Frame, RaceReport, StartRace

ONE_BRANCH = "Go back, change something, and run on: then there are two branches to race"
SAME_BRANCH = "Choose two different branches to race"
WIDE = 600
"""Pixels from which on the table stands beside the plot, not below it."""


class RacePanel(Panel):
    """Asks for a race of the two chosen branches, and shows the newest report until another run begins."""

    title = "Race"

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("race")
        self.setAccessibleName("Race of two branches")
        self._run: int | None = None
        self._names: tuple[str, ...] = ()
        self._may_race = False
        self._by_hand = False  # somebody chose: the defaults do not move the choice any more
        self._report: RaceReport | None = None
        # Where the report's branches stand in the frame: a branch that gets another name keeps its place.
        self._places: tuple[int, int] | None = None
        self.one = self._list("race_one", "First branch of the race")
        self.other = self._list("race_other", "Second branch of the race")
        self.start = self._button()
        self.words = QLabel()
        self.words.setObjectName("race_words")
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.plot = LossPlot(self)
        self.table = DistanceTable()
        self._lay_out()

    def show_frame(self, frame: Frame) -> None:
        names = tuple(row.name for row in frame.branches) or (branches.present(frame).name,)
        if frame.run != self._run:
            self._run, self._names, self._by_hand, self._report = frame.run, (), False, None
            self._show_report()
        if names != self._names:
            self._fill(frame, names)
        self._may_race = "seek" in frame.allowed
        self._say()

    def show_report(self, report: RaceReport) -> None:
        """How a race stands, or how it ended."""
        self._report = report
        known = report.one in self._names and report.other in self._names
        self._places = (self._names.index(report.one), self._names.index(report.other)) if known else None
        if self.is_seen():
            self._show_report()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_report()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= WIDE
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        for layout in (self._top, self._body):
            layout.setDirection(direction)
        # Beside the plot the table is as wide as its columns; below it they share the height.
        for i, stretch in enumerate((1, 0) if wide else (3, 2)):
            self._body.setStretch(i, stretch)

    # --------------------------------------------------------------------------------------------------- the choice

    def _fill(self, frame: Frame, names: tuple[str, ...]) -> None:
        """Other branches to choose from: one has grown, or has another name."""
        renamed, before = len(names) == len(self._names), self._names
        chosen = [_kept(field, names, renamed) for field in (self.one, self.other)]
        self._names = names
        grown = len(names) > len(before)
        if None in chosen or (grown and not self._by_hand):
            chosen = _defaults(frame)
        for field, name in zip((self.one, self.other), chosen, strict=True):
            field.show_branches(names, name)
        self._show_report()

    def _picked(self) -> None:
        self._by_hand = True
        self._say()

    def _hint(self) -> str:
        """What to do before there can be a race; empty where there can be one."""
        if len(self._names) < 2:
            return ONE_BRANCH if self._names else ""
        return SAME_BRANCH if self.one.currentIndex() == self.other.currentIndex() else ""

    def _ask(self) -> None:
        self.asked.emit(StartRace(self.one.currentData(), self.other.currentData()))

    # --------------------------------------------------------------------------------------------------- the report

    def _show_report(self) -> None:
        report = self._report
        if report is None:
            self.plot.clear()
            self.table.distances.show_distances(())
        else:
            places = self._places
            one, other = (self._names[i] for i in places) if places else (report.one, report.other)
            self.plot.show_losses(report, (one, other), places or (0, 1))
            # Before the first step the two may still be on their way to where they part.
            self.table.distances.show_distances(report.distances if len(report.losses) else (), one)
        self._say()

    def _say(self) -> None:
        hint = self._hint()
        self.start.setEnabled(self._may_race and not hint)
        said = hint or (words(self._report) if self._report is not None else "")
        if said != self.words.text():
            self.words.setText(said)

    # -------------------------------------------------------------------------------------------------- its widgets

    def _list(self, name: str, words: str) -> BranchField:
        field = BranchField(name, words)
        field.picked.connect(self._picked)
        return field

    def _button(self) -> QPushButton:
        button = QPushButton("Race")
        button.setObjectName("race_start")
        button.setToolTip(
            "Run both branches in lock-step, from where they part to the end of the shorter one. "
            "It changes nothing, and Pause ends it"
        )
        button.setAutoDefault(False)
        button.setEnabled(False)
        button.clicked.connect(self._ask)
        return button

    def _lay_out(self) -> None:
        choice = QHBoxLayout()
        choice.setSpacing(theme.UNIT)
        choice.addWidget(self.one, 1)
        choice.addWidget(QLabel("against"))
        choice.addWidget(self.other, 1)
        choice.addWidget(self.start)
        self._top, self._body = (QBoxLayout(QBoxLayout.Direction.TopToBottom) for _ in range(2))
        self._top.setSpacing(theme.UNIT)
        self._top.addLayout(choice)
        self._top.addWidget(Steady(self.words, lines=2), 1)
        self._body.setSpacing(2 * theme.UNIT)
        self._body.addWidget(self.plot)
        self._body.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(self._top)
        layout.addLayout(self._body, 1)


class BranchField(ListField):
    """A list of the branches, each with its colour in the timeline. A name that is too long for it is cut."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(4)
        self.setObjectName(name)
        self.view().setObjectName(f"{name}_list")
        for widget in (self, self.view()):
            widget.setAccessibleName(words)
            widget.setToolTip(words)
        self.setIconSize(QSize(12, 8))
        self.setEnabled(False)

    def show_branches(self, names: tuple[str, ...], chosen: str | None) -> None:
        self.fill([(name, name, "") for name in names])
        for i, name in enumerate(names):
            self.setItemIcon(i, theme.swatch(i))
            self.setItemData(i, name, Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(-1 if chosen is None else names.index(chosen))
        self.setEnabled(len(names) > 1)

    def sizeHint(self) -> QSize:
        # More than the four letters that it needs at least: the names that branches have at first are not cut.
        size = super().sizeHint()
        return QSize(size.width() + self.fontMetrics().averageCharWidth() * 6, size.height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        text = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, text, self).width()
        letters: Any = option
        letters.currentText = self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, room - self.iconSize().width() - 2 * theme.UNIT
        )
        with QPainter(self) as painter:
            self.style().drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option, painter, self)
            self.style().drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option, painter, self)


def words(report: RaceReport) -> str:
    """How the race stands, in a line: `first difference behind step 9 · step 57 of 120`."""
    if report.end <= report.start:
        return f"Nothing to race: one of the two ends at step {report.start:,}, where they part"
    at = f"step {report.start + len(report.losses):,} of {report.end:,}"
    if report.differs_at is None:
        return f"no difference so far · {at}"
    return f"first difference behind step {report.differs_at:,} · {at}"


def _kept(field: BranchField, names: tuple[str, ...], renamed: bool) -> str | None:
    """The branch that was chosen, by its name, or by its place where it has got another one."""
    name = field.currentData()
    if name in names:
        return name
    return names[field.currentIndex()] if renamed and field.currentIndex() >= 0 else None


def _defaults(frame: Frame) -> list[str | None]:
    """The branch that one is on, and the one it grew from, or else the newest that grew from it, or the newest."""
    here = branches.present(frame)
    others = [row for row in frame.branches if row.name != here.name]
    nearest = [row for row in others if row.name == here.parent] or [r for r in others if r.parent == here.name]
    found = nearest or others
    return [here.name, found[-1].name if found else None]
