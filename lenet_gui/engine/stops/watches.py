"""Expressions that a person keeps an eye on: values at the cursor, and over all steps of a branch. They only look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.expressions.expression import Expression, ExpressionError, NotYet, parse
from lenet_gui.engine.stops.armed import is_live, ready
from lenet_gui.engine.trace import names
from lenet_gui.engine.trace.stepper import Stepper
from lenet_gui.protocol import Budget, Place
from lenet_gui.protocol_trace import WatchRow, WatchSeries

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SHOWN = 6
"""Numbers of a tensor that are written out."""
CHUNK = 256
"""Steps of a plotted watch that are told at once."""


@dataclass(slots=True)
class _Watch:
    expression: Expression
    now: float | None = None
    before: float | None = None
    place: Place | None = None


class Watches:
    """Of one session. They stand beside its journal and change nothing of the training."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._watches: dict[int, _Watch] = {}
        self._ids = count(1)

    def set(self, number: int, text: str) -> int:
        """Watch an expression, or change the one of this id; its id. Raises ExpressionError in one sentence."""
        number = number if number in self._watches else next(self._ids)
        self._watches[number] = _Watch(parse(text))
        return number

    def drop(self, number: int) -> None:
        self._watches.pop(number, None)

    @property
    def all(self) -> dict[int, str]:
        return {number: watch.expression.text for number, watch in self._watches.items()}

    def rows(self, running: bool = False) -> tuple[WatchRow, ...]:
        """Their values at the cursor; in a run those that can be told without a trace."""
        return tuple(self._row(number, watch, running) for number, watch in self._watches.items())

    def _row(self, number: int, watch: _Watch, running: bool) -> WatchRow:
        session, text = self._session, watch.expression.text
        place = Place(session.branch.name, len(session.journal), session.item)
        lookup = partial(names.live if running else names.lookup, session)
        words, value, state = "not yet computed", None, "not yet"
        try:
            if not running or is_live(watch.expression.names, session):
                found = watch.expression.value(lookup)
                words, state = _words(found), "value"
                value = found if isinstance(found, float) else None
        except NotYet:
            pass
        except ExpressionError as error:
            words, state = str(error), "problem"
        if place != watch.place:
            watch.before, watch.now, watch.place = watch.now, value, place
        return WatchRow(number, text, words, value, state, watch.before)

    def over_the_steps(self, number: int, run: int) -> Iterator[WatchSeries]:
        """The value at every step of the branch up to here, each behind the phase that makes it. On its own session.

        Raises KeyError for a watch that there is not, ExpressionError for what is no number or cannot be told.
        """
        expression, session = self._watches[number].expression, self._session
        branch, steps = session.branch, session.steps
        tell = partial(WatchSeries, number, expression.text, run, branch.name)
        if expression.text == "loss":
            yield tell(0, _frozen(branch.log.rows(0)[:steps, 0].tolist()))
            return
        phase = ready(expression.names)
        traced = not is_live(expression.names, session)
        second = type(session)(session.journal.settings, session.make_model, budget=Budget(0, 0))
        second.stepper = Stepper(second, lambda place: session.history.start_for(branch, place))
        journal = branch.journal.until(len(branch.journal))
        travel.restore(second, session.history.start_for(branch, 0), Branch(branch.name, journal, branch.log))
        lookup = partial(names.lookup if traced else names.live, second)
        values: list[float] = []
        first, value = 0, np.nan
        while second.steps < steps:
            before = second.steps
            command = second.next_command
            second.apply(command)
            if command.name == phase:
                value = _number(expression, lookup)
            if second.steps > before:
                values.append(value)
                value = np.nan
                if len(values) == CHUNK or second.steps == steps:
                    yield tell(first, _frozen(values))
                    first, values = second.steps, []


def _number(expression: Expression, lookup: names.Lookup) -> float:
    try:
        found = expression.value(lookup)
    except NotYet:
        return np.nan
    if found is None:
        return np.nan
    if isinstance(found, Tensor):
        raise ExpressionError(f"a plotted watch is one number, and this is a tensor of {list(found.shape)}")
    return found


def _frozen(values: list[float]) -> np.ndarray:
    array = np.asarray(values, np.float32)
    array.flags.writeable = False
    return array


def _words(value: Tensor | float | None) -> str:
    if value is None:
        return "None"
    if not isinstance(value, Tensor):
        return f"{value:.6g}"
    shape = "×".join(map(str, value.shape))
    numbers = ", ".join(f"{one:.4g}" for one in value.reshape(-1)[:SHOWN].tolist())
    return f"[{numbers}{', …' if value.numel() > SHOWN else ''}]  {shape}"
