"""Plots as files: the numbers as CSV, the picture as PNG or SVG. A file is whole or not there. `plots` asks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFontMetrics, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QApplication

from lenet_gui.gui import theme
from lenet_gui.gui.plots.plot_view import PlotView
from lenet_gui.gui.plots.pyramid import Pyramid

CHUNK = 50_000
SCALE = 2


def write_csv(path: Path, names: Sequence[str], pyramid: Pyramid) -> None:
    """Write every step as a row, with nine digits: what is read back is the same float32. Raises OSError."""

    def write(file: BinaryIO) -> None:
        file.write((",".join(["step", *names]) + "\n").encode())
        for start in range(0, len(pyramid), CHUNK):
            rows = pyramid.rows(start, min(start + CHUNK, len(pyramid)))
            steps = np.arange(start, start + len(rows), dtype=np.float64)
            form = ["%d"] + ["%.9g"] * len(names)
            np.savetxt(file, np.column_stack([steps, rows.astype(np.float64)]), fmt=form, delimiter=",")

    _replace(path, write)


def write_png(path: Path, plots: Sequence[tuple[str, PlotView]]) -> None:
    """Write the plots as they are seen, side by side with titles, at twice the screen's sharpness. Raises OSError."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"png"))
    if not writer.write(picture(plots)):
        raise OSError(writer.errorString())
    _replace(path, lambda file: file.write(buffer.data().data()))


def write_svg(path: Path, plots: Sequence[tuple[str, PlotView]]) -> None:
    """The same as lines, which stay sharp at any size. Raises OSError."""
    size, buffer = _size(plots), QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    drawing = QSvgGenerator()
    drawing.setOutputDevice(buffer)
    drawing.setSize(size)
    drawing.setViewBox(QRectF(QPointF(), QSizeF(size)))
    with QPainter(drawing) as painter:
        painter.fillRect(QRectF(QPointF(), QSizeF(size)), theme.colour("base"))
        _paint(painter, plots, lines=True)
    _replace(path, lambda file: file.write(buffer.data().data()))


def picture(plots: Sequence[tuple[str, PlotView]]) -> QImage:
    image = QImage(_size(plots) * SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SCALE)
    image.fill(theme.colour("base"))
    with QPainter(image) as painter:
        _paint(painter, plots, lines=False)
    return image


def _size(plots: Sequence[tuple[str, PlotView]]) -> QSize:
    gap, header = _spaces()
    height = max(view.height() for _, view in plots)
    return QSize(sum(view.width() + gap for _, view in plots) + gap, height + header + gap)


def _spaces() -> tuple[int, int]:
    """Between the plots, and above them for title and legend."""
    gap = 2 * theme.UNIT
    return gap, 2 * QFontMetrics(QApplication.font()).height() + gap


def _paint(painter: QPainter, plots: Sequence[tuple[str, PlotView]], lines: bool) -> None:
    painter.setFont(QApplication.font())
    line, (gap, header) = painter.fontMetrics().height(), _spaces()
    x = gap
    for title, view in plots:
        painter.setPen(theme.colour("text"))
        painter.drawText(QRectF(x, gap / 2, view.width(), line), Qt.AlignmentFlag.AlignHCenter, title)
        _draw_legend(painter, title, view, QRectF(x, gap / 2 + line, view.width(), line))
        view.render(painter, QRectF(x, header, view.width(), view.height()), view.viewport().rect())
        painter.save()
        painter.translate(QPointF(x, header) + view.curves.pos())
        painter.setClipRect(view.curves.rect())
        if lines:
            view.curves.draw_lines(painter)
        else:
            view.curves.draw(painter, view.curves.rect(), SCALE)
        painter.restore()
        x += view.width() + gap


def _draw_legend(painter: QPainter, title: str, view: PlotView, place: QRectF) -> None:
    shown = [(i, name.removeprefix(title)) for i, name in enumerate(view.names) if view.curves.shown[i]]
    if len(view.names) < 2:
        return
    widths = [painter.fontMetrics().horizontalAdvance(label) + 24 for _, label in shown]
    x = place.center().x() - sum(widths) / 2
    for (i, label), width in zip(shown, widths, strict=True):
        painter.fillRect(QRectF(x, place.center().y() - 1, 12, 2), theme.series(i))
        painter.drawText(QRectF(x + 15, place.top(), width, place.height()), Qt.AlignmentFlag.AlignLeft, label)
        x += width


def _replace(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write beside `path` first, so that a full disk leaves what was there before, and nothing else."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            write(file)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
