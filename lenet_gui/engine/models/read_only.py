"""A stored session without its model, whose code nobody has allowed: what can be shown without running it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lenet_gui.channel import Channel
from lenet_gui.engine import answers, printing, view
from lenet_gui.engine.models import own
from lenet_gui.engine.storage.revival import CodeNotAllowed, Rows, grown, shared_steps
from lenet_gui.engine.storage.stored_checkpoint import settings_at
from lenet_gui.engine.trace.reply import reply
from lenet_gui.engine.trace.source import Sources
from lenet_gui.engine.trace.trace import Trace
from lenet_gui.protocol import (
    BatchView,
    BookmarkRow,
    BudgetRequest,
    ForgetSession,
    Frame,
    Incoming,
    Line,
    NewRun,
    Notice,
    OpenSession,
    Place,
    PrintRequest,
    RecoverSession,
    Series,
    SetBudget,
)
from lenet_gui.protocol.models import LeaveIt, OpenModel, RunItsCode, WithoutCode
from lenet_gui.protocol.trace import SourceFile, TraceReply, TraceRequest

if TYPE_CHECKING:
    from lenet_gui.engine.branch import Branch

PASSING = (
    NewRun | OpenSession | RecoverSession | ForgetSession | OpenModel | RunItsCode | LeaveIt | SetBudget | BudgetRequest
)
"""What the runner does also while a session is shown without its model."""
MOST_LETTERS = 50_000
REASON = "shown without its model"
WORDS = "This session is shown without its model, whose code has not run."
TRACE = -1
"""The number that no trace has."""


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """A session that is looked at; `again` opens it once its code is allowed."""

    kept: CodeNotAllowed
    again: OpenSession | RecoverSession
    file: str
    run: int

    def tell(self, channel: Channel) -> None:
        """Everything there is: the curve, the commands, the notes, the settings, and the source that did not run."""
        branches = self._branches()
        branch = branches[self.kept.stored.branch]
        channel.give(Series(self.run, self.kept.columns, 0, self._rows(branches, branch)))
        self.frame(channel)
        journal = branch.journal.until(self.kept.stored.place)
        if journal.entries:
            settings = self.kept.stored.settings
            for line in printing.run_lines(journal.entries, None, settings):
                channel.give(Line(line.kind, line.code, ""))
        code = "\n\n\n".join(f"# SHA-256 {one}\n\n{self._source(one)}" for one in self.kept.sources)
        words = "Shown without its model, whose code has not run. Read it before you run it: it can do what you can."
        channel.give(WithoutCode(self.run, self.kept.sources, words, code))

    def frame(self, channel: Channel, reason: str = REASON) -> None:
        stored = self.kept.stored
        branches = self._branches()
        branch = branches[stored.branch]
        step = branch.journal.steps_at(stored.place)
        rows = self._rows(branches, branch)
        settings = settings_at(branch.journal, stored.place)
        nothing = np.zeros((0, 0), np.float32)
        measured = [found for index, _, found in stored.accuracies if index == stored.branch and found.step <= step]
        channel.give(
            Frame(
                run=self.run,
                place=Place(branch.name, stored.place),
                reason=reason,
                running=False,
                allowed=("new",),
                cycle=stored.cycle,
                next=stored.cycle[0].name,
                step=step,
                epoch=None,
                batch=0,
                batches=None,
                remaining=None,
                settings=settings,
                modules=(),
                parameters=(),
                samples=BatchView(0, np.zeros((0, 32, 32), np.float32), (), (), nothing),
                loss=float(rows[step - 1, 0]) if 0 < step <= len(rows) else None,
                graph="none",
                chain=(),
                accuracy=measured[-1] if measured else None,
                steps_per_second=0.0,
                exact=True,
                branches=tuple(view.branch_row(one) for one in branches),
                bookmarks=tuple(
                    BookmarkRow(Place(branches[index].name, at), branches[index].journal.steps_at(at), note)
                    for index, at, note in stored.bookmarks
                ),
                file=self.file,
                trace=TRACE,
            )
        )

    def trace(self, request: TraceRequest) -> TraceReply:
        """No step in detail; but the code, for the panel that shows it."""
        empty = reply(request.id, TRACE, Trace(partial=WORDS), Sources(), request.sample, self.kept.stored.settings)
        texts = {own.shown_as(one, own.origin(one)): self._source(one) for one in self.kept.sources}
        files = (SourceFile(file, text, ((1, text.count("\n") + 1),)) for file, text in texts.items())
        return replace(empty, sources=tuple(files))

    def take(self, channel: Channel, message: Incoming) -> None:
        """Answer what can be answered; say of the rest why nothing can be done here."""
        if isinstance(message, TraceRequest):
            channel.give(self.trace(message))
        if isinstance(message, answers.Question | PrintRequest):
            return
        channel.give(Notice("refused", "Nothing can be done here yet", WORDS, "Run its code, or start a new run."))
        self.frame(channel)

    def _source(self, name: str) -> str:
        try:
            return self.kept.store.get(name).decode("utf-8", "replace")[:MOST_LETTERS]
        except ValueError as error:
            return f"# {error}"

    def _branches(self) -> list[Branch]:
        return grown(self.kept.stored, None)

    def _rows(self, branches: list[Branch], branch: Branch) -> Rows:
        """All rows of a branch, those that it shares with its parent too."""
        own_rows = self.kept.rows[branches.index(branch)]
        if branch.parent is None:
            return own_rows
        return np.concatenate([self._rows(branches, branch.parent)[: shared_steps(branch)], own_rows])
