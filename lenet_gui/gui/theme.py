"""The colours, fonts and icons of the whole window, in light and dark. Colour tables of pictures live in `heatmap`.

Neither NumPy nor pyqtgraph is imported here: the window's first paint must not wait for them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from lenet_gui import resources

if TYPE_CHECKING:
    from PySide6.QtSvg import QSvgRenderer

SCHEMES = ("light", "dark", "system")
UNIT = 4
"""All margins and gaps are multiples of this many pixels."""

# role: (light, dark). Every colour that writes words has a contrast of at least 4.5 on base and panel.
_COLOURS = {
    "text": ("#1b1f24", "#dde2ea"),
    "muted": ("#5b6470", "#98a2b0"),
    "disabled": ("#9aa2ad", "#5d6673"),
    "base": ("#ffffff", "#1b1e24"),
    "alternate": ("#f6f8fa", "#20242b"),
    "panel": ("#f0f2f5", "#15171c"),
    "button": ("#ffffff", "#252a32"),
    "grid": ("#d3d9e0", "#333a45"),
    "accent": ("#0b66c3", "#4da6ff"),
    "on_accent": ("#ffffff", "#0d1117"),
    "selection": ("#cfe4fb", "#234669"),
    "forward": ("#0b66c3", "#4da6ff"),
    "backward": ("#ad4a06", "#ff8c42"),
    "place": ("#e6b400", "#ffd23f"),
    "place_ground": ("#fff3c4", "#453a10"),
    "error": ("#b3261e", "#ff7b72"),
    "ok": ("#19784a", "#4cc38a"),
    "negative": ("#2166ac", "#6aaef2"),
    "zero": ("#f7f7f7", "#16181d"),
    "positive": ("#b2182b", "#ff7a66"),
    "not_finite": ("#d000d0", "#ff40ff"),
}

# Okabe and Ito's hues, each moved to a lightness with a contrast of at least 3 on both grounds, so that a curve
# keeps its colour when the scheme changes.
_SERIES = ("#2b7fd4", "#d9700a", "#0d9c6c", "#cf5fa6", "#8b6cd9", "#a07f08", "#1796b5", "#7f8894")

# At 1x, 1.5x and 2x; each further one costs the first paint two milliseconds.
_ICON_PIXELS = (16, 24, 32, 40)

# Only what Fusion does not do by itself: flat buttons, and a focus ring that is seen.
_STYLE = """
QToolTip {{ color: {text}; background: {base}; border: 1px solid {grid}; padding: 4px; }}
QAbstractScrollArea {{ border: 1px solid {grid}; border-radius: 2px; }}
QAbstractScrollArea:focus {{ border-color: {accent}; }}
QToolButton, QPushButton {{ background: {button}; border: 1px solid {grid}; border-radius: 4px; padding: 3px 8px; }}
QToolBar QToolButton {{ padding: 3px 6px; }}
QToolButton:hover, QPushButton:hover {{ border-color: {muted}; }}
QToolButton:pressed, QPushButton:pressed {{ background: {selection}; }}
QToolButton:checked, QPushButton:checked {{ background: {selection}; border-color: {accent}; }}
QToolButton:focus, QPushButton:focus, QPushButton:default {{ border-color: {accent}; }}
QToolButton:disabled, QPushButton:disabled {{ color: {disabled}; background: {panel}; }}
QToolButton[popupMode="2"] {{ padding-right: 20px; }}
QHeaderView::section {{ color: {muted}; background: {alternate}; border: 0; border-bottom: 1px solid {grid};
    border-right: 1px solid {grid}; padding: 3px 4px; }}
