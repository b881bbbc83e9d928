"""Serves a window that looks at somebody's loop: what can be done there is done, what cannot is said in a sentence."""

from __future__ import annotations

from lenet_gui.channel import Channel
from lenet_gui.engine import marks
from lenet_gui.engine.attached import described
from lenet_gui.engine.attached.session import AttachedSession
from lenet_gui.engine.attached.told import Ended, Raised
from lenet_gui.engine.runner import Runner
from lenet_gui.protocol import (
    PHASES,
    Advance,
    Back,
    BudgetRequest,
    Command,
    Incoming,
    Line,
    Move,
    Notice,
    PrintRequest,
    Progress,
    Run,
    RunTo,
    Seek,
    SeekRequest,
    SetRate,
    TensorRequest,
    UpdateRequest,
)
from lenet_gui.protocol.diagnoses import DiagnosesRequest
from lenet_gui.protocol.models import ModelChoice, ModelChoices
from lenet_gui.protocol.moved import MovedQuestion
from lenet_gui.protocol.tensors import Look
from lenet_gui.protocol.trace import TraceRequest
from lenet_gui.protocol.why import WhyRequest

STEPPING = Command | Advance | Run | SetRate | Move | RunTo | Back | Seek
LOOKING = (
    TensorRequest
    | UpdateRequest
    | TraceRequest
    | Look
    | DiagnosesRequest
    | MovedQuestion
    | WhyRequest
    | SeekRequest
    | BudgetRequest
    | PrintRequest
)
OWN = "This is a loop of your own: it can be stepped and looked at, and the rest is in its code."


class LoopRunner(Runner):
    """Of one attachment."""

    def __init__(self, channel: Channel, session: AttachedSession) -> None:
        super().__init__(channel)
        self._attached = session

    def serve(self) -> None:
        """Until the window closes, or the loop ends while it runs free. Raises Left, and Ended before a first phase."""
        session, loop = self._attached, self._attached.loop
        self._channel.give(described.ready(session))
        self._channel.give(ModelChoices((ModelChoice(session.settings.model, ()),)))
        self._channel.give(Progress("Waiting for the loop's first phase", 0, 0))
        loop.first()
        session.look_around()
        self._channel.give(Progress("", 1, 1))
        self._begin(session, reason=f"the loop has come to {session.coming}")
        loop.waiting = self._wait
        self.work()

    def _handle(self, message: Incoming) -> None:
        session = self._attached
        _check(message)
        try:
            if isinstance(message, Command) and message.name in PHASES and not session.ahead:
                coming = session.arrive()
                if coming != message.name:
                    raise ValueError(f"The loop goes on with {coming}, not with {message.name}: that is its own.")
            super()._handle(message)
        except Raised as raised:
            self._say(raised)
        except Ended as ended:
            self._report.frame(_begun(str(ended)))
            if session.loop.stays:
                words, advice = "What it did last can still be looked at.", "Close the window to let its script end."
                self._channel.give(Notice("note", str(ended), words, advice))
        if session.loop.ended and not session.loop.stays:
            self._report.frame(_begun(session.loop.ended))
            self._channel.close()

    def _aside(self, message: Incoming) -> None:
        _check(message)
        super()._aside(message)

    def _do(self, command: Command) -> None:
        # Behind a step the next phase was only expected: the loop is let come to it before it is named.
        if not self._attached.ahead and command == Command(command.name) and command.name in PHASES:
            command = Command(self._attached.arrive())
        super()._do(command)

    def _wait(self) -> None:
        self._report.on_the_way("waiting for the loop, which is in its own Python")

    def _say(self, raised: Raised) -> None:
        words = f"{type(raised.error).__name__}: {raised.error}"
        self._channel.give(Line("error", raised.phase, words))
        title, details = f"{raised.phase} raised in the loop", raised.details
        advice = "The loop waits where it raised. Going on lets the exception through, as without this window."
        self._channel.give(Notice("refused", title, words, advice, details=details))
        self._report.frame(f"{raised.phase} raised")


def _begun(words: str) -> str:
    """A sentence as what stands behind others."""
    return words[:1].lower() + words[1:]


def _check(message: Incoming) -> None:
    """Raises ValueError for everything that a loop of one's own cannot be asked for."""
    if not isinstance(message, STEPPING | LOOKING | marks.Mark):
        raise ValueError(OWN)
