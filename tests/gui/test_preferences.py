import os

import pytest
from PySide6.QtCore import QByteArray

from lenet_gui.gui.window.preferences import Preferences, folder


def test_choices_are_there_at_the_next_start():
    first = Preferences(folder())
    first.set("theme", "dark")
    first.set("grad_zeros", True)
    first.set("speed", 41)
    first.set("geometry", QByteArray(b"\x00\x01bytes"))
    first.save()
    second = Preferences(folder())
    assert second.text("theme") == "dark"
    assert second.flag("grad_zeros", False) is True
    assert second.number("speed", 60, 0, 60) == 41
    assert second.bytes("geometry") == QByteArray(b"\x00\x01bytes")
    assert second.problem() == ""


def test_nonsense_written_by_hand_gives_the_defaults():
    folder().mkdir(parents=True)
    (folder() / "window.ini").write_text("[General]\nspeed=fast\ngrad_zeros=7\ngeometry=no bytes\nlist=a, b\n")
    preferences = Preferences(folder())
    assert preferences.number("speed", 60, 0, 60) == 60
    assert preferences.flag("grad_zeros", False) is False
    assert preferences.bytes("geometry").isEmpty()
    assert preferences.text("list", "default") == "default"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_folder_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LENET_GUI_CONFIG", str(tmp_path / "file" / "config"))
    preferences = Preferences(folder())
    preferences.set("theme", "dark")
    preferences.save()
    assert "LENET_GUI_CONFIG" in preferences.problem()
    assert preferences.text("theme") == "dark"


def test_a_file_that_is_a_folder_is_told():
    (folder() / "window.ini").mkdir(parents=True)
    assert Preferences(folder()).problem() != ""
