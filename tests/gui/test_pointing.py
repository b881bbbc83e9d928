"""The number under the mouse: on the cards of the network, on the batch's images, and in the pictures of a patch.

With a real session that answers, so that what is told can be held against its tensors.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings, answers
from lenet_gui.engine.trace.names import lookup
from lenet_gui.gui.network.card_cells import Spot, cell_at, index_of, picture_place, places_of
from lenet_gui.gui.network.network import NetworkPanel
from lenet_gui.gui.network.pointing import lit
from lenet_gui.gui.numbers.batch import BatchPanel
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.why.why import WhyPanel
from lenet_gui.protocol import CYCLE, Command
from lenet_gui.protocol.tensors import CellsRequest
from lenet_gui.protocol.trace import Summary, TraceReply, TraceRequest
from lenet_gui.protocol.why import SourceCells, WhyRequest
from tests.gui.looking import frame_of


class Doubles(nn.Module):
    """Seventeen maps, some numbers in double precision, and where maxima are."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 17, 3, padding=1)
        self.head = nn.Linear(17, 10)

    def forward(self, x: Tensor) -> Tensor:
        most, at = torch.relu(self.conv(x)).flatten(2).max(-1)
        return self.head((most.double() / 3).float() + at.float() * 1e-3)


def stood(make_model: type[nn.Module] | None = None) -> Session:
    settings = Settings(batch_size=4)
    session = Session(settings) if make_model is None else Session(settings, make_model)
    for command in CYCLE[:4]:
        session.apply(command)
    return session


def answer(panel: Panel, session: Session, *kinds: type) -> None:
    panel.asked.connect(lambda one: panel.show_reply(answers.answer(session, one)) if isinstance(one, kinds) else None)


def hover(widget: QWidget, at: QPointF) -> None:
    button = Qt.MouseButton.NoButton
    global_ = QPointF(widget.mapToGlobal(at.toPoint()))
    QApplication.sendEvent(
        widget, QMouseEvent(QEvent.Type.MouseMove, at, global_, button, button, Qt.KeyboardModifier.NoModifier)
    )


def network(qtbot: QtBot, session: Session, sample: int = 0) -> NetworkPanel:
    panel = NetworkPanel()
    qtbot.addWidget(panel)
    panel.resize(1400, 480)
    panel.show()
    qtbot.waitExposed(panel)
    answer(panel, session, TraceRequest, CellsRequest)
    panel.show_frame(frame_of(session))
    panel.sample.setValue(sample)
    return panel


def spot_of(panel: NetworkPanel, spot: Spot) -> QPointF:
    """Where in the view a cell of a picture is."""
    view = panel.view
    face, style = view._faces[spot.card], view._placed.styles[spot.card]
    summary, room = (face.gradient, style.gradient) if spot.gradient else (face.output, style.output)
    assert summary is not None
    place = picture_place(summary.picture.shape, room)
    high, wide = summary.picture.shape
    inside = QPointF((spot.column + 0.5) / wide * place.width(), (spot.row + 0.5) / high * place.height())
    point = view._placed.rects[spot.card].topLeft() + place.topLeft() + inside
    return QPointF(view.to_view(view._placed.rects[spot.card]).topLeft()) + (
        (point - view._placed.rects[spot.card].topLeft()) * view.zoom
    )


def told(words: str) -> tuple[str, tuple[int, ...], str]:
    found = re.match(r"([\w.]+)(?:\[([\d, ]+)\])?  (\S+)", words)
    assert found is not None, words
    return found[1], tuple(map(int, found[2].split(", "))) if found[2] else (), found[3]


