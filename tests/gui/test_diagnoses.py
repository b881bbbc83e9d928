"""The panel that says what is wrong: when it asks, what its cards show, and where they lead."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.diagnoses.card import Card
from lenet_gui.gui.diagnoses.diagnoses import CANCEL, LOOK, NOTHING, RUNNING, TITLE, DiagnosesPanel
from lenet_gui.gui.window.preferences import Preferences
from lenet_gui.gui.window.window import Window
from lenet_gui.protocol import Frame, Incoming, Pause, Place, Seek
from lenet_gui.protocol.diagnoses import CloserReply, DiagnosesReply, DiagnosesRequest, Diagnosis, LookCloser, Show
from tests.gui import frames, traces

NOT_ZEROED = Diagnosis(
    "not_zeroed",
    "The gradients were not zeroed before backward",
    ".grad holds 2 backward passes.",
    (("backward passes added up", "2"), ("‖conv1.weight.grad‖ <b>", "7.26")),
    "backward() adds to .grad.",
    "optimizer.zero_grad()  # before loss.backward()",
    Show(3, tensor="conv1.weight", part="grad"),
)
NOTE = Diagnosis("eval_mode", "Eval mode", "It is.", (("net.training", "False"),), "So.", "net.train()", None, "note")


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> DiagnosesPanel:
    theme.apply(qapp, "light")
    panel = DiagnosesPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 480)
    panel.show()
    return panel


@pytest.fixture
def asked(panel: DiagnosesPanel) -> list[Incoming]:
    found: list[Incoming] = []
    panel.asked.connect(found.append)
    return found


def reply(id: int, *diagnoses: Diagnosis, log_only: bool = False, unseen: str = "") -> DiagnosesReply:
    return DiagnosesReply(id, "main", 4, 0, 1, diagnoses, ("this", "that"), unseen, log_only)


def at(commands: int, frame: Frame | None = None) -> Frame:
    return replace(frame or frames.after_backward(), place=Place("main", commands))


def test_it_asks_once_for_each_place(panel: DiagnosesPanel, asked: list[Incoming]):
    panel.show_frame(at(4))
    panel.show_frame(at(4))
    assert asked == [DiagnosesRequest(1)]
    panel.show_frame(at(5))
    assert asked == [DiagnosesRequest(1)]  # the first answer is still on its way
    panel.show_reply(reply(1))
    assert asked == [DiagnosesRequest(1), DiagnosesRequest(2)]
    panel.show_reply(reply(2))
    panel.show_frame(at(5))
    assert len(asked) == 2


def test_where_nothing_is_wrong_one_calm_sentence_says_what_was_looked_at(panel: DiagnosesPanel):
    panel.show_frame(at(4))
    panel.show_reply(reply(1))
    assert panel.head.text() == f"{NOTHING[:-1]} at step 1."
    assert panel.about.text() == "Looked at: this, that."
    assert panel.cards.cards == []
    assert panel.windowTitle() == TITLE


def test_a_card_has_evidence_cause_and_the_line_to_change(panel: DiagnosesPanel):
    panel.show_frame(at(4))
    panel.show_reply(reply(1, NOT_ZEROED, NOTE))
    card, note = panel.cards.cards
    assert card.title.text() == NOT_ZEROED.title
    assert card.evidence.text() == NOT_ZEROED.evidence
    assert "7.26" in card.rows.text()
    assert "&lt;b&gt;" in card.rows.text()
    assert card.cause.text() == NOT_ZEROED.cause
    assert card.code.text() == NOT_ZEROED.code
    assert card.button.isVisibleTo(card)
    assert not note.button.isVisibleTo(note)
    assert panel.head.text() == "1 problem and 1 note at step 1."
    assert panel.windowTitle() == f"{TITLE} (1)"


def test_a_stale_answer_is_dropped(panel: DiagnosesPanel):
    panel.show_frame(at(4))
    panel.show_reply(reply(1, NOTE))
    panel.show_frame(at(5))
    panel.show_reply(reply(1, NOT_ZEROED))
    assert [card.title.text() for card in panel.cards.cards] == ["Eval mode"]


def test_a_card_stays_the_same_one_while_its_numbers_change(panel: DiagnosesPanel):
    panel.show_frame(at(4))
    panel.show_reply(reply(1, NOT_ZEROED))
    (card,) = panel.cards.cards
    panel.show_frame(at(5))
    panel.show_reply(reply(2, replace(NOT_ZEROED, evidence="Now 3.")))
    assert panel.cards.cards == [card]
    assert card.evidence.text() == "Now 3."
    panel.show_frame(at(6))
    panel.show_reply(reply(3))
    assert panel.cards.cards == []


def test_show_me_goes_to_the_place_and_opens_the_tensor(panel: DiagnosesPanel, asked: list[Incoming], qtbot: QtBot):
    panel.show_frame(at(4))
    panel.show_reply(reply(1, NOT_ZEROED))
    with qtbot.waitSignal(panel.show_tensor) as shown:
        panel.cards.cards[0].button.click()
    assert shown.args == ["conv1.weight", "grad"]
    assert asked[-1] == Seek(branch="main", commands=3)


def test_show_me_stays_where_it_is_when_it_is_there(panel: DiagnosesPanel, asked: list[Incoming], qtbot: QtBot):
    panel.show_frame(at(3))
    panel.show_reply(reply(1, NOT_ZEROED))
    with qtbot.waitSignal(panel.show_tensor):
        panel.cards.cards[0].button.click()
    assert asked == [DiagnosesRequest(1)]


def test_in_a_run_it_asks_the_log_alone_and_not_often(panel: DiagnosesPanel, asked: list[Incoming]):
    panel.show_frame(at(4))
    panel.show_reply(reply(1, NOT_ZEROED))
    for step in range(20, 30):
        panel.show_frame(frames.running(step))
    assert asked[1:] == [DiagnosesRequest(2, log_only=True)]
    assert panel.cards.cards == []  # they were of the place before
    assert panel.head.text() == RUNNING
    panel.show_reply(reply(2, NOTE, log_only=True))
    assert len(panel.cards.cards) == 1
    assert panel.head.text() == RUNNING
    panel.show_frame(at(300))
    assert asked[-1] == DiagnosesRequest(3)


def test_looking_closer_and_cancelling_it(panel: DiagnosesPanel, asked: list[Incoming]):
    panel.show_frame(at(4))
    panel.show_reply(reply(1))
    assert panel.button.text() == LOOK[0]
    panel.button.click()
    assert asked[-1] == LookCloser(1)
    panel.show_frame(replace(at(4), running=True, reason="looking closer", allowed=("pause",)))
    assert panel.button.text() == CANCEL[0]
    panel.button.click()
    assert asked[-1] == Pause()
    panel.show_reply(CloserReply(1, "main", 4, 0, 1, (), ("one",), cancelled=True))
    panel.show_frame(at(4))
    assert panel.button.text() == LOOK[0]
    assert panel.button.isEnabled()
    assert panel.closer_head.text() == "Looked closer at step 1: one. It was cancelled there."


def test_what_looking_closer_found_stays_until_another_run(panel: DiagnosesPanel):
    panel.show_frame(at(4))
    panel.show_reply(reply(1))
    panel.button.click()
    panel.show_reply(CloserReply(1, "main", 4, 0, 1, (NOT_ZEROED,), ("one",)))
    assert [card.title.text() for card in panel.closer.cards] == [NOT_ZEROED.title]
    assert panel.head.text() == f"{NOTHING[:-1]} at step 1. A closer look found 1 problem."
    assert panel.windowTitle() == f"{TITLE} (1)"
    panel.show_frame(at(5))
    panel.show_reply(reply(2))
    assert len(panel.closer.cards) == 1
    panel.show_frame(replace(at(0), run=2))
    assert panel.closer.cards == []
    assert not panel.closer_head.isVisible()
    assert panel.windowTitle() == TITLE


def test_what_could_not_be_looked_at_is_said(panel: DiagnosesPanel):
    panel.show_frame(at(4))
    panel.show_reply(reply(1, unseen="This step cannot be looked at: the device failed"))
    assert "cannot be said" in panel.head.text()
    assert "the device failed" in panel.about.text()


def test_long_words_do_not_make_it_wider(panel: DiagnosesPanel, qapp: QApplication):
    width = panel.minimumSizeHint().width()
    panel.show_frame(at(4))
    panel.show_reply(reply(1, replace(NOT_ZEROED, title="word " * 80, code="name_" * 60, rows=(("n" * 90, "1" * 90),))))
    qapp.processEvents()
    assert panel.minimumSizeHint().width() == width
    viewport = panel.area.viewport()
    assert viewport is not None
    assert panel.cards.width() <= viewport.width()


def test_every_card_can_be_reached_by_name_and_keyboard(panel: DiagnosesPanel):
    panel.show_frame(at(4))
    panel.show_reply(reply(1, NOT_ZEROED, NOT_ZEROED))
    names = [one.objectName() for one in panel.findChildren(QWidget) if one.objectName().startswith("diagnosis_")]
    assert len(names) == len(set(names))
    for card in panel.findChildren(Card):
        assert card.button.accessibleName() == f"Show me: {NOT_ZEROED.title}"
        assert card.accessibleName() == f"Problem: {NOT_ZEROED.title}"


# ------------------------------------------------------------------------------------------------- in the window


def test_in_the_window_it_costs_nothing_until_it_is_seen_and_leads_to_the_tensor(qtbot: QtBot, tmp_path: Path):
    window = Window(Preferences(tmp_path), tmp_path)
    qtbot.addWidget(window)
    asked: list[Incoming] = []
    window.asked.connect(asked.append)
    for name in ("inspector", "tensor", "network", "diagnoses"):
        window.load_panel(name)
    window.show()
    qtbot.waitExposed(window)
    qtbot.waitUntil(lambda: window.panels["network"].is_seen() and not window.panels["diagnoses"].is_seen())
    window.show_frame(at(4))
    window.show_numbers(at(4))
    panel, dock = window.panels["diagnoses"], window.docks.by_name["diagnoses"]
    assert isinstance(panel, DiagnosesPanel)
    assert not any(isinstance(one, DiagnosesRequest) for one in asked)
    dock.raise_()
    qtbot.waitUntil(lambda: any(isinstance(one, DiagnosesRequest) for one in asked))
    window.show_reply(reply(1, NOT_ZEROED))
    assert dock.windowTitle() == f"{TITLE} (1)"
    before = len(asked)
    panel.cards.cards[0].button.click()
    assert Seek(branch="main", commands=3) in asked
    # Whatever the tensor panel asks, it is about this one.
    assert any("conv1.weight" in repr(one) and "grad" in repr(one) for one in asked[before:])
    window.docks.by_name["network"].raise_()
    qtbot.waitUntil(lambda: not panel.is_seen())
    count = len(asked)
    window.show_numbers(at(5))
    assert dock.windowTitle() == TITLE  # the count was of another place
    assert not any(isinstance(one, DiagnosesRequest) for one in asked[count:])


def test_behind_another_tab_the_count_is_of_this_stop_or_absent(qtbot: QtBot, tmp_path: Path):
    window = Window(Preferences(tmp_path), tmp_path)
    qtbot.addWidget(window)
    asked: list[Incoming] = []
    window.asked.connect(asked.append)
    for name in ("inspector", "network", "diagnoses"):
        window.load_panel(name)
    window.show()
    qtbot.waitExposed(window)
    panel, dock = window.panels["diagnoses"], window.docks.by_name["diagnoses"]
    assert isinstance(panel, DiagnosesPanel)
    qtbot.waitUntil(lambda: not panel.is_seen())

    def questions() -> list[DiagnosesRequest]:
        return [one for one in asked if isinstance(one, DiagnosesRequest)]

    def stop(commands: int) -> None:
        """Here, and the network has been drawn."""
        frame = replace(at(commands), trace=traces.lenet().trace)
        window.show_frame(frame)
        window.show_numbers(frame)
        window.show_reply(traces.lenet())

    stop(4)
    assert not questions()  # one may go on at once
    qtbot.waitUntil(lambda: len(questions()) == 1)
    window.show_reply(reply(questions()[-1].id, NOT_ZEROED))
    assert dock.windowTitle() == f"{TITLE} (1)"
    stop(5)
    assert dock.windowTitle() == TITLE
    qtbot.waitUntil(lambda: len(questions()) == 2)
    window.show_numbers(replace(at(6), running=True, reason="running"))
    window.show_reply(reply(questions()[-1].id, NOT_ZEROED))
    assert dock.windowTitle() == TITLE, "the answer is of a place that the run has left"
    dock.hide()
    stop(7)
    assert not panel._quiet.isActive(), "closed, it counts nothing"
