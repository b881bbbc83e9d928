import pytest
from PySide6.QtCore import QObject, QTimer, Signal

from lenet_gui.events import Failed, TookTooLong, until
from lenet_gui.protocol import Notice

pytestmark = pytest.mark.usefixtures("qapp")


class Source(QObject):
    came = Signal(object)
    failed = Signal(object)


def test_the_first_value_that_fits_comes_back():
    source = Source()
    QTimer.singleShot(0, source, lambda: [source.came.emit(value) for value in (1, 2, 3)])
    assert until(source.came, 5, lambda value: value > 1) == 2


def test_a_failure_ends_the_waiting_with_its_words():
    source = Source()
    QTimer.singleShot(0, source, lambda: source.failed.emit(Notice("failed", "The worker", "it is gone", "")))
    with pytest.raises(Failed, match="The worker: it is gone"):
        until(source.came, 60, failed=source.failed)


def test_what_does_not_come_is_not_waited_for_forever():
    source = Source()
    with pytest.raises(TookTooLong):
        until(source.came, 0.01)
