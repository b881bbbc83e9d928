"""The learning-rate range test: from which rate to which, how it stands, and taking what it suggests."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout

from lenet_gui.gui import theme
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.plots.range_plot import RangePlot
from lenet_gui.gui.widgets.button import tool_button
from lenet_gui.gui.widgets.fields import NumberField, Read, above_zero, whole
from lenet_gui.protocol import Command, Frame, Reply
from lenet_gui.protocol.rate_range import RangeReport, StartRangeTest

LOW, HIGH, BATCHES = 1e-5, 1.0, 100
FEWEST, MOST = 10, 10_000
HINT = "Steps with growing learning rates are tried aside, from here on; the run stays as it is."


class RateRangePanel(Panel):
    """Asks for a test, and shows the newest report until another run begins."""

    title = "Learning-rate range test"

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("range_test")
        self.setAccessibleName(self.title)
        self._run: int | None = None
        self._report: RangeReport | None = None
        self._rate: float | None = None
        self._may_test = self._may_set = False
        self.low = self._field("range_low", above_zero, 7, LOW, "The learning rate of the first step")
        self.high = self._field("range_high", above_zero, 5, HIGH, "The learning rate of the last step")
        self.batches = self._field("range_batches", whole(FEWEST, MOST), 5, BATCHES, "Steps from the first to the last")
        self.start = tool_button(
            "range_start", "Test", "Try the steps aside. Pause (F6) ends it; nothing of the run changes"
        )
        self.take = tool_button(
            "range_take", "Take it", "Set the suggested learning rate: optimizer.param_groups[0]['lr']"
        )
        self.words = QLabel(HINT)
        self.words.setObjectName("range_words")
        self.words.setWordWrap(True)
        self.plot = RangePlot(self)
        self.start.clicked.connect(self._start)
        self.take.clicked.connect(self._take)
        self._lay_out()
        self._show()

    def show_frame(self, frame: Frame) -> None:
        if frame.run != self._run:
            self._run, self._report = frame.run, None
        self._rate = frame.lr if frame.lr is not None else frame.settings.lr
        self._may_test, self._may_set = "seek" in frame.allowed or "run" in frame.allowed, "set" in frame.allowed
        self._show_buttons()
        if self._report is None:
            self._show()

    def show_reply(self, reply: Reply) -> None:
        if isinstance(reply, RangeReport):
            self._report = reply
            if self.is_seen():
                self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def sizeHint(self) -> QSize:
        return QSize(320, 300)

    def _start(self) -> None:
        for field in (self.low, self.high, self.batches):
            field.commit()
            if field.refused():
                field.setFocus()
                return
        low, high = float(self.low.value() or LOW), float(self.high.value() or HIGH)
        if low >= high:
            self.words.setText(f"The rates go from {low:g} to {high:g}: type a larger number for the last one.")
            self.high.setFocus()
            return
        self.asked.emit(StartRangeTest(low, high, int(self.batches.value() or BATCHES)))

    def _take(self) -> None:
        if self._report is not None and self._report.suggestion is not None:
            self.asked.emit(Command.of("set", lr=_rounded(self._report.suggestion)))

    def _show(self) -> None:
        self.plot.show_report(self._report)
        self.words.setText(HINT if self._report is None else _told(self._report, self._rate))
        self._show_buttons()

    def _show_buttons(self) -> None:
        report = self._report
        self.start.setEnabled(self._may_test)
        self.take.setEnabled(
            self._may_set and report is not None and bool(report.words) and report.suggestion is not None
        )

    def _field(self, name: str, read: Read, characters: int, value: float, tip: str) -> NumberField:
        field = NumberField(read, characters, self)
        field.setObjectName(name)
        field.setAccessibleName(tip)
        field.setToolTip(tip)
        field.set_value(value)
        return field

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        for part in (self.low, QLabel("to"), self.high, QLabel("in"), self.batches):
            row.addWidget(part)
        row.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.UNIT)
        buttons.addWidget(self.start)
        buttons.addWidget(self.take)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[theme.UNIT] * 4)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(row)
        layout.addLayout(buttons)
        layout.addWidget(self.words)
        layout.addWidget(self.plot, 1)


def _rounded(rate: float) -> float:
    """Two digits: the test tells no more."""
    return float(f"{rate:.1e}")


def _told(report: RangeReport, rate: float | None) -> str:
    now = f" Now it is {rate:g}." if rate is not None else ""
    if not report.words:
        return f"{len(report.rates)} batches, at {report.rates[-1]:.3g} now" if len(report.rates) else HINT
    if report.suggestion is None:
        return f"{report.words} The loss never falls on the way, so nothing is suggested.{now}"
    return f"{report.words} It falls most steeply at {_rounded(report.suggestion):g}.{now}"
