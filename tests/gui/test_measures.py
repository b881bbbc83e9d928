"""The panel of measures as a person uses it: real figures of a real session, clicked at and gone through by keys."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGraphicsEffect
from pytestqt.qtbot import QtBot

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.measures import told
from lenet_gui.engine.measures.by_epoch import ByEpoch
from lenet_gui.engine.measures.measured import measure
from lenet_gui.engine.measures.over_epochs import over_epochs
from lenet_gui.gui import theme
from lenet_gui.gui.measures.measures import NO_LABELS, NOT_YET, MeasuresPanel
from lenet_gui.protocol import Frame, Place, Seek
from lenet_gui.protocol.measures import EpochTable, ImageRequest, ImagesRequest, Measure, MeasureEpochs, Measures
from tests.gui import frames

BY_EPOCH, CONFUSION, MISTAKES, CLASSES = range(4)


@cache
def session() -> Session:
    """After three epochs of three steps each."""
    made = Session(Settings(batch_size=480, optimizer="Adam", lr=0.003))
    made.run(9)
    found = measure(made, "test")
    assert found is not None
    made.measured["test"] = found
    return made


@cache
def table() -> EpochTable:
    known = ByEpoch()
    over_epochs(session(), known)
    found = known.news(session(), 1)
    assert found is not None
    return found


def figures() -> Measures:
    return told.measures(session(), 1, session().measured["test"])


def here(commands: int = 45) -> Frame:
    return replace(
        frames.in_past(9), place=Place("main", commands), epoch=2, batches=3, batch=2, allowed=("evaluate", "seek")
    )


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> MeasuresPanel:
    theme.apply(qapp, "light")
    panel = MeasuresPanel()
    qtbot.addWidget(panel)
    panel.resize(680, 420)
    panel.show()
    panel.show_frame(here())
    panel.asked.connect(lambda question: answer(panel, question))
    return panel


def answer(panel: MeasuresPanel, question: object) -> None:
    """As the engine does."""
    if isinstance(question, Measure) and question.side == "test":
        panel.show_reply(figures())
    elif isinstance(question, ImagesRequest | ImageRequest):
        panel.show_reply(told.answer(session(), question))


def press(widget: object, at: QPoint | None = None) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, *([at] if at else []))  # pyright: ignore[reportArgumentType, reportCallIssue]


def most_mistaken() -> tuple[int, int]:
    counts = figures().confusion
    assert counts is not None
    wrong = counts * (1 - np.eye(10, dtype=np.int64))
    label, predicted = np.unravel_index(int(wrong.argmax()), wrong.shape)
    return int(label), int(predicted)


def test_before_anything_was_measured_it_says_what_to_do(panel: MeasuresPanel) -> None:
    assert panel.words.text() == NOT_YET
    panel.show_frame(frames.random_data())
    assert panel.words.text() == NO_LABELS


def test_measure_here_shows_loss_accuracy_matrix_and_classes(panel: MeasuresPanel) -> None:
    press(panel.here)
    found = figures()
    assert f"{found.correct} of 360 right" in panel.words.text()
    assert f"CrossEntropyLoss {found.loss:.4g}" in panel.words.text()
    assert np.array_equal(panel.matrix.counts, found.confusion)  # pyright: ignore[reportArgumentType]
    assert panel.classes.rowCount() == 10
    assert panel.classes.index(3, 2).data() == f"{found.rows[3].recall:.4f}"


def test_a_click_on_a_cell_shows_its_images_and_one_on_an_image_its_outputs(panel: MeasuresPanel) -> None:
    panel.pages.setCurrentIndex(CONFUSION)
    press(panel.here)
    label, predicted = most_mistaken()
    press(panel.matrix, panel.matrix.cell_rect((label, predicted)).center().toPoint())
    count = int(panel.matrix.counts[label, predicted])
    assert panel.cell.words.text() == f"{count} × label {label} taken for {predicted}"
    assert panel.cell.strip.full[0] == count
    press(panel.cell.strip, panel.cell.strip.tile_rect(0).center().toPoint())
    assert int(panel.cell.bars.shares.argmax()) == predicted
    assert f"◆ label {label}" in panel.cell.about.text()
    assert panel.cell.large.full == (1, 32, 32)


def test_the_keys_go_through_the_cells_and_the_images(panel: MeasuresPanel) -> None:
    panel.pages.setCurrentIndex(CONFUSION)
    press(panel.here)
    panel.matrix.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        QTest.keyClick(panel.matrix, key)
    assert panel.matrix.chosen == (1, 0)
    assert "label 1, taken for 0" in panel.matrix.accessibleDescription()
    panel.matrix.choose((0, 0))
    panel.cell.strip.setFocus()
    QTest.keyClick(panel.cell.strip, Qt.Key.Key_Right)
    QTest.keyClick(panel.cell.strip, Qt.Key.Key_Right)
    assert panel.cell.strip.at == 1


def test_the_worst_mistakes_come_when_their_page_is_looked_at(panel: MeasuresPanel) -> None:
    press(panel.here)
    panel.pages.setCurrentIndex(MISTAKES)
    wrong = 360 - figures().correct
    assert panel.worst.words.text().startswith(f"{wrong} mistakes")
    panel.worst.strip.choose(0)
    worst = session().measured["test"].losses
    assert worst is not None
    assert f"loss {worst.max().item():.4g}" in panel.worst.about.text()


def test_elsewhere_it_is_faded_until_it_is_measured_there(panel: MeasuresPanel) -> None:
    press(panel.here)
    page: QGraphicsEffect = panel.class_table.graphicsEffect()  # pyright: ignore[reportAssignmentType]
    assert not page.isEnabled()
    panel.show_frame(here(40))
    assert page.isEnabled()
    assert panel.words.text().startswith("Not here:")
    panel.show_frame(here())
    assert not page.isEnabled()


def test_another_run_has_nothing_of_the_one_before(panel: MeasuresPanel) -> None:
    press(panel.here)
    panel.show_reply(table())
    panel.show_frame(replace(here(), run=2))
    assert panel.words.text() == NOT_YET
    assert not panel.matrix.counts.size
    assert panel.epochs.rowCount() == 0


def test_the_table_has_each_epoch_and_a_row_is_a_place_to_go_to(panel: MeasuresPanel) -> None:
    panel.show_reply(table())
    rows = [[panel.epochs.index(row, column).data() for column in range(6)] for row in range(3)]
    assert [row[:2] for row in rows] == [["1", "3"], ["2", "6"], ["3", "9"]]
    assert rows[2][5] == f"{100 * figures().correct / 360:.2f} %"
    asked: list[object] = []
    panel.asked.connect(asked.append)
    panel.epoch_table.selectRow(1)
    QTest.keyClick(panel.epoch_table, Qt.Key.Key_Return)
    assert asked == [Seek(branch="main", commands=30)]
    panel.epoch_table.copy()
    assert QGuiApplication.clipboard().text().split("\t")[0] == "2.0"


def test_what_was_not_measured_is_a_dash_and_not_drawn(panel: MeasuresPanel) -> None:
    rows = table().rows.copy()
    rows[0, 3:6] = np.nan
    panel.show_reply(replace(table(), rows=rows))
    assert panel.epochs.index(0, 2).data() == "–"
    plot = panel._plot()
    train = plot.curves[plot.loss, 3].getData()[0]
    assert train.tolist() == [2.0, 3.0]


def test_every_epoch_is_asked_for_and_data_without_labels_can_be_asked_nothing(panel: MeasuresPanel) -> None:
    asked: list[object] = []
    panel.asked.connect(asked.append)
    press(panel.every)
    assert asked == [MeasureEpochs()]
    panel.show_frame(replace(here(), allowed=("seek",)))
    assert not panel.here.isEnabled()
    assert not panel.every.isEnabled()


def test_shares_are_of_the_label_s_row(panel: MeasuresPanel) -> None:
    panel.pages.setCurrentIndex(CONFUSION)
    press(panel.here)
    counts = panel.grab().toImage()
    press(panel.shares)
    assert panel.grab().toImage() != counts
    label, predicted = most_mistaken()
    share = 100 * panel.matrix.counts[label, predicted] / panel.matrix.counts[label].sum()
    assert f"({share:.1f} % of its label)" in panel.matrix.words((label, predicted))


def test_a_header_sorts_the_classes(panel: MeasuresPanel) -> None:
    panel.pages.setCurrentIndex(CLASSES)
    press(panel.here)
    panel.class_table.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    recalls = [float(panel.classes.index(row, 2).data()) for row in range(10)]
    assert recalls == sorted(recalls)
