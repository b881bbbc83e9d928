"""In the real window: a digit drawn, learned from and taken back; and how good the network is, cell by cell."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.drawing.putting import command_for
from lenet_gui.engine.measures.measured import measure
from lenet_gui.gui.draw.draw import DrawPanel
from lenet_gui.gui.draw.sheet import SIDE
from lenet_gui.gui.measures.measures import MeasuresPanel
from lenet_gui.protocol.drawing import PutDrawing
from tests.e2e.conftest import Person
from tests.e2e.test_asking import raise_tab
from tests.e2e.test_going_back import bias, run_steps


def draw_a_seven(panel: DrawPanel) -> None:
    sheet, area = panel.sheet, panel.sheet.area()
    points = [(area.topLeft() + QPointF(*at) * (area.width() / SIDE)).toPoint() for at in SEVEN]
    QTest.mousePress(sheet, Qt.MouseButton.LeftButton, pos=points[0])
    for point in points[1:]:
        QTest.mouseMove(sheet, point)
    QTest.mouseRelease(sheet, Qt.MouseButton.LeftButton, pos=points[-1])


SEVEN = ((70, 50), (130, 50), (200, 50), (170, 130), (130, 230))


def test_a_digit_is_drawn_seen_by_every_operation_learned_from_and_taken_back(person: Person) -> None:
    run_steps(person, 40)
    plain = Session(Settings())
    plain.run(40)
    before = bias(person)
    person.window.actions_["draw"].trigger()
    panel = person.window.panels["draw"]
    assert isinstance(panel, DrawPanel)
    person.until(panel.is_seen)
    draw_a_seven(panel)
    person.until(lambda: panel.parts.words.text().endswith("at step 40") and not panel._waiting)
    assert person.widget("drawn_network").isVisible()
    said = panel.parts.words.text()
    assert bias(person) == before
    person.pick("draw_label", "7")
    person.press("draw_put", reason="drawing put into the batch")
    person.press("draw_step", reason="one step on")
    plain.apply(command_for(plain, PutDrawing(panel.sheet.ink(), 7)))
    plain.run(1)
    assert bias(person) == repr(dict(plain.model.named_parameters())["conv1.bias"])
    person.until(lambda: "at step 41 (was " in panel.parts.words.text())
    person.click("draw_back")
    person.until(lambda: person.frame is not None and person.frame.step == 40 and not person.frame.running)
    assert bias(person) == before
    person.until(lambda: panel.parts.words.text().startswith(said))
    over = person.widget("drawn_network")
    raise_tab(person, "Batch", "batch")
    person.until(lambda: not over.isVisible())
    raise_tab(person, "Draw", "draw")
    person.until(over.isVisible)


def test_a_cell_of_the_confusion_matrix_leads_to_an_image_and_its_outputs(person: Person) -> None:
    run_steps(person, 30)
    person.window.actions_["measure"].trigger()
    panel = person.window.panels["measures"]
    assert isinstance(panel, MeasuresPanel)
    person.until(lambda: len(panel.matrix.counts) == 10)
    plain = Session(Settings())
    plain.run(30)
    found = measure(plain, "test")
    assert found is not None
    assert np.trace(panel.matrix.counts) == found.correct
    assert f"{found.correct} of 360 right" in panel.words.text()
    panel.pages.setCurrentIndex(1)
    person.until(panel.matrix.isVisible)
    label, predicted = (int(k) for k in np.argwhere(panel.matrix.counts == panel.matrix.counts.max())[0])
    middle = panel.matrix.cell_rect((label, predicted)).center().toPoint()
    QTest.mouseClick(panel.matrix, Qt.MouseButton.LeftButton, pos=middle)
    person.until(lambda: panel.cell.strip.full[0] > 0)
    QTest.mouseClick(panel.cell.strip, Qt.MouseButton.LeftButton, pos=panel.cell.strip.tile_rect(0).center().toPoint())
    person.until(lambda: len(panel.cell.bars.shares) == 10)
    assert int(panel.cell.bars.shares.argmax()) == predicted
