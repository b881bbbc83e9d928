"""The loop that hosts a session for a window: it takes commands, controls and requests from a channel, one at a time.

Any thread can run it. What a command does is the session's to know, what is told of it the report's; how a run goes
on and ends is in `run_loop`.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lenet_gui.channel import Channel
from lenet_gui.engine import answers, debugging, detours, marks, notices, printing, view
from lenet_gui.engine.data import DataError
from lenet_gui.engine.drawing.putting import command_for
from lenet_gui.engine.models import choices, opening, read_only
from lenet_gui.engine.models.read_only import ReadOnly
from lenet_gui.engine.refusal import Refused
from lenet_gui.engine.report import Report, ready
from lenet_gui.engine.results import serving as results
from lenet_gui.engine.run_loop import RunLoop, pause_where_not_finite
from lenet_gui.engine.session import Session
from lenet_gui.engine.storage.keeper import Keeper, Writing
from lenet_gui.engine.storage.revival import CodeNotAllowed
from lenet_gui.engine.travel import Differs
from lenet_gui.protocol import (
    Advance,
    Back,
    BudgetRequest,
    Command,
    Evaluate,
    Incoming,
    Line,
    NewRun,
    Notice,
    OpenSession,
    PrintRequest,
    RecoverOnCpu,
    RecoverSession,
    Run,
    Seek,
    SetBudget,
    StartRace,
)
from lenet_gui.protocol.data import Download, ReadImages, StopErrand, TakeFolder, TakeImages
from lenet_gui.protocol.drawing import PutDrawing
from lenet_gui.protocol.measures import Measure, MeasureEpochs
from lenet_gui.protocol.models import LeaveIt, ModelChoices, OpenModel, RunItsCode
from lenet_gui.protocol.results import ExportRun, LoadWeights
from lenet_gui.settings import Settings

if TYPE_CHECKING:
    from lenet_gui.engine.data.errands import DataControl, Errands

QUIET = 0.05
"""Seconds without a question, after which nobody is waiting."""
DONE = object()


class Runner:
    """Serves one channel until it closes."""

    def __init__(
        self, channel: Channel, settings: Settings | None = None, root: Path | None = None, runs: int = 0
    ) -> None:
        """`root` is the folder in which sessions are recorded as they grow; `None`: nowhere. The window has seen `runs`
        before, and each has a number of its own."""
        self._channel = channel
        self._settings = settings or Settings()
        self._pending: deque[Incoming] = deque()
        self._before: Session | None = None
        self._runs = runs
        self._keeper = Keeper(channel, root)
        self._opening = opening.Opening(channel, root)
        self._read_only: ReadOnly | None = None
        """What is shown in the session's place, as long as nobody has allowed its model's code."""
        self._errands: Errands | None = None

    def serve(self) -> None:
        """Work until the channel closes. Every exception becomes a notice, and the loop goes on."""
        # The first optimizer and the first step of a process take a second: now, and not when somebody presses Step.
        Session(Settings(data="random", batch_size=1)).run(1)
        self._channel.give(ready())
        self._channel.give(ModelChoices(choices()))
        self._first()
        self._keeper.look_for_what_was_left()
        self.work()

    def work(self) -> None:
        """Do what comes, one at a time, until the channel closes."""
        while not self._channel.closing:
            message = self._pending.popleft() if self._pending else self._next_message()
            if message is not None:
                self._guard(message)
                self._keeper.record()
        if self._errands is not None:
            self._errands.end()
        self._keeper.end()

    def _next_message(self) -> Incoming | None:
        message = self._channel.receive(QUIET)
        # The window has painted all, and nobody waits: the time to get ready for the next press.
        preparing = answers.prepare(self._session)
        with suppress(Exception):  # what cannot be made is told to whoever asks for it
            while message is None and not self._channel.closing and next(preparing, DONE) is not DONE:
                message = self._channel.receive(0)
        return message if message is not None or self._channel.closing else self._channel.receive()

    def _first(self) -> None:
        """The first session. Without its data there is still the random one."""
        try:
            self._begin(Session(self._settings))
        except (DataError, ValueError) as error:
            self._begin(Session(Settings(data="random")))
            self._channel.give(Notice("note", "Random tensors instead", str(error), "The program goes on without it."))

    def _begin(self, session: Session, exact: bool = True, file: str = "", reason: str = "start") -> None:
        self._keeper.begin(session, file)
        debugging.begin(self._channel, session, self._before)
        self._before = session
        self._runs += 1
        self._session, self._read_only = session, None
        self._opening.in_use(session)
        self._report = Report(self._channel, session, self._runs, self._keeper, exact)
        self._report.frame(reason)

    def _guard(self, message: Incoming) -> None:
        if self._read_only is not None and not isinstance(message, read_only.PASSING):
            self._read_only.take(self._channel, message)
            return
        try:
            self._handle(message)
        except Refused as refused:
            code = printing.code_of(message, self._session.settings) if isinstance(message, Command) else "run"
            self._report.say(partial(Line, "error", code, refused.notice.words))
            self._refused(message, refused.notice)
        except Differs as differs:
            self._refused(message, notices.differs(differs.step))
        except (DataError, ValueError) as error:
            self._refused(message, notices.unusable(message, error))
        except Exception as error:
            self._channel.give(notices.failure(message, error, self._session.settings.device))

    def _refused(self, message: Incoming, notice: Notice) -> None:
        self._channel.give(notice)
        if self._read_only is not None:
            self._read_only.frame(self._channel)
            return
        try:
            self._report.frame("refused")
        except Exception as error:  # a device that has failed cannot be looked at either
            self._channel.give(notices.failure(message, error, self._session.settings.device))

    def _handle(self, message: Incoming) -> None:
        match message:
            case Command():
                self._do(message)
                self._report.frame(f"after {message.name}")
            case Advance(unit="phase"):
                self._do(self._session.next_command)
                self._report.frame("one phase on")
            case Advance():
                steps = self._session.steps
                while self._session.steps == steps:
                    self._do(self._session.next_command)
                self._report.frame("one step on")
            case PutDrawing():
                self._do(command_for(self._session, message))
                self._report.frame("drawing put into the batch")
            case LoadWeights():
                self._report.frame(results.load(self._channel, self._session, message, self._do))
            case MeasureEpochs():
                self._report.measures.epochs(self._report)
            case StartRace():
                detours.race(self._channel, self._session, self._report, message)
            case Back() | Seek():
                detours.go(self._channel, self._session, self._report, message)
            case Run():
                self._run(message)
            case NewRun(settings):
                self._begin(opening.begun(settings, self._session))
            case OpenModel() | RunItsCode() | LeaveIt():
                self._about_models(message)
            case RecoverOnCpu():
                replayed = detours.replay_on_cpu(self._channel, self._session)
                if replayed is not None:
                    self._begin(replayed, exact=False)
            case OpenSession() | RecoverSession():
                self._bring(message)
            case _ if isinstance(message, debugging.Moving):
                debugging.go(self._channel, self._session, self._report, message, self._do)
            case _:
                self._aside(message)

    def _bring(self, message: OpenSession | RecoverSession) -> None:
        try:
            kept = self._keeper.bring(message, self._session.make_model)
        except CodeNotAllowed as without:
            self._runs += 1
            file = message.path if isinstance(message, OpenSession) else ""
            self._read_only = ReadOnly(without, message, file, self._runs)
            self._read_only.tell(self._channel)
            return
        if kept is not None:
            self._before = None  # it has breakpoints and watches of its own
            self._begin(kept.session, kept.exact, kept.file)

    def _about_models(self, message: OpenModel | RunItsCode | LeaveIt) -> None:
        shown = self._read_only
        match message:
            case OpenModel():
                found = self._opening.open(self._session, message)
                if isinstance(found, Session):
                    self._begin(found)
                elif found is not None:
                    told = self._do(found)
                    self._opening.in_use(self._session)
                    self._report.frame("after reload")
                    self._opening.tell_reload(message, str(told))
            case RunItsCode(sources) if shown is not None:
                if self._opening.try_stored(shown.kept):
                    for source in sources:
                        self._opening.consents.remember(source, None)
                    self._bring(shown.again)
            case LeaveIt() if shown is not None:
                self._before = None
                self._begin(self._session, file=self._keeper.file)

    def _run(self, message: Run) -> None:
        loop = RunLoop(self._channel, self._session, self._report, self._keeper, self._pending, self._do, self._aside)
        loop.run(message)

    def _aside(self, message: Incoming) -> None:
        """What may also be done between two slices of a run, and does not end it."""
        match message:
            case Command(name="set"):
                self._do(message)
                self._report.frame("after set")
            case Evaluate():
                self._report.evaluate()
                self._report.frame("test accuracy measured")
            case ExportRun():
                self._report.frame(results.export(self._channel, self._session, self._report, message))
            case Measure(side):
                self._report.measures.here(side, self._report)
            case SetBudget() | BudgetRequest():
                self._channel.give(self._keeper.budget(message))
            case PrintRequest(what):
                self._channel.give(printing.answer(self._session, what))
            case _ if isinstance(message, marks.Mark):
                marks.mark(self._session, message)
                self._report.frame()
            case _ if isinstance(message, answers.Question):
                self._channel.give(answers.answer(self._session, message))
            case Download() | TakeFolder() | ReadImages() | TakeImages() | StopErrand():
                self._errand(message)
            case _ if isinstance(message, Writing):
                self._report.frame(self._keeper.do(message))
            case _:
                pass  # a phase pressed in the moment before the run greyed it, or a speed without a run

    def _errand(self, message: DataControl) -> None:
        from lenet_gui.engine.data.errands import Errands  # which few ever need

        if self._errands is None:
            self._errands = Errands(self._channel.give)
        self._errands.do(message)

    def _do(self, command: Command) -> Any:
        """One command by hand, with its line for the console; what it gave."""
        session = self._session
        branch = session.branch
        before, device, alive = session.input, session.settings.device, session.graph == "alive"
        result = session.apply(command)
        took_batch = session.input is not before and session.settings.device == device
        told = command, result, session.settings, took_batch, session.model, view.place_of(session)
        self._report.say(partial(printing.command_line, *told))
        if session.settings.device != device and alive:
            words = f"The model is on {session.settings.device} now; its last forward's graph could not come along."
            self._channel.give(Notice("note", "The live graph was dropped", words, "Press Forward and Loss again."))
        if command.name == "step":
            self._report.branched(branch)
            self._report.epoch()
            pause_where_not_finite(self._channel, self._report)
        return result
