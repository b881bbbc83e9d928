"""In the real window: a gradient checked, a step tried before it is taken, and what is wrong shown where it is."""

from __future__ import annotations

import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QTabBar

from lenet_gui.engine import Session, Settings
from lenet_gui.gui.diagnoses.diagnoses import DiagnosesPanel
from lenet_gui.gui.moved.moved import WhyMovedPanel
from tests.e2e.conftest import Person
from tests.e2e.test_going_back import bias, run_steps
from tests.e2e.test_why import ask, backward


def moved(person: Person) -> WhyMovedPanel:
    found = person.widget("why_moved")
    assert isinstance(found, WhyMovedPanel)
    return found


def raise_tab(person: Person, title: str, panel: str) -> None:
    """Click the tab of a dock that stands behind others."""
    bars = person.window.findChildren(QTabBar)
    bar, at = next((bar, at) for bar in bars for at in range(bar.count()) if bar.tabText(at).startswith(title))
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(at).center())
    person.until(lambda: person.window.panels[panel].is_seen())


def test_a_gradient_is_held_against_a_finite_difference(person: Person) -> None:
    plain = backward(person)
    ask(person, "conv1.bias.grad[2]")
    person.click("why_finite")
    person.until(lambda: "relative" in moved(person).found.toPlainText())
    words = moved(person).found.toPlainText()
    grad = dict(plain.model.named_parameters())["conv1.bias"].grad
    assert grad is not None
    assert f"{grad[2].item():.4g}"[:6] in words


def test_a_step_is_tried_and_only_what_is_taken_changes_anything(person: Person) -> None:
    plain = backward(person)
    person.choose("view_menu", "view_why_moved")
    person.until(lambda: person.window.panels["why_moved"].is_seen())
    moved(person).parts.by_choice["try"].click()
    before = bias(person)
    person.click("moved_try")
    trying = moved(person).trying
    assert trying is not None
    person.until(lambda: trying._reply is not None and trying._reply.done)
    place = person.frame.place if person.frame is not None else None
    person.type("moved_rate", "0.5")
    person.until(lambda: 0.5 in trying._exact)
    assert person.frame is not None
    assert person.frame.place == place
    assert bias(person) == before
    loss = trying._exact[0.5]
    person.click("moved_take")
    person.until(lambda: person.frame is not None and person.frame.settings.lr == 0.5)
    person.press("step_button", reason="after step")
    plain.set(lr=0.5)
    batch, labels = plain.input, plain.target
    plain.step()
    assert bias(person) == repr(dict(plain.model.named_parameters())["conv1.bias"])
    with torch.no_grad():
        assert labels is not None
        assert abs(torch.nn.functional.cross_entropy(plain.model(batch), labels).item() - loss) < 1e-6


def test_a_step_without_a_backward_is_named_and_nothing_is_in_a_healthy_run(person: Person) -> None:
    raise_tab(person, "What is wrong", "diagnoses")
    panel = person.window.panels["diagnoses"]
    assert isinstance(panel, DiagnosesPanel)
    run_steps(person, 20)
    person.until(lambda: "Nothing looks wrong" in panel.head.text())
    for phase in ("zero_grad", "forward", "loss", "step"):
        person.press(f"{phase}_button", reason=f"after {phase}")
    person.until(lambda: "1 problem" in panel.head.text() or "2 problems" in panel.head.text())
    words = " ".join(label.text() for label in panel.cards.findChildren(QLabel))
    assert "backward" in words
    assert panel.cards.findChildren(QAbstractButton)
    plain = Session(Settings())
    plain.run(20)
    for phase in ("zero_grad", "forward", "loss"):
        getattr(plain, phase)()
    assert bias(person) == repr(dict(plain.model.named_parameters())["conv1.bias"])
