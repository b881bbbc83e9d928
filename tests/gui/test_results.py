"""Taking results along from the window: what is asked of the worker, pictures and films of panels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFileDialog,
    QInputDialog,
    QLabel,
    QMainWindow,
    QProgressDialog,
    QPushButton,
    QVBoxLayout,
)
from pytestqt.qtbot import QtBot

from lenet_gui.gui.panel import Panel
from lenet_gui.gui.results.film_dialog import Film, FilmDialog
from lenet_gui.gui.results.panel_picture import write_picture
from lenet_gui.gui.results.results import Results
from lenet_gui.gui.window.files import Files
from lenet_gui.gui.window.notices import NoticeArea
from lenet_gui.gui.window.preferences import Preferences
from lenet_gui.protocol import Frame, Place, Reply, Seek, SeekReply, SeekRequest
from lenet_gui.protocol.results import ExportRun, LoadWeights
from tests.gui.frames import fresh


class Counter(Panel):
    """Shows the answer to what it asks about each place, half a frame later."""

    title = "Counter"

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("A counter")
        self.words = QLabel("–")
        QVBoxLayout(self).addWidget(self.words)

    def show_frame(self, frame: Frame) -> None:
        self.words.setText("waiting")
        self.asked.emit(SeekRequest(100 + frame.step, frame.step))

    def show_reply(self, reply: Reply) -> None:
        if isinstance(reply, SeekReply):
            self.words.setText(f"step {reply.step}")
            self.setStyleSheet(f"background: rgb({10 * reply.step}, 0, {250 - 10 * reply.step})")


class Held:
    """A window with one panel, and a worker's end that goes where it is told to."""

    def __init__(self, qtbot: QtBot, tmp_path: Path) -> None:
        self.qtbot, self.folder = qtbot, tmp_path
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.window.resize(500, 300)
        self.panel = Counter()
        dock = QDockWidget("Counter", self.window)
        dock.setWidget(self.panel)
        self.window.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, dock)
        self.window.show()
        self.notices = NoticeArea(self.window)
        files = Files(self.window, self.notices, Preferences(tmp_path))
        self.results = Results(self.window, files, self.notices, {"counter": self.panel}, {"counter": dock})
        self.asked: list[object] = []
        self.results.asked.connect(self.asked.append)
        self.frame = replace(fresh(), step=9, place=Place("main", 45))
        self.questions: list[SeekRequest] = []
        self.panel.asked.connect(self.questions.append)
        self.show(self.frame)

    def show(self, frame: Frame) -> None:
        self.panel.show_frame(frame)
        self.results.show_frame(frame)

    def answer(self) -> None:
        while self.questions:
            question = self.questions.pop(0)
            reply = SeekReply(question.id, question.step, 0.0)
            self.panel.show_reply(reply)
            self.results.show_reply(reply)

    def seeks(self) -> list[Seek]:
        return [one for one in self.asked if isinstance(one, Seek)]

    def dialog(self) -> QFileDialog:
        (found,) = [one for one in self.window.findChildren(QFileDialog) if one.isVisible()]
        return found

    def choose(self, name: str, kind: str = "") -> str:
        dialog = self.dialog()
        if kind:
            dialog.selectNameFilter(kind)
            dialog.filterSelected.emit(kind)
        path = str(self.folder / name)
        dialog.selectFile(path)
        dialog.accept()
        return path

    def film(self, steps: tuple[int, ...], most: int = 99) -> str:
        """Take a film, and play the worker for at most so many steps of it."""
        path = str(self.folder / "run.gif")
        self.results._film(Film("counter", steps, 10, path))
        for at, step in enumerate(steps[:most], 1):
            self.qtbot.waitUntil(lambda at=at: len(self.seeks()) >= at)
            assert self.seeks()[-1] == Seek(step, "main")
            self.show(replace(self.frame, step=step))
            self.answer()
        return path


@pytest.fixture
def held(qtbot: QtBot, tmp_path: Path) -> Held:
    return Held(qtbot, tmp_path)


def test_each_export_asks_for_its_file(held: Held) -> None:
    doings = held.results.doings()
    expected = []
    for action, kind, name, suffix in (
        ("export_weights", "weights", "w", ".safetensors"),
        ("export_onnx", "onnx", "m", ".onnx"),
        ("export_csv", "csv", "l", ".csv"),
        ("export_page", "page", "p", ".html"),
    ):
        doings[action]()
        expected.append(ExportRun(kind, held.choose(name) + suffix))
    doings["export_weights"]()
    expected.append(ExportRun("weights", held.choose("other", "PyTorch (*.pt)") + ".pt"))
    assert held.asked == expected


