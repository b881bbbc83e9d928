"""What every panel must pass, whatever it shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.code.code import CodePanel
from lenet_gui.gui.compare.compare import ComparePanel
from lenet_gui.gui.console import ConsolePanel
from lenet_gui.gui.diagnoses.diagnoses import DiagnosesPanel
from lenet_gui.gui.draw.draw import DrawPanel
from lenet_gui.gui.inside.autograd_graph import AutogradPanel
from lenet_gui.gui.measures.measures import MeasuresPanel
from lenet_gui.gui.moved.moved import WhyMovedPanel
from lenet_gui.gui.network.network import NetworkPanel
from lenet_gui.gui.numbers.batch import BatchPanel
from lenet_gui.gui.numbers.inspector import InspectorPanel
from lenet_gui.gui.numbers.mosaic import Mosaic
from lenet_gui.gui.numbers.tensor import TensorPanel
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.plots.plots import PlotsPanel
from lenet_gui.gui.plots.race import RacePanel
from lenet_gui.gui.plots.rate_range import RateRangePanel
from lenet_gui.gui.watches.watches import WatchesPanel
from lenet_gui.gui.widgets.canvas import Canvas
from lenet_gui.protocol import Frame
from tests.gui import frames

PANELS: list[Callable[[], Panel]] = [InspectorPanel, TensorPanel, BatchPanel, ConsolePanel, PlotsPanel, RacePanel]
PANELS += [NetworkPanel, AutogradPanel, CodePanel, WatchesPanel, DiagnosesPanel, WhyMovedPanel]
PANELS += [MeasuresPanel, DrawPanel, RateRangePanel, ComparePanel]

MOMENTS = [frames.fresh, frames.after_forward, frames.after_backward, frames.after_zeros, frames.running]
MOMENTS += [frames.random_data, frames.empty, frames.huge]
CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, Mosaic, Canvas)


@pytest.fixture(params=PANELS, ids=lambda panel: panel.__name__)
def panel(request: pytest.FixtureRequest, qtbot: QtBot, qapp: QApplication) -> Panel:
    theme.apply(qapp, "light")
    panel = request.param()
    qtbot.addWidget(panel)
    panel.resize(300, 420)
    panel.show()
    return panel


def own_controls(panel: Panel) -> list[QWidget]:
    """The controls that the panel made, not those that Qt puts inside of them (a clear button, a corner)."""
    found = [widget for widget in panel.findChildren(QWidget) if isinstance(widget, CONTROLS)]
    return [widget for widget in found if not isinstance(widget.parentWidget(), CONTROLS)]


def test_it_has_a_title_and_a_name(panel: Panel):
    assert panel.title
    assert panel.objectName()
    assert panel.accessibleName()


def test_every_control_has_a_name_a_tooltip_and_a_reader_s_name(panel: Panel):
    for control in own_controls(panel):
        assert control.objectName(), control
        assert control.accessibleName() or getattr(control, "text", str)(), control.objectName()
        assert control.toolTip(), control.objectName()
    names = [control.objectName() for control in own_controls(panel)]
    assert len(names) == len(set(names))


def test_every_control_is_reached_with_the_keyboard(panel: Panel):
    panel.show_frame(frames.after_backward())
    for control in own_controls(panel):
        group = control.group() if isinstance(control, QAbstractButton) else None
        # In a group Tab goes to the checked button, and the arrow keys from there to the others.
        entrance = group.checkedButton() if group is not None else control
        assert entrance is not None
        assert entrance.focusPolicy() & Qt.FocusPolicy.TabFocus, control.objectName()


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_it_draws_every_moment_in_light_and_dark(panel: Panel, qapp: QApplication, moment: Callable[[], Frame]):
    pictures: list[QImage] = []
    for scheme in ("light", "dark"):
        theme.apply(qapp, scheme)
        panel.show_frame(moment())
        pictures.append(panel.grab().toImage())
    # The ground is light in one and dark in the other, and something is drawn on it.
    light, dark = (image.pixelColor(1, 1).lightness() for image in pictures)
    assert light > 200
    assert dark < 60
    for image in pictures:
        assert len({image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}) > 2


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_it_fits_its_dock_in_a_small_window(panel: Panel, moment: Callable[[], Frame]):
    panel.show_frame(moment())
    smallest = panel.minimumSizeHint()
    # The plots lie along the bottom of the window, all others stand at its sides.
    assert smallest.width() <= (640 if panel.objectName() == "plots" else 280)
    assert smallest.height() <= 280
    panel.resize(smallest)
    assert not panel.grab().isNull()


def test_its_smallest_size_does_not_jump_while_numbers_change(panel: Panel):
    panel.show_frame(frames.fresh())
    widths = set()
    for moment in (frames.after_forward, frames.after_backward, frames.after_zeros, frames.running):
        panel.show_frame(moment())
        widths.add(panel.minimumSizeHint().width())
    assert len(widths) == 1


def test_it_goes_from_any_moment_to_any_other(panel: Panel):
    for moment in (*MOMENTS, *reversed(MOMENTS)):
        panel.show_frame(moment())
    once = type(panel)()
    once.resize(panel.size())
    once.show_frame(MOMENTS[0]())
    assert not once.grab().isNull()
    once.deleteLater()
