"""The model of a run: chosen from the list in the settings bar, or opened from a file of one's own.

What may run is asked here, and known to the worker alone. The dialogs are imported when they are wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QMainWindow, QToolBar

from lenet_gui.gui.model.model_bar import ChangedLine, WithoutBar
from lenet_gui.gui.model.watching import WatchedFile
from lenet_gui.gui.window.notices import NoticeArea
from lenet_gui.gui.window.run_settings import SettingsBar
from lenet_gui.protocol import Frame, Option, Reply
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

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog

OWN, ARGUMENTS = "own", "arguments"
PREFIX = "file:"
_DROPS = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop)
FILES = "Python files (*.py)"


class ChoosingModel(QObject):
    """Fills the list of models, asks what has to be asked, and tells when the model's file has changed."""

    asked = Signal(object)

    def __init__(self, window: QMainWindow, phases: QToolBar, settings_bar: SettingsBar, notices: NoticeArea) -> None:
        super().__init__(window)
        self._window, self._settings_bar, self._notices = window, settings_bar, notices
        self._frame: Frame | None = None
        self._zoo: tuple[ModelChoice, ...] = ()
        # By the names that settings have for them, this window's own models.
        self._own: dict[str, ModelInUse] = {}
        self._shown = ""
        self._without: WithoutCode | None = None
        self._dialog: QDialog | None = None
        self.changed, self.without = ChangedLine(window), WithoutBar(window, phases)
        self._file = WatchedFile(self)
        self._file.changed.connect(self._compare)
        settings_bar.model_picked.connect(self._picked)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def doings(self) -> dict[str, Callable[[], object]]:
        """What the action of this name does."""
        return {"open_model": self.choose}

    def show_frame(self, frame: Frame) -> None:
        self._frame = frame
        if self._without is not None and frame.run != self._without.run:
            self._without = None
            self.without.stand(False)
        model = frame.settings.model
        if model != self._shown:
            self._show(model)

    def show_reply(self, reply: Reply) -> None:
        match reply:
            case ModelChoices(models):
                self._zoo = models
                self._fill()
            case ModelInUse(model):
                self._own[model] = reply
                self._fill()
            case ModelQuestion():
                self._ask(reply)
            case WithoutCode():
                self._show_without(reply)
            case _:
                pass

    def choose(self) -> None:
        """Ask for a file, and open it."""
        from lenet_gui.gui.window.dialogs import ask_for_file

        known = self._own.get(self._shown)
        folder = str(Path(known.path).parent) if known is not None and known.path else str(Path.home())
        ask_for_file(self._window, "Open a model", folder, FILES, self.open, new=False)

    def open(self, path: str, name: str = "") -> None:
        """Open a model of one's own. A run that nobody saved is not dropped without a word."""
        message, frame = OpenModel(path, name), self._frame
        if frame is None or not frame.unsaved:
            self.asked.emit(message)
            return
        self._notices.ask(
            f"Open {Path(path).name}?",
            f"It starts a new run. This one ({frame.step:,} steps) has not been saved, and is dropped.",
            ("Open it", lambda: self.asked.emit(message)),
            lambda: None,
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A Python file that is dropped on the window is opened."""
        if isinstance(event, QDropEvent) and event.type() in _DROPS:
            files = [url.toLocalFile() for url in event.mimeData().urls() if url.toLocalFile().endswith(".py")]
            if len(files) == 1:
                event.acceptProposedAction()
                if event.type() == QEvent.Type.Drop:
                    self.open(files[0])
                return True
        return super().eventFilter(watched, event)

    # ------------------------------------------------------------------------------------------------- the list

    def _fill(self) -> None:
        entries = [(one.name, one.name, "") for one in self._zoo]
        if self._shown.startswith(PREFIX):
            entries.append((self._words(self._shown), self._shown, ""))
        self._settings_bar.show_models([*entries, ("Arguments…", ARGUMENTS, ""), ("Your own file…", OWN, "")])

    def _show(self, model: str) -> None:
        self._shown = model
        self._fill()
        known = self._own.get(model)
        self._file.watch(Path(known.path) if known is not None and known.path else None)

    def _words(self, model: str) -> str:
        known = self._own.get(model)
        return f"{model.rpartition(':')[2]} ({known.file if known is not None else 'not run'})"

    def _options(self, model: str) -> tuple[Option, ...]:
        known = {one.name: one.options for one in self._zoo}
        return self._own[model].options if model in self._own else known.get(model, ())

    @Slot(object)
    def _picked(self, name: str) -> None:
        if name == OWN:
            self.choose()
        elif name == ARGUMENTS:
            self._arguments()
        else:
            self._settings_bar.want(model=name)

    def _arguments(self) -> None:
        from lenet_gui.gui.model.arguments import ArgumentsDialog

        settings = self._settings_bar.wanted()
        if settings is None:
            return
        model, known = settings.model, self._options(settings.model)
        kind = model.rpartition(":")[2]
        words = f"{kind} takes no arguments." if not known else f"The arguments of {kind}. Others need a new run."
        given = tuple((name, value) for name, value in settings.options if name.startswith("model_"))
        dialog = ArgumentsDialog(f"Arguments of {kind}", words, known, given, self._window)
        others = {
            name: value for name, value in given if name.removeprefix("model_") not in {one.name for one in known}
        }
        dialog.accepted.connect(lambda: self._settings_bar.want(model=model, **others | dict(dialog.taken)))
        self._open(dialog)

    # ------------------------------------------------------------------------------------------------ questions

    def _ask(self, question: ModelQuestion) -> None:
        from lenet_gui.gui.model.arguments import ArgumentsDialog
        from lenet_gui.gui.model.asking import AllowDialog, ClassDialog, ShapeDialog

        about, window = question.about, self._window
        match question.what:
            case "allow":
                dialog = AllowDialog(question, window)
                dialog.accepted.connect(lambda: self.asked.emit(replace(about, allowed=question.source)))
            case "class":
                dialog = ClassDialog(question, window)
                dialog.accepted.connect(lambda: self.asked.emit(replace(about, name=dialog.chosen())))
            case "arguments":
                words = f"{about.name} in {Path(about.path).name} has to be given these: they have no default."
                dialog = ArgumentsDialog(f"Arguments of {about.name}", words, question.wanted, (), window)
                dialog.accepted.connect(
                    lambda: self.asked.emit(replace(about, options=(*about.options, *dialog.taken)))
                )
            case _:
                dialog = ShapeDialog(question, window)
                dialog.accepted.connect(lambda: self.asked.emit(_with_shape(about, dialog.field.text())))
        self._open(dialog)

    def _open(self, dialog: QDialog) -> None:
        if self._dialog is not None:
            self._dialog.reject()
        self._dialog = dialog
        dialog.finished.connect(self._closed)
        dialog.open()

    @Slot()
    def _closed(self) -> None:
        dialog = self.sender()
        if isinstance(dialog, QObject):
            dialog.deleteLater()
        if dialog is self._dialog:
            self._dialog = None

    # -------------------------------------------------------------------------------------------------- the lines

    @Slot(str)
    def _compare(self, source: str) -> None:
        """The file is now another one, or again the one in use."""
        if self._without is not None or self._shown.split(":")[1:2] == [source]:
            self.changed.hide()
            return
        known = self._own[self._shown]
        reload = OpenModel(known.path, self._shown.rpartition(":")[2], reload=True)
        self.changed.say(
            f"{known.file} has changed",
            (
                "model_reload",
                "Reload",
                "Take it into this run as it is now; the weights go on where they fit",
                lambda: self._take(reload),
            ),
            ("model_ignore", "Not now", "Go on with the model as it was", self.changed.hide),
        )

    def _take(self, message: OpenModel | RunItsCode | LeaveIt) -> None:
        self.changed.hide()
        self.asked.emit(message)

    def _show_without(self, told: WithoutCode) -> None:
        self._without = told
        run = RunItsCode(told.sources)
        self.changed.hide()
        self.without.line.say(
            told.words,
            ("model_read", "Read its code", "Show the source that would run", lambda: self._read(told)),
            ("model_run", "Run its code", "Make the model, and go on with this session", lambda: self.asked.emit(run)),
            ("model_leave", "Back", "Go back to the session before", lambda: self._take(LeaveIt())),
        )
        self.without.stand(True)

    def _read(self, told: WithoutCode) -> None:
        from lenet_gui.gui.model.asking import CodeDialog

        self._open(CodeDialog(told.code, self._window))


def _with_shape(about: OpenModel, shape: str) -> OpenModel:
    options = {**dict(about.options), "model_input": shape.strip()}
    return replace(about, options=tuple(options.items()))