@pytest.mark.parametrize("sample", [0, 3])
@pytest.mark.parametrize("make_model", [None, Doubles])
def test_what_a_card_tells_of_the_number_under_the_mouse_is_the_tensors(
    qtbot: QtBot, make_model: type[nn.Module] | None, sample: int
) -> None:
    session = stood(make_model)
    panel = network(qtbot, session, sample)
    trace = panel._trace
    assert trace is not None
    random, count = np.random.default_rng(sample), 0
    for card, one in enumerate(trace.operations, 1):
        for gradient, summary in ((False, one.output), (True, one.gradient)):
            if summary is None or len(summary.shape) < 1:
                continue
            high, wide = summary.picture.shape
            for _ in range(4):
                spot = Spot(card, gradient, int(random.integers(high)), int(random.integers(wide)))
                panel.view.pointed.emit(spot)
                if index_of(summary, spot.row, spot.column) is None:
                    assert panel.words.text() == panel._line
                    continue
                name, index, number = told(panel.words.text())
                assert name == f"{one.name}{'.grad' if gradient else ''}"
                tensor = lookup(session, name)
                assert isinstance(tensor, Tensor)
                assert not tensor.ndim > 1 or index[0] == sample
                assert number == str(tensor.detach().numpy()[index])
                count += 1
    assert count > 30
    panel.view.pointed.emit(None)
    assert panel.words.text() == panel._line


def test_the_mouse_over_a_picture_is_told_and_what_is_left_out_is_said(qtbot: QtBot) -> None:
    session = stood(Doubles)
    panel = network(qtbot, session)
    hover(panel.view.viewport(), spot_of(panel, Spot(1, False, 9, 20)))
    assert panel.view.spot == Spot(1, False, 9, 20)
    assert panel.words.text().startswith("conv2d[0, 1, ")
    assert panel.words.text().endswith("(drawn: every 2nd row and column, the first 16 of 17 maps)")
    QApplication.sendEvent(panel.view.viewport(), QEvent(QEvent.Type.Leave))
    assert panel.view.spot is None
    assert "conv2d[" not in panel.words.text()


def test_what_has_not_happened_yet_is_not_told(qtbot: QtBot) -> None:
    session = Session(Settings(batch_size=4))
    session.apply(Command("zero_grad"))
    panel = network(qtbot, session)
    panel.view.pointed.emit(Spot(1, False, 3, 3))
    assert "conv2d" not in panel.words.text()
    session.apply(Command("forward"))
    panel.show_frame(frame_of(session))
    panel.view.pointed.emit(Spot(1, True, 3, 3))
    assert "conv2d" not in panel.words.text()
    panel.view.pointed.emit(Spot(1, False, 3, 3))
    assert "conv2d" in panel.words.text()


def test_what_a_number_comes_from_is_framed_on_the_cards(qtbot: QtBot) -> None:
    session = stood()
    panel = network(qtbot, session, sample=2)
    before = panel.view.viewport().grab().toImage()
    why = answers.answer(session, WhyRequest(1, "conv2d_1", (2, 5, 4, 6)))
    panel.light(why.regions)  # pyright: ignore[reportAttributeAccessIssue]
    assert panel.view.viewport().grab().toImage() != before
    trace = panel._trace
    assert trace is not None
    (card,) = lit(trace, why.regions)  # pyright: ignore[reportAttributeAccessIssue]
    assert trace.operations[card - 1].name == "max_pool2d"
    panel.light(())
    assert panel.view.viewport().grab().toImage() == before