QDockWidget::title {{ background: {panel}; padding: 4px 8px; }}
QMainWindow::separator {{ background: {panel}; width: 4px; height: 4px; }}
QMainWindow::separator:hover {{ background: {accent}; }}
QToolBar#timeline {{ background: {panel}; border: 0; border-top: 1px solid {grid}; padding: 1px 4px; }}
QToolBar#timeline QAbstractScrollArea {{ border: 0; }}
QToolBar#timeline QToolButton {{ padding: 0 20px 0 4px; }}
QToolBar#timeline QLabel {{ background: {panel}; }}
QStatusBar::item {{ border: 0; }}
"""


def apply(app: QApplication, scheme: str) -> None:
    """Dress the whole program in `"light"`, `"dark"` or what the `"system"` has, also when that changes later."""
    if scheme not in SCHEMES:
        raise ValueError(f"the colour scheme must be one of {', '.join(SCHEMES)}, not {scheme!r}")
    hints = app.styleHints()
    if app.property("scheme") is None:
        hints.colorSchemeChanged.connect(_follow_system)
    app.setProperty("scheme", scheme)
    if scheme == "system":
        hints.unsetColorScheme()
    else:
        hints.setColorScheme(Qt.ColorScheme.Dark if scheme == "dark" else Qt.ColorScheme.Light)
    _dress(app, scheme == "dark" or (scheme == "system" and hints.colorScheme() == Qt.ColorScheme.Dark))


def _follow_system(found: Qt.ColorScheme) -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication) and app.property("scheme") == "system":
        _dress(app, found == Qt.ColorScheme.Dark)


def _dress(app: QApplication, dark: bool) -> None:
    # The palette is set too, because setColorScheme does nothing offscreen and on some desktops.
    app.setPalette(_palette(dark))
    sheet = _STYLE.format(**{role: pair[dark] for role, pair in _COLOURS.items()})
    if app.styleSheet() != sheet:
        app.setStyleSheet(sheet)


def _palette(dark: bool) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for target, name in {
        role.Window: "panel",
        role.WindowText: "text",
        role.Base: "base",
        role.AlternateBase: "alternate",
        role.Text: "text",
        role.PlaceholderText: "muted",
        role.Button: "button",
        role.ButtonText: "text",
        role.BrightText: "error",
        role.ToolTipBase: "base",
        role.ToolTipText: "text",
        role.Highlight: "selection",
        role.HighlightedText: "text",
        role.Accent: "accent",
        role.Link: "accent",
        role.LinkVisited: "accent",
        role.Light: "grid",
        role.Midlight: "grid",
        role.Mid: "grid",
        role.Dark: "grid",
        role.Shadow: "panel",
    }.items():
        palette.setColor(target, QColor(_COLOURS[name][dark]))
    for target in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(_COLOURS["disabled"][dark]))
    return palette


def is_dark() -> bool:
    return QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def colour(role: str) -> QColor:
    """The colour that a meaning has now: `text`, `muted`, `forward`, `backward`, `place`, `error`, …"""
    return QColor(_COLOURS[role][is_dark()])


def not_finite(dark: bool) -> QColor:
    """What NaN and Inf look like in pictures: a colour that no scale has."""
    return QColor(_COLOURS["not_finite"][dark])


def series(i: int) -> QColor:
    """The colour of curve `i`, the same in light and dark; after eight they begin anew."""
    return QColor(_SERIES[i % len(_SERIES)])


def mono() -> QFont:
    """The system's monospaced face, at the size of the program's other words."""
    return QFont(_mono(QGuiApplication.font().pointSizeF()))


@cache
def _mono(points: float) -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPointSizeF(points)
    return font


def icon(name: str, role: str = "text") -> QIcon:
    """`resources/icons/NAME.svg`, with `currentColor` in it drawn in the colour of `role`, sharp at 1x and 2x.

    Call it again after a change of palette. A file that is missing or broken gives an empty icon, so that the
    button shows its words alone.
    """
    # Not before the first paint, which has no icons yet.
    from PySide6.QtSvg import QSvgRenderer

    try:
        source = resources.path("icons", f"{name}.svg").read_text(encoding="utf-8")
    except OSError:
        return QIcon()
    made = QIcon()
    for mode, ink in ((QIcon.Mode.Normal, colour(role)), (QIcon.Mode.Disabled, colour("disabled"))):
        renderer = QSvgRenderer(QByteArray(source.replace("currentColor", ink.name()).encode()))
        if not renderer.isValid():
            return QIcon()
        for pixels in _ICON_PIXELS:
            made.addPixmap(_draw(renderer, pixels), mode)
    return made


def _draw(renderer: QSvgRenderer, pixels: int) -> QPixmap:
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return pixmap


def swatch(branch: int) -> QIcon:
    """A branch's colour as an icon, with room beside it."""
    pixmap = QPixmap(24, 16)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.fillRect(0, 0, 8, 8, series(branch))
    return QIcon(pixmap)
