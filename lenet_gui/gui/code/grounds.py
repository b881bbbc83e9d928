"""The grounds that words of code stand on where something runs next: the line's, and stronger the part's of it."""

from __future__ import annotations

from PySide6.QtGui import QColor

from lenet_gui.gui import theme


def piece_ground(role: str) -> QColor:
    """The ground of what runs next: `place`, or `backward` in a backward."""
    if role == "place":
        return theme.colour("place_ground")
    return between(theme.colour("base"), theme.colour(role), 0.22 if theme.is_dark() else 0.16)


def line_ground(role: str) -> QColor:
    """The ground of the line that it stands on."""
    return between(theme.colour("base"), piece_ground(role), 0.5)


def between(one: QColor, other: QColor, share: float) -> QColor:
    """A mix of two colours, with a `share` of the other one from 0 to 1."""
    pairs = ((one.redF(), other.redF()), (one.greenF(), other.greenF()), (one.blueF(), other.blueF()))
    return QColor.fromRgbF(*(a + share * (b - a) for a, b in pairs))
