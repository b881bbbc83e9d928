"""A breakpoint made ready: its texts understood, and what it makes of a place. Its hits are counted in `hits`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.expressions.calculation import NoGradient
from lenet_gui.engine.expressions.expression import Expression, ExpressionError, Lookup, NotYet, parse, truth
from lenet_gui.engine.expressions.log_message import Message, parse_message
from lenet_gui.engine.stops.hits import Hits, Position
from lenet_gui.engine.trace.names import LIVE
from lenet_gui.protocol import EVERY_PHASE, Command
from lenet_gui.protocol.stops import Breakpoint, BreakpointRow

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

KINDS = ("phase", "module", "operation", "node", "parameter", "when")
INSIDE = {
    "module": ("forward", "loss"),
    "operation": ("forward", "loss"),
    "node": ("backward",),
    "parameter": ("step",),
}
"""In which commands a breakpoint of a kind can lie."""

_HITS = re.compile(r"([=%]?)\s*([0-9]{1,9})")


class Spot(NamedTuple):
    """A place of a branch that a run comes by, before the command that is `coming`, with what the names mean there."""

    position: Position
    branch: Branch
    coming: Command
    lookup: Lookup


class Armed:
    """One breakpoint of a session. Raises ValueError, in one sentence, for what cannot be meant."""

    def __init__(self, breakpoint: Breakpoint, session: Session, branch: Branch, position: Position) -> None:
        """Set at a place of a branch."""
        check(breakpoint)
        self.breakpoint = breakpoint
        self.condition: Expression | None = parse(breakpoint.condition) if breakpoint.condition.strip() else None
        self.message: Message | None = parse_message(breakpoint.log) if breakpoint.log.strip() else None
        self._rule = _rule(breakpoint.hits)
        names = self._names()
        self.live = is_live(names, session)
        """Whether its condition can be told between two commands, without tracing the step."""
        self.after = ready(names, session)
        """For `when`: behind which phase it is looked at."""
        self.problem = ""
        self.hits = Hits(branch, position, at_commands=breakpoint.kind != "when")

    # ------------------------------------------------------------------------------------------------ deciding

    @property
    def inside(self) -> bool:
        """Whether the step has to be traced to come to it."""
        return not self.live or self.breakpoint.kind in ("module", "operation", "node")

    @property
    def counts(self) -> bool:
        return self._rule is not None

    def acts(self, spot: Spot) -> bool:
        """Whether it stops here, or logs; a hit is counted. An expression that fails is a problem, which acts once."""
        if self.problem or not self._holds(spot.lookup):
            return False
        if self.problem:
            return True
        count = self.hits.add(spot.position, spot.branch, spot.coming)
        return self._rule is None or (count > 0 and self._rule(count))

    def text(self, spot: Spot) -> str | None:
        """What it logs here; `None` where it stops instead, because it has no message, or one that fails."""
        if self.message is None or self.problem:
            return None
        try:
            return self.message.text(spot.lookup)
        except ExpressionError as error:
            self.problem = str(error)
            return None

    def stops_before(self, position: Position, branch: Branch) -> Position | None:
        """The last known place before this one where it stops."""
        return self.hits.before(position, branch, self._rule or (lambda _: True))

    def _holds(self, lookup: Lookup) -> bool:
        if self.condition is None:
            return True
        try:
            return truth(self.condition.value(lookup))
        except (NotYet, NoGradient):
            return False
        except ExpressionError as error:
            self.problem = str(error)
            return True

    # ------------------------------------------------------------------------------------------------- telling

    def row(self, position: Position, branch: Branch) -> BreakpointRow:
        return BreakpointRow(self.breakpoint, self.hits.up_to(position, branch), self.problem, self.cost)

    @property
    def cost(self) -> str:
        """What it costs a run, in words."""
        if not self.breakpoint.enabled:
            return ""
        names = self._names()
        if self.inside or (self.breakpoint.kind == "parameter" and names):
            return "traces each step: a run takes up to eight times as long"
        if _of_gradients(names):
            return "looks at gradients: up to 15 % of a run at batch 1, and less at larger batches"
        if self.breakpoint.kind == "parameter":
            return "does each step command by command: a run takes up to five times as long"
        cheap = names <= {"loss", "step", "epoch", "lr"}
        return f"up to {5 if cheap else 15} % of a run at batch 1, and less at larger batches"

    @property
    def words(self) -> str:
        """Why it stopped, for a person."""
        one = self.breakpoint
        where = f"at {one.kind} {one.at}" if one.kind != "when" else ""
        return " ".join(filter(None, [where, f"when {one.condition.strip()}" if one.condition.strip() else ""]))

    def _names(self) -> frozenset[str]:
        read = self.condition.names if self.condition else frozenset[str]()
        return read | (self.message.names if self.message else frozenset())


def check(breakpoint: Breakpoint) -> None:
    """Raises ValueError, in one sentence, for what cannot be meant."""
    one = breakpoint
    if one.kind not in KINDS:
        raise ValueError(f"a breakpoint is at a {', '.join(KINDS[:-1])} or when something holds")
    if one.kind == "phase" and one.at not in EVERY_PHASE:
        raise ValueError(f"{one.at[:80]!r} is no phase: choose one of {', '.join(EVERY_PHASE)}")
    if one.kind == "when" and not one.condition.strip():
        raise ValueError("say when it is to stop: a condition such as loss > 2")
    if one.kind != "when" and not 0 < len(one.at.strip()) <= MOST_LETTERS:
        raise ValueError(f"say at which {one.kind} it is to stop: its name has at most {MOST_LETTERS} letters")
    _rule(one.hits)
    if one.condition.strip():
        parse(one.condition)
    parse_message(one.log)


MOST_LETTERS = 500
"""Of the name of a module, an operation, a node or a parameter."""


def is_live(names: Iterable[str], session: Session) -> bool:
    """Whether these can be told between two commands, without tracing the step."""
    owned = {name for name, _ in (*session.model.named_parameters(), *session.model.named_buffers())}
    return all(name in LIVE or name.removesuffix(".grad") in owned for name in names)


def ready(names: frozenset[str], session: Session) -> str:
    """The phase behind which all of these are of the same step, and new."""
    if _of_gradients(names):
        return "backward"
    if names & {"loss", "target"}:
        return "loss"
    moved = {name for name, _ in session.model.named_parameters()}
    return "step" if names <= moved | {"step", "epoch", "lr"} else "forward"


def _rule(text: str) -> Callable[[int], bool] | None:
    """`5`: from the fifth hit on, `=5`: only then, `%5`: each fifth."""
    text = text.strip()
    if not text:
        return None
    found = _HITS.fullmatch(text)
    if not found or int(found[2]) < 1:
        raise ValueError(f"{text[:40]!r} is no count of hits: write 5 (from the fifth on), =5 (only the fifth) or %5")
    n = int(found[2])
    return {"": lambda count: count >= n, "=": lambda count: count == n, "%": lambda count: count % n == 0}[found[1]]


def _of_gradients(names: frozenset[str]) -> bool:
    return any(name.endswith(".grad") or name.startswith("gradient_") for name in names)
