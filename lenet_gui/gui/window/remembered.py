"""What the window keeps between two starts: keys, speeds, its place, and where the docks were."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lenet_gui.gui.window.window import Window

LAYOUT_VERSION = 6
"""Another one where docks came or went: what was kept of an older layout would put them anywhere."""


def recall(window: Window) -> None:
    """All but the docks, whose sizes hold only once the window has its own."""
    window.actions_.recall_keys(window.preferences)
    window.phase_bar.recall(window.preferences)
    window.restoreGeometry(window.preferences.bytes("geometry"))


def recall_layout(window: Window) -> None:
    window.docks.size()
    window.restoreState(window.preferences.bytes("layout"), LAYOUT_VERSION)
    window.models.without.settle()
    window.place_notices()


def remember(window: Window) -> None:
    keep = window.preferences
    keep.set("geometry", window.saveGeometry())
    keep.set("layout", window.saveState(LAYOUT_VERSION))
    window.phase_bar.remember(keep)
    keep.save()