def test_tensorboard_gets_a_folder_and_weights_come_from_a_file(held: Held) -> None:
    held.results.doings()["export_tensorboard"]()
    dialog = held.dialog()
    dialog.fileSelected.emit(str(held.folder))
    dialog.reject()
    (held.folder / "w.pt").write_bytes(b"")
    held.results.doings()["load_weights"]()
    path = held.choose("w.pt")
    assert held.asked == [ExportRun("tensorboard", str(held.folder)), LoadWeights(path)]


def test_a_picture_of_a_panel_is_sharp_as_png_and_drawn_as_svg(held: Held) -> None:
    held.answer()
    held.results.doings()["export_panel"]()
    (chooser,) = held.window.findChildren(QInputDialog)
    assert chooser.comboBoxItems() == ["Counter"]
    chooser.accept()
    path = held.choose("panel")
    assert QImage(f"{path}.png").size() == held.panel.size() * 2
    write_picture(held.panel, held.folder / "panel.svg")
    text = (held.folder / "panel.svg").read_text()
    assert "step 9</text>" in text
    drawing = QSvgRenderer(str(held.folder / "panel.svg"))
    image = QImage(held.panel.size(), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    with QPainter(image) as painter:
        drawing.render(painter)
    middle = image.pixelColor(image.width() - 6, image.height() - 6)
    assert (middle.red(), middle.blue()) == (90, 160)


def test_a_film_shows_each_step_with_its_answers_and_ends_where_it_began(held: Held) -> None:
    path = held.film((0, 5, 10, 15))
    held.qtbot.waitUntil(lambda: held.results._filming is None)
    assert held.seeks()[-1] == Seek(None, "main", 45, 0)
    with Image.open(path) as film:
        assert film.n_frames == 4  # type: ignore[attr-defined]
        assert film.info["loop"] == 0
        assert film.info["duration"] == 100
        colours = []
        for at in range(4):
            film.seek(at)
            red, _, blue = film.convert("RGB").getpixel((film.width - 6, film.height - 6))  # type: ignore[misc]
            colours.append((red, blue))
    assert colours == [(0, 250), (50, 200), (100, 150), (150, 100)]
    assert [one.name for one in held.folder.glob("*.gif*")] == ["run.gif"]


def test_a_film_that_is_cancelled_leaves_nothing_and_goes_back(held: Held) -> None:
    held.film((0, 5, 10, 15), most=2)
    held.qtbot.waitUntil(lambda: len(held.seeks()) == 3)
    (progress,) = held.window.findChildren(QProgressDialog)
    button = progress.findChild(QPushButton)
    assert button is not None
    button.click()
    assert held.results._filming is None
    assert held.seeks()[-1] == Seek(None, "main", 45, 0)
    assert not [*held.folder.glob("*.gif*")]
    held.show(replace(held.frame, step=10))
    held.answer()
    assert held.notices.current() is None


def test_a_step_that_cannot_be_gone_to_ends_the_film_with_a_sentence(held: Held) -> None:
    held.film((0, 5), most=1)
    held.qtbot.waitUntil(lambda: len(held.seeks()) == 2)
    held.show(replace(held.frame, reason="refused"))
    notice = held.notices.current()
    assert notice is not None
    assert "Step 5 could not be gone to" in notice.words
    assert not [*held.folder.glob("*.gif*")]


def test_a_folder_that_cannot_be_written_is_said(held: Held) -> None:
    held.folder = held.folder / "missing"
    held.film((0,))
    held.qtbot.waitUntil(lambda: held.results._filming is None)
    notice = held.notices.current()
    assert notice is not None
    assert "cannot be written" in notice.words


def test_the_dialog_bounds_what_it_asks_for(held: Held) -> None:
    rows = tuple(replace(row, steps=5000) for row in held.frame.branches) or ()
    frame = replace(held.frame, step=5000, branches=rows)
    dialog = FilmDialog(frame, {"counter": "Counter"}, str(held.folder / "a.gif"), held.window)
    held.qtbot.addWidget(dialog)
    assert len(dialog.steps()) == 101
    assert dialog.go_on.isEnabled()
    dialog.every.setValue(1)
    assert not dialog.go_on.isEnabled()
    assert "5,001 pictures are more than 400" in dialog.words.text()
    dialog.every.setValue(999)
    assert dialog.steps() == (0, 999, 1998, 2997, 3996, 4995, 5000)
    dialog.first.setValue(5000)
    dialog.last.setValue(10)
    assert "behind the last one" in dialog.words.text()
    dialog.last.setValue(5000)
    assert dialog.steps() == (5000,)
    wanted: list[Film] = []
    dialog.wanted.connect(wanted.append)
    dialog.open()
    dialog.accept()
    # What a dialog that was left deletes is gone before a person has chosen a file.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    path = held.choose("mine")
    assert wanted == [Film("counter", (5000,), 10, f"{path}.gif")]
    assert not dialog.isVisible()
