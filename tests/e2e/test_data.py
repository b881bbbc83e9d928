"""Somebody brings data along: MNIST from a folder, and pictures of their own, looked at before they are taken."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from lenet_gui.engine import Session, Settings
from tests.e2e.conftest import Person
from tests.engine.data import made_up
from tests.engine.data.own import pictures


def give(person: Person, path: Path) -> None:
    """Type a path into the dialog that asks for one, and press Enter."""
    person.until(lambda: any(one.isVisible() for one in person.window.findChildren(QFileDialog)))
    (asks,) = [one for one in person.window.findChildren(QFileDialog) if one.isVisible()]
    name = asks.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(name, QLineEdit)
    name.setText(str(path))
    QTest.keyClick(name, Qt.Key.Key_Return)
    person.until(lambda: not asks.isVisible())


def test_mnist_from_a_folder_and_pictures_of_ones_own(person: Person, tmp_path: Path) -> None:
    made_up.write(tmp_path / "root/MNIST/raw")
    pictures(tmp_path / "pets", {"dog": 20, "cat": 30}, side=60)

    person.pick("data_list", "MNIST (not on this machine yet)")
    before = person.frame
    person.click("missing_folder")
    give(person, tmp_path / "root")
    frame = person.frame_with(before, settings=Settings(data="mnist"), running=False)
    assert frame.batches == 19
    frame = person.press("advance_step_button", step=1)
    session = Session(Settings(data="mnist"))
    session.run(1)
    assert session.last_loss is not None
    assert frame.loss == session.last_loss.item()
    QTest.keyClick(person.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    person.reads("of 60 test images")

    person.pick("data_list", "Own images")
    person.click("own_folder")
    give(person, tmp_path / "pets")
    person.until(lambda: "50 images in 2 classes, 60×60, made 32×32" in person.widget("own_words").text())  # type: ignore[attr-defined]
    person.click("data_normalise")
    before = person.frame
    person.click("own_accept")
    person.until(lambda: "Start a new run?" in person.notice())
    person.click("notice_offer_0")
    frame = person.frame_with(before, step=0, classes=("cat", "dog"))
    assert frame.settings.of("data") == {"normalise": True}
    assert frame.prepared.startswith("mean 0.")
    assert frame.batches == 3  # 40 are trained on
