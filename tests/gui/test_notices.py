import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QMainWindow, QPlainTextEdit, QPushButton, QWidget

from lenet_gui.gui.window.notices import NoticeArea, failure_dialog
from lenet_gui.protocol import Command, Notice, Offer, Seek

REFUSED = Notice(
    "refused",
    "PyTorch refused backward",
    "RuntimeError: Trying to backward through the graph a second time",
    "Press Forward and Loss first, or keep the graph.",
    left_behind=("conv1.bias.grad",),
    offers=(Offer("Forward again", Command("forward")),),
)
FAILED = Notice("failed", "It broke", "ZeroDivisionError: division by zero", "Go on.", details="Traceback …\n  line 1")


@pytest.fixture
def area(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(900, 600)
    made = NoticeArea(window)
    window.show()
    qtbot.waitExposed(window)
    yield made
    window.close()


def shown(area, name):
    label = area.findChild(QWidget, name)
    return label.text() if label.isVisible() else None


def test_a_refusal_says_all_it_knows(area):
    area.show_notice(REFUSED)
    assert shown(area, "notice_title") == REFUSED.title
    assert shown(area, "notice_words") == REFUSED.words
    assert shown(area, "notice_advice") == REFUSED.advice
    assert "conv1.bias.grad" in (shown(area, "notice_left_behind") or "")
    assert shown(area, "notice_show_details") is None


def test_an_offer_is_a_button_and_takes_the_card_away(qtbot, area):
    area.show_notice(REFUSED)
    with qtbot.waitSignal(area.asked) as got:
        qtbot.mouseClick(area.findChild(QPushButton, "notice_offer_0"), Qt.MouseButton.LeftButton)
    assert got.args == [Command("forward")]
    assert not area.isVisible()


def test_escape_dismisses_one_card_after_the_other(qtbot, area):
    area.show_notice(FAILED)
    area.show_notice(REFUSED)
    qtbot.keyClick(area.window(), Qt.Key.Key_Escape)
    assert area.current() == FAILED
    qtbot.keyClick(area.window(), Qt.Key.Key_Escape)
    assert area.current() is None
    assert not area.isVisible()


def test_the_same_notice_does_not_pile_up(area):
    for _ in range(3):
        area.show_notice(REFUSED)
    area.dismiss()
    assert area.current() is None


def test_refusals_go_when_something_else_was_done_and_failures_stay(area):
    area.show_notice(FAILED)
    area.show_notice(REFUSED)
    area.dismiss_refusals()
    assert area.current() == FAILED


def test_details_open_and_all_can_be_copied(qtbot, area):
    area.show_notice(FAILED)
    details = area.findChild(object, "notice_details")
    assert not details.isVisible()
    qtbot.mouseClick(area.findChild(QPushButton, "notice_show_details"), Qt.MouseButton.LeftButton)
    assert details.isVisible()
    qtbot.mouseClick(area.findChild(QPushButton, "notice_copy"), Qt.MouseButton.LeftButton)
    for part in (FAILED.title, FAILED.words, FAILED.details):
        assert part in QGuiApplication.clipboard().text()


def test_a_long_card_shows_its_whole_text_within_the_window(area):
    area.show_notice(Notice("note", "Long", "word " * 80, "advice " * 60))
    assert area.window().rect().contains(area.geometry())
    for name in ("notice_words", "notice_advice"):
        label = area.findChild(QLabel, name)
        assert label.height() >= label.heightForWidth(label.width())


def test_a_question_is_answered_by_its_button_or_by_escape(qtbot, area):
    answers = []
    area.ask("Start?", "It begins anew.", ("Start", lambda: answers.append("yes")), lambda: answers.append("no"))
    qtbot.keyClick(area.window(), Qt.Key.Key_Escape)
    area.ask("Start?", "It begins anew.", ("Start", lambda: answers.append("yes")), lambda: answers.append("no"))
    qtbot.mouseClick(area.findChild(QPushButton, "notice_offer_0"), Qt.MouseButton.LeftButton)
    assert answers == ["no", "yes"]


def test_a_failure_opens_a_window_that_does_not_block(qtbot, area):
    dialog = failure_dialog(area.window(), FAILED, "/somewhere/log")
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.isModal()
    assert "Traceback" in dialog.findChildren(QPlainTextEdit)[0].toPlainText()
    assert "/somewhere/log" in dialog.findChildren(QLabel, "failure_words")[0].text()


def test_a_replay_that_differs_looks_like_an_anomaly_and_offers_what_can_be_done(qtbot, area):
    def look(kind):
        area.show_notice(Notice(kind, "It differs", "", "", offers=(Offer("Go to step 9", Seek(9)),)))
        return area.grab().toImage()

    anomaly, differs, note = look("anomaly"), look("differs"), look("note")
    # Only the count of notices may tell them apart.
    edge = [image.pixelColor(1, image.height() // 2) for image in (anomaly, differs, note)]
    assert edge[0] == edge[1] != edge[2]
    look("differs")
    button = area.findChild(QPushButton, "notice_offer_0")
    with qtbot.waitSignal(area.asked) as got:
        button.click()
    assert got.args[0] == Seek(9)
