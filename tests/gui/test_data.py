"""The list of data and its dialogs: what is not here yet, own images, and what is done to images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QMainWindow, QPushButton
from pytestqt.qtbot import QtBot

from lenet_gui.gui.data.choosing import ChoosingData
from lenet_gui.gui.data.missing import MissingDialog
from lenet_gui.gui.data.own_images import OwnImagesDialog
from lenet_gui.gui.data.preparing import PreparingDialog
from lenet_gui.gui.window.actions import Actions
from lenet_gui.gui.window.run_settings import SettingsBar
from lenet_gui.protocol import Choice
from lenet_gui.protocol.data import (
    Download,
    ErrandEnded,
    ErrandProgress,
    ImagesPreview,
    ReadImages,
    StopErrand,
    TakeFolder,
    TakeImages,
)
from lenet_gui.settings import Settings
from tests.gui import frames
from tests.gui.ready import READY
from tests.gui.test_run_settings import pick

CHOICES = (*READY.data, Choice("mnist", "MNIST", "not on this machine yet"), Choice("fashion-mnist", "Fashion-MNIST"))
HERE = (
    *READY.data,
    Choice("mnist", "MNIST"),
    Choice("fashion-mnist", "Fashion-MNIST"),
    Choice("images:ab", "pets (8)"),
)


class Desk:
    """A settings bar with its dialogs, as the window joins them."""

    def __init__(self, qtbot: QtBot, asked: list[Any]) -> None:
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.bar = SettingsBar(Actions(self.window), self.window)
        self.choosing = ChoosingData(self.window, self.bar)
        self.choosing.asked.connect(asked.append)
        self.asked, self.wanted = asked, []
        self.bar.new_run_wanted.connect(self.wanted.append)
        self.bar.show_ready(replace(READY, data=CHOICES))
        self.show(Settings())
        self.window.show()

    def show(self, settings: Settings, prepared: str = "") -> None:
        frame = replace(frames.fresh(settings), prepared=prepared)
        self.bar.show_frame(frame)
        self.choosing.show_frame(frame)

    def open(self, kind: type, words: str) -> Any:
        pick(self.bar.data, words)
        return next(one for one in self.window.findChildren(kind) if one.isVisible())

    def press(self, name: str) -> None:
        button = next(one for one in self.window.findChildren(QPushButton, name) if one.isVisible())
        assert button.isEnabled()
        button.click()


@pytest.fixture
def desk(qtbot: QtBot, asked: list[Any]) -> Desk:
    return Desk(qtbot, asked)


def preview(count: int = 2) -> ImagesPreview:
    some = np.full((3, 32, 32), 90, np.uint8)
    names = tuple(f"class {number}" for number in range(count))
    return ImagesPreview("/pets", "pets", "64×64, made 32×32", names, (20,) * count, (some,) * count)


def test_all_data_are_listed(desk: Desk) -> None:
    words = [desk.bar.data.itemText(row) for row in range(desk.bar.data.count())]
    assert words == [
        "Digits",
        "Random tensors, new each batch",
        "Random tensors, the same kept",
        "MNIST (not on this machine yet)…",
        "Fashion-MNIST",
        "Own images…",
        "Normalise, augment…",
    ]
    pick(desk.bar.data, "Fashion-MNIST")
    assert desk.wanted == [Settings(data="fashion-mnist")]


def test_the_data_in_force_chosen_again_keep_their_options(desk: Desk) -> None:
    desk.show(Settings(data_shift=2))
    pick(desk.bar.data, "Digits")
    assert desk.wanted == []


def test_missing_data_are_downloaded_and_then_trained_on(desk: Desk) -> None:
    dialog = desk.open(MissingDialog, "MNIST (not on this machine yet)…")
    assert desk.bar.data.currentText() == "Digits"
    assert dialog.windowTitle() == "MNIST"
    desk.press("missing_download")
    assert desk.asked == [Download("mnist")]
    assert dialog.bar.isVisible()
    assert not dialog.download.isEnabled()
    desk.choosing.show_reply(ErrandProgress("Getting MNIST", 3_000_000, 12_000_000))
    assert (dialog.bar.value(), dialog.bar.format()) == (250, "3.0 of 12.0 MB")
    desk.choosing.show_reply(ErrandEnded(Download("mnist"), HERE, "mnist"))
    assert not dialog.isVisible()
    assert desk.wanted == [Settings(data="mnist")]
    assert desk.bar.data.findText("MNIST") >= 0
    assert desk.bar.data.findText("pets (8)") >= 0


def test_a_failed_download_is_said_and_can_be_tried_again(desk: Desk) -> None:
    dialog = desk.open(MissingDialog, "MNIST (not on this machine yet)…")
    for words in ("There is no way to the network.", "It answers 404."):
        desk.press("missing_download")
        desk.choosing.show_reply(ErrandEnded(Download("mnist"), CHOICES, words=words))
        assert dialog.words.text() == words
        assert dialog.isVisible()
        assert not dialog.bar.isVisible()
    assert desk.wanted == []


def test_a_download_can_be_cancelled(desk: Desk) -> None:
    dialog = desk.open(MissingDialog, "MNIST (not on this machine yet)…")
    desk.press("missing_download")
    desk.press("missing_cancel")
    assert desk.asked == [Download("mnist"), StopErrand()]
    desk.choosing.show_reply(ErrandEnded(Download("mnist"), CHOICES, cancelled=True))
    assert "the next download goes on there" in dialog.words.text()
    desk.press("missing_cancel")
    assert not dialog.isVisible()
    # Closing it in the middle leaves the download off too.
    dialog = desk.open(MissingDialog, "MNIST (not on this machine yet)…")
    desk.press("missing_download")
    dialog.close()
    assert desk.asked[-1] == StopErrand()
    # What is told of it afterwards has nowhere to go.
    desk.choosing.show_reply(ErrandProgress("Getting MNIST", 5, 10))
    desk.choosing.show_reply(ErrandEnded(Download("mnist"), CHOICES, cancelled=True))
    assert desk.wanted == []


def test_a_folder_can_be_chosen_instead(desk: Desk, tmp_path: Any) -> None:
    desk.open(MissingDialog, "MNIST (not on this machine yet)…")
    desk.press("missing_folder")
    files = desk.window.findChild(QFileDialog, "file_dialog")
    assert files is not None
    files.fileSelected.emit(str(tmp_path))
    files.close()
    assert desk.asked == [TakeFolder("mnist", str(tmp_path))]
    desk.choosing.show_reply(ErrandEnded(desk.asked[0], HERE, "mnist"))
    assert desk.wanted == [Settings(data="mnist")]


def test_one_dialog_at_a_time(desk: Desk) -> None:
    first = desk.open(MissingDialog, "MNIST (not on this machine yet)…")
    pick(desk.bar.data, "Own images…")
    assert first.isVisible()
    assert not desk.window.findChildren(OwnImagesDialog)


def test_own_images_are_looked_at_and_then_taken(desk: Desk) -> None:
    dialog = desk.open(OwnImagesDialog, "Own images…")
    assert not dialog.use.isEnabled()
    dialog.read("/pets")
    assert desk.asked == [ReadImages("/pets")]
    desk.choosing.show_reply(ErrandProgress("Reading the images", 10, 40))
    assert dialog.bar.format() == "10 of 40"
    desk.choosing.show_reply(preview())
    desk.choosing.show_reply(ErrandEnded(ReadImages("/pets"), CHOICES))
    assert dialog.words.text() == "pets: 40 images in 2 classes, 64×64, made 32×32."
    assert dialog.split.text() == "32 are trained on, 8 held out to test with."
    assert dialog.pictures.accessibleDescription() == "class 0: 20, class 1: 20"
    dialog.fields.fields["normalise"].setChecked(True)
    for name, text in (("test_share", "0.5"), ("shift", "3")):
        dialog.fields.fields[name].setText(text)
    desk.press("own_accept")
    assert desk.asked[-1] == TakeImages()
    assert dialog.split.text() == "20 are trained on, 20 held out to test with."
    desk.choosing.show_reply(ErrandEnded(TakeImages(), HERE, "images:ab"))
    assert desk.wanted == [Settings(data="images:ab", data_normalise=True, data_test_share=0.5, data_shift=3)]
    assert not dialog.isVisible()


def test_wrong_images_are_said_and_cannot_be_taken(desk: Desk) -> None:
    dialog = desk.open(OwnImagesDialog, "Own images…")
    dialog.read("/pets")
    desk.choosing.show_reply(preview())
    desk.choosing.show_reply(ErrandEnded(ReadImages("/pets"), CHOICES))
    assert dialog.use.isEnabled()
    dialog.read("/empty")
    desk.choosing.show_reply(ErrandEnded(ReadImages("/empty"), CHOICES, words="It has no folders in it."))
    assert dialog.words.text() == "It has no folders in it."
    assert not dialog.use.isEnabled()
    assert dialog.pictures.sizeHint().height() == 0


def test_a_share_that_cannot_be_is_said_and_keeps_the_dialog(desk: Desk) -> None:
    dialog = desk.open(OwnImagesDialog, "Own images…")
    desk.choosing.show_reply(preview())
    dialog.fields.fields["test_share"].setText("1.5")
    desk.press("own_accept")
    assert "1.5 is too large. Type 0 to 0.9." in dialog.fields.fields["test_share"].refused()
    assert desk.asked == []


def test_what_is_done_to_the_images_takes_a_new_run(desk: Desk) -> None:
    desk.show(Settings(data_normalise=True), "mean 0.3, std 0.4")
    dialog = desk.open(PreparingDialog, "Normalise, augment…")
    assert dialog.findChild(QLabel, "preparing_now").text() == "In this run: mean 0.3, std 0.4."
    assert dialog.fields.fields["normalise"].isChecked()
    assert "test_share" not in dialog.fields.fields  # the digits have a test set of their own
    dialog.fields.fields["rotate"].setText("15")
    desk.press("preparing_accept")
    assert desk.wanted == [Settings(data_normalise=True, data_rotate=15.0)]


def test_random_tensors_have_nothing_done_to_them(desk: Desk) -> None:
    desk.show(Settings(data="random"))
    dialog = desk.open(PreparingDialog, "Normalise, augment…")
    assert not dialog.fields.isEnabled()
    accept = dialog.findChild(QPushButton, "preparing_accept")
    assert accept is not None
    assert not accept.isEnabled()


@pytest.mark.parametrize("kind", [MissingDialog, OwnImagesDialog])
def test_every_control_has_a_name_and_is_reached_by_tab(desk: Desk, kind: type) -> None:
    dialog = desk.open(kind, "MNIST (not on this machine yet)…" if kind is MissingDialog else "Own images…")
    for button in dialog.findChildren(QPushButton):
        assert button.text()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
