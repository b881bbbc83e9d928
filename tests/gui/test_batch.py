from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from lenet_gui.gui.numbers.batch import BatchPanel, outcome
from lenet_gui.gui.numbers.score_bars import NOT_FORWARD
from tests.gui import frames


@pytest.fixture
def panel(qtbot: QtBot) -> BatchPanel:
    panel = BatchPanel()
    qtbot.addWidget(panel)
    panel.resize(300, 420)
    panel.show()
    return panel


def picture(panel: BatchPanel) -> QImage:
    return panel.grab().toImage()


def test_before_the_forward_there_are_targets_and_no_predictions(panel: BatchPanel):
    panel.show_frame(frames.fresh())
    assert panel.summary.text() == "16 samples"
    assert panel.caption.text() == "sample 0 · target 3"
    assert panel.bars.accessibleDescription() == NOT_FORWARD


def test_right_and_wrong_are_told_apart_without_colours():
    samples = frames.samples(4)
    assert [outcome(samples, k) for k in range(4)] == ["3 ✓", "0 ✓", "7 ✓", "4→5 ✗"]
    assert outcome(frames.samples(4, forward=False), 3) == "4"
    assert outcome(frames.samples(4, forward=False, labels=False), 3) == ""


def test_after_the_forward_the_outputs_are_bars_with_numbers(panel: BatchPanel):
    panel.show_frame(frames.fresh())
    before = picture(panel)
    panel.show_frame(frames.after_forward())
    assert panel.summary.text() == "16 samples · 12 of 16 right"
    assert panel.caption.text() == "sample 0 · target 3 · predicted 3 · right ✓"
    assert "3: 5.2500" in panel.bars.accessibleDescription()
    assert panel.bars.accessibleDescription().count(":") == 10
    assert picture(panel) != before


def test_a_click_chooses_a_sample(panel: BatchPanel, qtbot: QtBot):
    panel.show_frame(frames.after_forward())
    centre = panel.images.tile_rect(3).center().toPoint()
    qtbot.mouseClick(panel.images, Qt.MouseButton.LeftButton, pos=centre)
    assert panel.caption.text() == "sample 3 · target 4 · predicted 5 · wrong ✗"


def test_the_arrow_keys_choose_a_sample_and_stop_at_the_ends(panel: BatchPanel, qtbot: QtBot):
    panel.show_frame(frames.after_forward())
    qtbot.keyClick(panel.images, Qt.Key.Key_Left)
    assert panel.caption.text().startswith("sample 0 ")
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Down):
        qtbot.keyClick(panel.images, key)
    assert panel.caption.text().startswith(f"sample {1 + panel.images.columns} ")
    for _ in range(20):
        qtbot.keyClick(panel.images, Qt.Key.Key_Right)
    assert panel.caption.text().startswith("sample 15 ")


def test_the_chosen_sample_stays_chosen_while_batches_come(panel: BatchPanel):
    panel.show_frame(frames.after_forward())
    panel.choose(9)
    panel.show_frame(replace(frames.running(), samples=frames.samples(16)))
    assert panel.caption.text().startswith("sample 9 ")
    panel.show_frame(replace(frames.running(), samples=frames.samples(4)))
    assert panel.caption.text().startswith("sample 3 ")


def test_random_data_has_no_labels_and_none_are_invented(panel: BatchPanel):
    panel.show_frame(frames.random_data())
    assert panel.summary.text() == "1 sample"
    assert panel.caption.text() == "sample 0 · largest output 3"


def test_many_classes_show_the_largest_and_the_target(panel: BatchPanel):
    panel.show_frame(frames.huge(layers=1))
    assert panel.summary.text().startswith("4,096 samples, the first 64 shown")
    assert panel.caption.text().endswith("largest 10 of 1,000")
    assert panel.bars.accessibleDescription().count(":") == 11


@pytest.mark.parametrize(("count", "least"), [(1, 100), (16, 30), (64, 12)])
def test_images_of_any_batch_size_fill_the_room(panel: BatchPanel, count: int, least: int):
    panel.show_frame(replace(frames.after_forward(), samples=frames.samples(count)))
    tiles = [panel.images.tile_rect(k) for k in range(count)]
    assert tiles[0].width() >= least
    assert all(panel.images.rect().toRectF().contains(tile) for tile in tiles)


def test_scores_that_are_not_numbers_are_written_and_not_drawn(panel: BatchPanel):
    scores = np.full((16, 10), np.nan, np.float32)
    scores[0, 1] = np.inf
    panel.show_frame(
        replace(frames.after_forward(), samples=replace(frames.samples(), scores=frames.read_only(scores)))
    )
    assert panel.bars.accessibleDescription().startswith("0: nan, 1: inf")
    assert not picture(panel).isNull()


def test_words_that_do_not_fit_a_narrow_panel_are_in_the_tooltip(panel: BatchPanel):
    panel.show_frame(frames.after_forward())
    panel.resize(220, 420)
    words = panel.caption.text()
    assert panel.caption.fontMetrics().horizontalAdvance(words) > panel.caption.width()
    assert panel.caption.toolTip() == words


def test_classes_with_names_are_told_by_them(panel: BatchPanel):
    names = ("T-shirt", "Trouser", "Pullover", "Dress", "a coat that is very long indeed")
    frame = frames.after_forward()
    panel.show_frame(replace(frame, classes=names))
    assert panel.caption.text() == "sample 0 · target Dress · predicted Dress · right ✓"
    said = panel.bars.accessibleDescription()
    assert "Dress: 5.2500" in said
    assert "9: " in said  # an output that no class belongs to
    named = picture(panel)
    panel.show_frame(replace(frame, samples=replace(frame.samples), classes=()))
    assert picture(panel) != named
