"""What the program reads from `resources/` is there, is what it says, and is found from every kind of installation."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

import lenet_gui
from lenet_gui import resources

ICONS = sorted(resources.path("icons").glob("*.svg"))


def test_the_digits_are_the_whole_set_with_their_attribution() -> None:
    with np.load(resources.path("digits.npz")) as digits:
        images, labels = digits["images"], digits["labels"]
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.uint8
    assert images.max() == 16
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert "CC BY 4.0" in resources.path("README.md").read_text(encoding="utf-8")


def test_a_missing_file_is_named_with_what_to_do() -> None:
    with pytest.raises(FileNotFoundError, match=r"resources/icons/nowhere\.svg is missing.*install it again"):
        resources.path("icons", "nowhere.svg")


@pytest.mark.parametrize("where", ["package/lenet_gui/resources", "package/resources"], ids=["wheel", "checkout"])
def test_the_folder_is_found_inside_and_beside_the_package(where: str, tmp_path: Path) -> None:
    package = tmp_path / "package" / "lenet_gui"
    package.mkdir(parents=True)
    for module in ("__init__.py", "resources.py"):
        shutil.copy(Path(lenet_gui.__file__).with_name(module), package)
    (tmp_path / where).mkdir()
    (tmp_path / where / "found.txt").write_text("here", encoding="utf-8")
    program = "from lenet_gui import resources; print(resources.path('found.txt').read_text())"
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / "package", capture_output=True, text=True, check=False
    )
    assert (answer.stdout, answer.stderr) == ("here\n", "")


@pytest.mark.parametrize("icon", ICONS, ids=lambda icon: icon.stem)
def test_every_icon_is_drawn_in_the_colour_of_the_theme_and_nothing_is_cut_off(icon: Path) -> None:
    picture = _render(icon.read_text(encoding="utf-8").replace("currentColor", "#ff0000"))
    drawn = [(x, y) for x in range(24) for y in range(24) if picture.pixelColor(x, y).alpha() > 127]
    assert len(drawn) > 20
    assert all(picture.pixelColor(x, y).green() == 0 for x, y in drawn)
    assert all(0 < x < 23 and 0 < y < 23 for x, y in drawn)


def _render(svg: str) -> QImage:
    picture = QImage(24, 24, QImage.Format.Format_ARGB32)
    picture.fill(QColor(0, 0, 0, 0))
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    return picture
