"""What can be done with a tensor that is seen: ask about a number, copy, save its picture, write its numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QIODevice, QRect, QRectF, QSaveFile, QSize, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication, QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QMenu, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.heatmap import Heatmap, draw_scale
from lenet_gui.gui.numbers.indexing import text_of
from lenet_gui.gui.numbers.tensor_pane import TensorPane

SHARPNESS = 2
"""Pixels of a saved picture for each of the screen's."""


def menu_of(pane: TensorPane, why: Callable[[], None] | None, failed: Callable[[str], None]) -> QMenu:
    """`why` asks about the current number, and is `None` where nobody can tell; `failed` is told a sentence."""
    menu = QMenu(pane)
    menu.setObjectName("tensor_menu")
    index = pane.current()

    def entry(words: str, act: Callable[[], object], possible: bool = True) -> None:
        action = menu.addAction(words)
        action.triggered.connect(lambda: act())
        action.setEnabled(possible)

    there = pane.reply is not None and pane.reply.summary is not None
    page = pane.pages.currentWidget()
    at = f" at {text_of(index)}" if index is not None else ""
    entry(f"Why this number{at}?\tCtrl+Y", why or (lambda: None), why is not None and index is not None)
    menu.addSeparator()
    if page is pane.table:
        entry("Copy selected numbers\tCtrl+C", pane.table.copy, there)
    entry("Copy all as shown", lambda: copy_shown(pane), page is not pane.message)
    menu.addSeparator()
    picture = page in (pane.heatmap, pane.histogram, pane.over_time)
    entry("Save picture as PNG…", lambda: _ask(pane, "png", lambda path: save_png(pane, path, failed)), picture)
    for suffix, words in (("npy", "Export numbers as .npy…"), ("csv", "Export numbers as CSV…")):
        entry(words, lambda suffix=suffix: _ask(pane, suffix, lambda path: pane.asking.export(pane.view, path)), there)
    return menu


def copy_shown(pane: TensorPane) -> None:
    """What is seen: a picture as a picture, numbers as tab-separated text."""
    page, clipboard = pane.pages.currentWidget(), QGuiApplication.clipboard()
    if page is pane.heatmap:
        clipboard.setImage(picture_of(pane))
    elif page is pane.table:
        pane.table.copy(whole=True)
    elif page is pane.histogram:
        clipboard.setText(pane.histogram.text())
    elif page is pane.over_time:
        clipboard.setText(pane.over_time.text())
    elif page is pane.printed:
        clipboard.setText(pane.printed.toPlainText())


def save_png(pane: TensorPane, path: str, failed: Callable[[str], None]) -> None:
    """The file is whole or not there; where it cannot be written, `failed` is told so."""
    file = QSaveFile(path)
    if file.open(QIODevice.OpenModeFlag.WriteOnly):
        if QImageWriter(file, QByteArray(b"png")).write(picture_of(pane)) and file.commit():
            pane.statistics.setText(f"Written: {path}")
            return
        file.cancelWriting()
    failed(f"{path} cannot be written: {file.errorString()}. Choose another place.")


def picture_of(pane: TensorPane) -> QImage:
    """What is drawn, with the tensor's name above it and its colour bar below, sharper than on the screen."""
    page = pane.pages.currentWidget()
    drawn = _drawn(pane)
    line, gap = QFontMetrics(theme.mono()).height(), 2 * theme.UNIT
    bar = 12 + line if isinstance(page, Heatmap) else 0
    size = QSize(drawn.width() + 2 * gap, drawn.height() + line + bar + 4 * gap)
    image = QImage(size * SHARPNESS, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SHARPNESS)
    image.fill(theme.colour("panel"))
    with QPainter(image) as painter:
        painter.setFont(theme.mono())
        painter.setPen(theme.colour("text"))
        painter.drawText(QRectF(gap, gap, drawn.width(), line), Qt.AlignmentFlag.AlignLeft, pane.heading.text())
        place = QRect(gap, line + 2 * gap, drawn.width(), drawn.height())
        painter.drawPixmap(place, drawn.grab())
        if isinstance(page, Heatmap):
            below = QRect(gap, place.bottom() + gap, drawn.width(), bar)
            draw_scale(painter, below, page.mosaic.scale, page.mosaic.span)
    return image


def _drawn(pane: TensorPane) -> QWidget:
    page = pane.pages.currentWidget()
    if page is pane.heatmap:
        return pane.heatmap.mosaic
    return pane.histogram.bars if page is pane.histogram else pane.over_time.plot


def _ask(pane: TensorPane, suffix: str, then: Callable[[str], object]) -> None:
    # Imported when it is wanted: the first paint must not wait for it.
    from lenet_gui.gui.window.dialogs import ask_for_file

    name = pane.heading.text().split("  ")[0].replace(" − ", " minus ")
    kinds = {"png": "PNG (*.png)", "npy": "NumPy (*.npy)", "csv": "CSV (*.csv)"}[suffix]
    kept = "".join(letter if letter.isalnum() or letter in "._- " else "_" for letter in name)
    ask_for_file(pane, "Write the tensor", str(Path.home() / f"{kept}.{suffix}"), kinds, then)
