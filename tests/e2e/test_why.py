"""Asking why in the real window: from the loss to a pixel and from a bias gradient to the loss, link by link."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QTextBrowser

from lenet_gui.engine import Session, Settings
from lenet_gui.gui.why.page import number
from lenet_gui.gui.why.why import WhyPanel
from tests.e2e.conftest import Person

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def panel(person: Person) -> WhyPanel:
    found = person.widget("why")
    assert isinstance(found, WhyPanel)
    return found


def links(text: QTextBrowser) -> list[tuple[str, int]]:
    """Each link to a number, and where in the page it stands."""
    found, block = [], text.document().begin()
    while block.isValid():
        pieces = block.begin()
        while not pieces.atEnd():
            piece = pieces.fragment()
            target = piece.charFormat().anchorHref()
            if target.startswith("why:"):
                found.append((target.removeprefix("why:"), piece.position() + 1))
            pieces += 1  # type: ignore[operator]
        block = block.next()
    return found


def follow(person: Person, starts: str) -> str:
    """Click the first link to a number of this tensor, and wait for the answer; the number's heading."""
    text = panel(person).text
    target, place = next(link for link in links(text) if link[0].startswith(starts))
    cursor = QTextCursor(text.document())
    cursor.setPosition(place)
    text.setTextCursor(cursor)
    text.ensureCursorVisible()
    QTest.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=text.cursorRect(cursor).center())
    person.until(lambda: panel(person).heading.text().startswith(f"{target} = "))
    return panel(person).heading.text()


def ask(person: Person, what: str) -> str:
    QTest.keyClick(person.window, Qt.Key.Key_W, CONTROL | SHIFT)
    person.until(lambda: panel(person).is_seen())
    person.type("why_field", what)
    person.until(lambda: panel(person).heading.text().startswith(f"{what} = "))
    return panel(person).heading.text()


def backward(person: Person) -> Session:
    """A whole step, and the next one up to its backward, in the window and beside it."""
    plain = Session(Settings())
    plain.run(1)
    for phase in ("zero_grad", "forward", "loss", "backward", "step", "zero_grad", "forward", "loss", "backward"):
        person.press(f"{phase}_button", reason=f"after {phase}")
    for phase in ("zero_grad", "forward", "loss", "backward"):
        getattr(plain, phase)()
    return plain


def test_from_the_loss_to_a_pixel_and_back(person: Person) -> None:
    plain = backward(person)
    assert plain.last_loss is not None
    assert ask(person, "loss") == f"loss = {number(plain.last_loss.item())}"
    operations = {one.name: one.outputs[0] for one in plain.trace().forward}
    layers = ["linear_2", "relu_3", "linear_1", "relu_2", "linear", "view", "max_pool2d_1", "relu_1", "conv2d_1"]
    for name in (*layers, "max_pool2d", "relu", "conv2d"):
        heading = follow(person, f"{name}[")
        cell = tuple(int(one) for one in heading[len(name) + 1 : heading.index("]")].split(","))
        assert heading.endswith(f"= {number(operations[name][cell].item())}")
    assert panel(person).pictures.isVisible()
    heading = follow(person, "input[")
    cell = tuple(int(one) for one in heading[len("input[") : heading.index("]")].split(","))
    assert heading.endswith(f"= {number(plain.input[cell].item())}")
    assert "given" in panel(person).text.toPlainText()
    for _ in range(13):
        person.click("why_back")
    person.until(lambda: panel(person).heading.text().startswith("loss = "))
    assert not panel(person).back.isEnabled()


def test_from_a_bias_gradient_through_the_chain_rule_to_the_loss(person: Person) -> None:
    plain = backward(person)
    grad = dict(plain.model.named_parameters())["conv1.bias"].grad
    assert grad is not None
    assert ask(person, "conv1.bias.grad[2]") == f"conv1.bias.grad[2] = {number(grad[2].item())}"
    assert "a difference of" in panel(person).check.text()
    chain = ["conv2d", "relu", "max_pool2d", "conv2d_1", "relu_1", "max_pool2d_1", "view", "linear"]
    for name in (*chain, "relu_2", "linear_1", "relu_3", "linear_2"):
        follow(person, f"{name}.grad[")
    follow(person, "cross_entropy.grad")
    assert panel(person).heading.text() == "cross_entropy.grad = 1"


def test_what_there_is_not_gets_a_sentence_and_what_is_not_yet_there_a_quiet_one(person: Person) -> None:
    QTest.keyClick(person.window, Qt.Key.Key_W, CONTROL | SHIFT)
    person.until(lambda: panel(person).is_seen())
    person.type("why_field", "conv1.bias.grad[3]")
    person.until(lambda: "None" in panel(person).text.toPlainText() or "not" in panel(person).text.toPlainText())
    person.type("why_field", "conv1.bais[3]")
    person.until(lambda: "conv1.bais" in person.notice() + panel(person).text.toPlainText())
    person.until(lambda: panel(person).heading.text() == "conv1.bais[3]")
    assert "conv1.bias.grad" not in panel(person).text.toPlainText()  # that was about another number
    field = person.widget("why_field")
    assert isinstance(field, QLineEdit)
    person.type("why_field", "conv1.bias[x]")
    assert "names no number" in panel(person).heading.text()
    person.type("why_field", "conv1.bias[77]")
    person.until(lambda: "77" in person.notice() + panel(person).text.toPlainText())
    ask(person, "conv1.bias[2]")
    person.type("why_field", "conv1.bias[88]")
    person.until(lambda: panel(person).heading.text() == "conv1.bias[88]")
    person.until(lambda: "no cell [88]" in panel(person).text.toPlainText())
    assert "conv1.bias[2]" not in panel(person).text.toPlainText()