def test_framed_cells_are_those_that_are_told_there() -> None:
    trace = answers.answer(stood(Doubles), TraceRequest(1, 1))
    assert isinstance(trace, TraceReply)
    for summary in (trace.batch, *(one.output for one in trace.operations)):
        if len(summary.shape) < 2:
            continue
        high, wide = summary.picture.shape
        for row, column in ((0, 0), (high // 2, wide // 3), (high - 1, 0)):
            index = index_of(summary, row, column)
            if index is None:
                continue
            (place,) = places_of(summary, tuple((at, at + 1, 1) for at in index))
            assert (int(place.y()), int(place.x())) == (row, column)
            other = ((index[0] + 1, index[0] + 2, 1), *((at, at + 1, 1) for at in index[1:]))
            assert places_of(summary, other) == [], "of another sample"


def test_an_empty_picture_and_a_point_beside_it_are_nothing() -> None:
    empty = Summary((2, 3), "complex64", float("nan"), 0, 0, 0, True, np.empty((0, 0), np.float32))
    assert cell_at(empty, picture_place((1, 1), _room()), QPointF(1, 1)) is None
    assert places_of(empty, ((0, 1, 1), (0, 1, 1))) == []


def _room():
    from PySide6.QtCore import QRectF

    return QRectF(0, 0, 10, 10)


# ------------------------------------------------------------------------------------------------- the batch's images


def test_the_pixel_under_the_mouse_is_told_and_nothing_is_chosen(qtbot: QtBot) -> None:
    session, panel = stood(), BatchPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 440)
    panel.show()
    panel.show_frame(frame_of(session))
    line = panel.summary.text()
    hover(panel.images, panel.images.cell_rect((2, 11, 17)).center())
    assert panel.summary.text() == f"input[2, 0, 11, 17]  {session.input.numpy()[2, 0, 11, 17]!s}"
    assert panel.images.sample == 0
    qtbot.mouseMove(panel.images, QPoint(1, 1))
    QApplication.sendEvent(panel.images, QEvent(QEvent.Type.Leave))
    assert panel.summary.text() == line


def test_of_a_single_sample_the_pixel_is_that_samples(qtbot: QtBot) -> None:
    session, panel = Session(Settings(batch_size=4)), BatchPanel()
    qtbot.addWidget(panel)
    panel.show()
    session.apply(Command.of("forward", sample=3, unsqueeze=True))
    panel.show_frame(frame_of(session))
    hover(panel.images, panel.images.cell_rect((0, 4, 20)).center())
    assert panel.summary.text() == f"input[3, 0, 4, 20]  {session.input.numpy()[3, 0, 4, 20]!s}"
    before = panel.images.grab().toImage()
    panel.light((SourceCells("input", ((3, 4, 1), (0, 1, 1), (4, 9, 1), (4, 9, 1))),))
    assert panel.images.grab().toImage() != before


# ----------------------------------------------------------------------------------------------------- the why panel


def why_panel(qtbot: QtBot, session: Session) -> WhyPanel:
    panel = WhyPanel()
    qtbot.addWidget(panel)
    panel.resize(420, 560)
    panel.show()
    qtbot.waitExposed(panel)
    answer(panel, session, WhyRequest)
    panel.show_frame(frame_of(session))
    return panel


def test_each_cell_of_a_patch_is_told_by_its_place_in_its_tensor(qtbot: QtBot) -> None:
    session = stood(Doubles)
    panel = why_panel(qtbot, session)
    panel.ask("conv2d", (1, 9, 0, 20))  # at the upper edge: a row of it is padding
    assert panel.pictures.isVisible()
    hover(panel.pictures.views["patch"], panel.pictures.views["patch"].cell_rect((0, 2, 1)).center())
    pixel, weight = session.input[1, 0, 1, 20].item(), session.model.get_parameter("conv.weight")[9, 0, 2, 1].item()
    words = panel.pictures.words.text().replace("−", "-")
    found = re.fullmatch(r"input\[1, 0, 1, 20\] = (\S+) × conv.weight\[9, 0, 2, 1\] = (\S+) = (\S+)", words)
    assert found is not None, words
    assert float(found[1]) == pytest.approx(pixel, rel=1e-6)
    assert float(found[2]) == pytest.approx(weight, rel=1e-6)
    assert float(found[3]) == pytest.approx(pixel * weight, rel=1e-6)
    hover(panel.pictures.views["kernel"], panel.pictures.views["kernel"].cell_rect((0, 0, 1)).center())
    assert panel.pictures.words.text().startswith("padding 0 × conv.weight[9, 0, 0, 1] = ")


def test_a_refused_why_is_said_in_the_panel(qtbot: QtBot) -> None:
    session = stood()
    panel = why_panel(qtbot, session)
    for text, words in (
        ("conv1.bias.grad[6]", "conv1.bias.grad has the shape [6], counted from 0: there is no cell [6]"),
        ("conv9", "there is no conv9: did you mean conv"),
    ):
        panel.field.setText(text)
        panel.field.returnPressed.emit()
        assert words in panel.text.toPlainText()
        assert panel.heading.text() == text
    panel.field.setText("conv1.bias.grad[-1]")
    panel.field.returnPressed.emit()
    assert panel.heading.text().startswith("conv1.bias.grad[5] = ")
    assert panel.field.text() == "conv1.bias.grad[5]"
    fresh = Session(Settings(batch_size=4))
    fresh.apply(Command("zero_grad"))
    early = why_panel(qtbot, fresh)
    early.ask("relu_1", (0, 0, 0, 0))
    assert early.text.toPlainText() == "relu_1 is not yet computed at this place"
