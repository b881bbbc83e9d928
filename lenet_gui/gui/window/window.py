"""The window: its bars, docks and notices, and who is given what. It knows neither torch nor the worker."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QMenu

from lenet_gui.gui import theme
from lenet_gui.gui.data.choosing import ChoosingData
from lenet_gui.gui.inside.inside import Inside
from lenet_gui.gui.model.choosing import ChoosingModel
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.results.results import Results
from lenet_gui.gui.travel.going import Going
from lenet_gui.gui.window import menus, remembered
from lenet_gui.gui.window.actions import Actions
from lenet_gui.gui.window.docks import LOADERS, Docks, join
from lenet_gui.gui.window.files import Files
from lenet_gui.gui.window.help import Help
from lenet_gui.gui.window.new_run import StartingOver
from lenet_gui.gui.window.notices import NoticeArea, failure_dialog
from lenet_gui.gui.window.preferences import Preferences
from lenet_gui.gui.window.run_settings import SettingsBar
from lenet_gui.gui.window.status import StatusBar
from lenet_gui.gui.window.toolbars import PhaseBar
from lenet_gui.protocol import Frame, Notice, RaceReport, Ready, Reply, Series, WatchSeries


class Window(QMainWindow):
    """What the worker gives is handed in through the `show_…` methods; what it is asked goes out through `asked`."""

    asked = Signal(object)
    """A `Command`, `Control` or `Request`."""
    paused = Signal()
    painted = Signal()
    """The first paint is done."""
    closing = Signal()

    def __init__(self, preferences: Preferences, log_folder: Path) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("LeNet, step by step")
        self.resize(1280, 800)
        self.preferences = preferences
        self._log_folder = log_folder
        self.frame: Frame | None = None
        """The newest one."""
        self._dark: bool | None = None
        self._arranged = False
        self._painted = False
        self.panels: dict[str, Panel] = {}
        self._early_series: list[Series] = []
        self.actions_ = Actions(self)
        self.phase_bar = PhaseBar(self.actions_, self)
        self.settings_bar = SettingsBar(self.actions_, self)
        self.status = StatusBar(self)
        self.docks = Docks(self)
        self.notices = NoticeArea(self)
        self.going = Going(self, self.notices, preferences)
        self.files = Files(self, self.notices, preferences)
        self.inside = Inside(self.panels, self.docks.bring_up)
        self._results = Results(self, self.files, self.notices, self.panels, self.docks.by_name)
        self._starting_over = StartingOver(self, self.settings_bar, self.notices)
        self._choosing_data = ChoosingData(self, self.settings_bar)
        self.models = ChoosingModel(self, self.phase_bar, self.settings_bar, self.notices)
        self._help = Help(self, self.actions_, preferences, log_folder)
        self._assemble()
        self._join()
        remembered.recall(self)

    # What the worker gives.

    @Slot(object)
    def show_ready(self, ready: Ready) -> None:
        self.settings_bar.show_ready(ready)
        self.status.show_ready(ready)
        self._help.show_ready(ready)
        self.going.show_ready()

    @Slot(object)
    def show_frame(self, frame: Frame) -> None:
        """The light parts, which follow a run closely: bars and plots."""
        if self.frame is not None and frame.place != self.frame.place:
            self.notices.dismiss_refusals()
        first, self.frame = self.frame is None, frame
        focus = self.focusWidget()
        self.actions_.show_frame(frame)
        self.phase_bar.show_frame(frame)
        if first:
            self.phase_bar.phases[frame.next].setFocus()
            for row in frame.parameters[:1]:
                self.panels["inspector"].show_frame(frame)
                self.panels["inspector"].choose(row.name)  # type: ignore[attr-defined]
        else:
            self.phase_bar.keep_focus(focus, frame)
        self.settings_bar.show_frame(frame)
        self.going.show_frame(frame)
        self.files.show_frame(frame)
        self._starting_over.show_frame(frame)
        self._choosing_data.show_frame(frame)
        self.models.show_frame(frame)
        if (plots := self.panels.get("plots")) is not None and plots.is_seen():
            plots.show_frame(frame)

    @Slot(object)
    def show_numbers(self, frame: Frame) -> None:
        """The status and the panels full of numbers, as far as they can be seen."""
        self.status.show_frame(frame)
        self.going.show_numbers(frame)
        self.inside.show_frame(frame)
        for name, panel in self.panels.items():
            if name != "plots" and panel.is_seen():
                panel.show_frame(frame)
        self._results.show_frame(frame)

    @Slot(object)
    def show_reply(self, reply: Reply) -> None:
        self.going.show_reply(reply)
        self._choosing_data.show_reply(reply)
        self.models.show_reply(reply)
        self.inside.show_reply(reply)
        for panel in self.panels.values():
            panel.show_reply(reply)
        self._results.show_reply(reply)

    @Slot(object)
    def show_race(self, report: RaceReport) -> None:
        if "race" in self.panels:
            self.panels["race"].show_report(report)  # type: ignore[attr-defined]

    @Slot(object)
    def show_watched(self, series: WatchSeries) -> None:
        if "watches" in self.panels:
            self.panels["watches"].show_watch_series(series)  # type: ignore[attr-defined]

    @Slot(object)
    def add_lines(self, lines: list) -> None:
        self.panels["console"].add(lines)  # type: ignore[attr-defined]

    @Slot(object)
    def add_series(self, blocks: list) -> None:
        plots = self.panels.get("plots")
        if plots is None:
            self._early_series += blocks
            return
        for series in blocks:
            plots.add(series)  # type: ignore[attr-defined]

    @Slot(object)
    def show_notice(self, notice: Notice) -> None:
        self.notices.show_notice(notice)
        if notice.kind == "failed" and notice.details:
            failure_dialog(self, notice, str(self._log_folder)).show()

    # Starting and ending.

    def empty_docks(self) -> list[str]:
        """The names of the docks that are still empty, in the order in which to `load_panel` them."""
        return [name for name in LOADERS if name not in self.panels]

    def load_panel(self, name: str) -> None:
        """Import one panel and put it in its dock."""
        panel = self.docks.fill(name)
        self.panels[name] = panel
        panel.asked.connect(self.asked)
        # Qt tells of a tab that is raised before it has moved there.
        seen = partial(self._seen, panel)
        self.docks.by_name[name].visibilityChanged.connect(lambda: QTimer.singleShot(0, panel, seen))
        join(self.panels, name)
        self.inside.join(name, panel)
        if name == "compare":
            panel.recent = self.files.used  # type: ignore[attr-defined]
        if name in ("plots", "tensor"):
            panel.failed.connect(self._export_failed)  # type: ignore[attr-defined]
        if name == "plots":
            self.add_series(self._early_series)
        self._seen(panel)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._arranged:
            self._arranged = True
            # The sizes of docks hold only once the window has its own.
            QTimer.singleShot(0, self, partial(remembered.recall_layout, self))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            # The children are painted after this; the queue is looked at when they have been.
            QTimer.singleShot(0, self, self.painted.emit)

    def createPopupMenu(self) -> QMenu:
        """What Qt shows for a right click on a bar or a title."""
        menu = QMenu(self)
        menu.addActions(self._views())
        return menu

    def closeEvent(self, event: QCloseEvent) -> None:
        remembered.remember(self)
        self.closing.emit()
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and theme.is_dark() != self._dark and self._arranged:
            self.dress()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.place_notices()

    def dress(self) -> None:
        """Icons and highlights in the colours of now."""
        self._dark = theme.is_dark()
        self.actions_.dress()
        self.phase_bar.dress()
        self.notices.dress()

    def _views(self) -> list[QAction]:
        return [*self.docks.views.values(), self.going.timeline.toggleViewAction()]

    def _assemble(self) -> None:
        for bar in (self.phase_bar, self.settings_bar):
            bar.setMovable(False)
            bar.toggleViewAction().setVisible(False)
            self.addToolBar(Qt.ToolBarArea.TopToolBarArea, bar)
            self.addToolBarBreak()
        self.insertToolBar(self.phase_bar, self.models.without)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, self.going.timeline)
        self.setStatusBar(self.status)
        self.status.show_loading()
        menus.fill(self, self.actions_, self._views(), self.preferences, self.files.recent)
        self.docks.arrange()
        # Actions of no bar and no menu have keys too.
        self.addActions(list(self.actions_.by_name.values()))

    def _join(self) -> None:
        # Drawing the icons takes 20 ms. Until then the buttons keep their places free.
        self.painted.connect(self.dress)
        for source in (
            self.actions_,
            self.phase_bar,
            self.settings_bar,
            self.notices,
            self.going,
            self.files,
            self.inside,
            self._starting_over,
            self._results,
            self._choosing_data,
            self.models,
        ):
            source.asked.connect(self.asked)
        self.going.cancelled.connect(self.paused)
        self.phase_bar.begun.connect(self.status.start_n)
        doings = {
            "run": self.phase_bar.run,
            "run_n": self.phase_bar.run_n,
            "pause": self.paused.emit,
            "quit": self.close,
            "find": self._find,
            "measure": partial(self._want, "measures"),
            "draw": partial(self._want, "draw"),
            "reset_layout": self.docks.arrange,
        }
        for part in (self.files, self.going, self.inside, self._starting_over, self.models, self._results, self._help):
            doings |= part.doings()
        self.actions_.chosen.connect(lambda name: doings[name]())
        self.actions_["reset_layout"].triggered.connect(self.going.timeline.show)

    # What the window does itself.

    def _seen(self, panel: Panel) -> None:
        if self.frame is not None and panel.is_seen():
            panel.show_frame(self.frame)

    def _export_failed(self, words: str) -> None:
        self.show_notice(Notice("note", "The export failed", "", words))

    def _want(self, name: str) -> None:
        """Bring a panel up, and let it do what it is there for."""
        self.docks.bring_up(name)
        panel = self.panels.get(name)
        if panel is not None and self.frame is not None:
            panel.show_frame(self.frame)
            panel.wanted()  # type: ignore[attr-defined]

    def _find(self) -> None:
        self.docks.by_name["inspector"].show()
        inspector = self.panels.get("inspector")
        if inspector is not None:
            inspector.focus_search()  # type: ignore[attr-defined]

    def place_notices(self) -> None:
        self.notices.place_below(max(bar.geometry().bottom() for bar in (self.phase_bar, self.settings_bar)) + 1)
