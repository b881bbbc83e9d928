"""Asking how long it takes to go to a step, and saying it in words. Who wants to know is the timeline and a dialog."""

from __future__ import annotations

from itertools import count

from PySide6.QtCore import QObject, Signal

from lenet_gui.protocol import Reply, SeekReply, SeekRequest

_ids = count(1)


class SeekTime(QObject):
    """Asks one question after the other; only the answer to the newest counts."""

    asked = Signal(object)
    """A `SeekRequest`."""
    known = Signal(str)
    """The answer to the newest question, in words."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._request: SeekRequest | None = None

    def ask(self, step: int, branch: str) -> None:
        """Ask for a step that there is. The same question as the one before is not asked again."""
        before = self._request
        if before is None or (before.step, before.branch) != (step, branch):
            self._request = SeekRequest(next(_ids), step, branch)
            self.asked.emit(self._request)

    def forget(self) -> None:
        """Take no answer any more, until the next question."""
        self._request = None

    def show_reply(self, reply: Reply) -> None:
        if isinstance(reply, SeekReply) and self._request is not None and reply.id == self._request.id:
            self.known.emit(words(reply.seconds))


def words(seconds: float) -> str:
    """About so long, as a person says it."""
    if seconds < 0.05:
        return "at once"
    if seconds < 9.95:
        return f"about {seconds:.1f} s"
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
