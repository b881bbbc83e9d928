"""Expressions that a person keeps an eye on: values at the cursor, and over all steps of a branch. They only look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.expressions.calculation import NoGradient
from lenet_gui.engine.expressions.expression import Expression, ExpressionError, NotYet, parse
from lenet_gui.engine.stops.armed import is_live, ready
from lenet_gui.engine.trace import names
from lenet_gui.engine.trace.figures import figures
from lenet_gui.engine.trace.stepper import Stepper
from lenet_gui.protocol import Command, Place, WatchSeries
from lenet_gui.protocol.stops import WatchRow

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SHOWN = 6
"""Numbers of a tensor that are written out; of a larger one there is a summary."""
CHUNK = 256
"""Steps of a plotted watch that are told at once."""
MOST = 1_000
"""Watches of a session."""

Between = Callable[[], bool]


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
        if number not in self._watches and len(self._watches) >= MOST:
            raise ValueError(f"there are {MOST:,} watches already: remove some first")
        expression = parse(text)
        number = number if number in self._watches else next(self._ids)
        self._watches[number] = _Watch(expression)
        return number

    def drop(self, number: int) -> None:
        self._watches.pop(number, None)

    @property
    def all(self) -> dict[int, str]:
        return {number: watch.expression.text for number, watch in self._watches.items()}

    def rows(self, running: bool = False) -> tuple[WatchRow, ...]:
        """Their values at the cursor; in a run those that can be told without a trace."""
        return tuple(self._row(number, watch, running) for number, watch in self._watches.items())

    def value(self, number: int) -> Tensor:
        """What a watch is at the cursor. Raises NotYet, NoGradient, and ValueError for what there is not."""
        found = self.expression(number).value(partial(names.lookup, self._session))
        if found is None:
            raise NoGradient("None: no gradient")
        return found if isinstance(found, Tensor) else torch.tensor(found, dtype=torch.float64)

    def expression(self, number: int) -> Expression:
        if number not in self._watches:
            raise ValueError(f"there is no watch {number}")
        return self._watches[number].expression

    def _row(self, number: int, watch: _Watch, running: bool) -> WatchRow:
        session, text = self._session, watch.expression.text
        lookup = partial(names.live if running else names.lookup, session)
        words, value, state, shape = "not yet computed", None, "not yet", ()
        try:
            if not running or is_live(watch.expression.names, session):
                found = watch.expression.value(lookup)
                words, state = _words(found), "value"
                value = found if isinstance(found, float) else None
                shape = tuple(found.shape) if isinstance(found, Tensor) and found.numel() > 1 else ()
        except NotYet:
            pass
        except NoGradient:
            words = "None: no gradient"
        except ExpressionError as error:
            words, state = str(error), "problem"
        place = Place(session.branch.name, len(session.journal), session.item)
        if running:
            return WatchRow(number, text, words, value, state, watch.now, shape)
        if place != watch.place:
            watch.before, watch.now, watch.place = watch.now, value, place
        return WatchRow(number, text, words, value, state, watch.before, shape)

    def over_the_steps(self, number: int, run: int, between: Between = lambda: True) -> Iterator[WatchSeries]:
        """The value at every step of the branch up to here, each behind the phase that makes it. On its own session.

        Where `between` ends it, the rest is left out. Raises ValueError for a watch that there is not, ExpressionError
        for what is no number or cannot be told.
        """
        expression, session = self.expression(number), self._session
        branch, steps = session.branch, session.steps
        tell = partial(WatchSeries, number, expression.text, run, branch.name)
        if expression.text == "loss":
            yield tell(0, _frozen(branch.log.rows(0)[:steps, 0].tolist()))
            return
        second = session.twin()
        second.stepper = Stepper(second, lambda place: session.history.start_for(branch, place))
        journal = branch.journal.until(len(branch.journal))
        travel.restore(second, session.history.start_for(branch, 0), Branch(branch.name, journal, branch.log))
        phase = ready(expression.names, session)
        take = _traced if not is_live(expression.names, session) else _bare
        first = 0
        while first < steps:
            values: list[float] = []
            going = take(second, expression, phase, journal.place_of_step(min(first + CHUNK, steps)), values, between)
            if values:
                yield tell(first, _frozen(values))
            if not going:
                return
            first += len(values)


def _bare(second: Session, expression: Expression, phase: str, end: int, values: list[float], between: Between) -> bool:
    """Go on to a place; a value for each whole step on the way. False where `between` ended it."""
    lookup = partial(names.live, second)
    value = np.nan

    def look(command: Command, _: int) -> None:
        nonlocal value
        if command.name == phase:
            value = _number(expression, lookup)
        if command.name == "step":
            values.append(value)
            value = np.nan

    return travel.follow(second, end, between, compare=False, watch=look)


def _traced(
    second: Session, expression: Expression, phase: str, end: int, values: list[float], between: Between
) -> bool:
    """The same for what only a trace knows."""
    lookup = partial(names.lookup, second)
    value, going = np.nan, True
    while len(second.journal) < end and (going := between()):
        command = second.next_command
        second.apply(command)
        if command.name == phase:
            value = _number(expression, lookup)
        if command.name == "step":
            values.append(value)
            value = np.nan
    return going


def _number(expression: Expression, lookup: names.Lookup) -> float:
    try:
        found = expression.value(lookup)
    except (NotYet, NoGradient):
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
    if value.numel() > SHOWN:
        return f"{shape}  {_summary(value)}"
    return f"[{', '.join(f'{one:.4g}' for one in value.reshape(-1).tolist())}]  {shape}"


def _summary(value: Tensor) -> str:
    """Its range and its mean, of the finite numbers."""
    found = figures(value)
    words = f"{found.low:.3g} … {found.high:.3g}, mean {found.mean:.3g}".replace("-", "−")
    return words if found.finite else f"not finite; {words}" if found.low == found.low else "not finite"
