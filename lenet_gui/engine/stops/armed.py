"""A breakpoint made ready: its texts understood, its hits counted along the branch from the place where it was set."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.expressions.expression import Expression, ExpressionError, Lookup, NotYet, parse, truth
from lenet_gui.engine.expressions.log_message import Message, parse_message
from lenet_gui.engine.trace.names import LIVE
from lenet_gui.protocol import PHASES
from lenet_gui.protocol_trace import Breakpoint, BreakpointRow

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

Position = tuple[int, int]
"""Commands done, and items of the next."""

_HITS = re.compile(r"([=%]?)\s*(\d{1,9})")


class Armed:
    """One breakpoint of a session. Raises ValueError, in one sentence, for what cannot be meant."""

    def __init__(self, breakpoint: Breakpoint, session: Session, position: Position) -> None:
        if breakpoint.kind not in KINDS:
            raise ValueError(f"a breakpoint is at a {', '.join(KINDS[:-1])} or when something holds")
        if breakpoint.kind == "phase" and breakpoint.at not in PHASES:
            raise ValueError(f"{breakpoint.at!r} is no phase: choose one of {', '.join(PHASES)}")
        if breakpoint.kind == "when" and not breakpoint.condition.strip():
            raise ValueError("say when it is to stop: a condition such as loss > 2")
        self.breakpoint = breakpoint
        self.condition: Expression | None = parse(breakpoint.condition) if breakpoint.condition.strip() else None
        self.message: Message | None = parse_message(breakpoint.log) if breakpoint.log.strip() else None
        self._rule = _rule(breakpoint.hits)
        names = self._names()
        self.live = is_live(names, session)
        """Whether its condition can be told between two commands, without tracing the step."""
        self.after = ready(names)
        """For `when`: behind which phase it is looked at."""
        self.problem = ""
        # Counted on this branch, from where it was set; all hits up to there are known.
        self._branch = session.branch
        self.set_at = position
        self._seen_to = position
        self._hits: list[Position] = []

    # ------------------------------------------------------------------------------------------------ deciding

    @property
    def inside(self) -> bool:
        """Whether the step has to be traced to come to it."""
        return self.breakpoint.enabled and (not self.live or self.breakpoint.kind in ("module", "operation", "node"))

    @property
    def counts(self) -> bool:
        return self._rule is not None

    def holds(self, lookup: Lookup) -> bool:
        """Whether its condition does. What cannot be told is a problem, which stops once; what is not yet, is not."""
        if self.condition is None:
            return True
        if self.problem:
            return False
        try:
            return truth(self.condition.value(lookup))
        except NotYet:
            return False
        except ExpressionError as error:
            self.problem = str(error)
            return True

    def hit(self, position: Position, branch: Branch) -> bool:
        """Count a hit; whether one stops there (or logs)."""
        self.follow(branch)
        if position >= self.set_at and position not in self._hits[-1:]:
            index = bisect_left(self._hits, position)
            if self._hits[index : index + 1] != [position]:
                insort(self._hits, position)
        if self._rule is None or self.problem:
            return True
        return position >= self.set_at and self._rule(bisect_right(self._hits, position))

    def seen(self, position: Position, branch: Branch) -> None:
        """Everything up to here was looked at."""
        self.follow(branch)
        self._seen_to = max(self._seen_to, position)

    def seen_to(self, branch: Branch) -> Position:
        self.follow(branch)
        return self._seen_to

    def stops_before(self, position: Position, branch: Branch) -> Position | None:
        """The last known place before this one where it stops."""
        self.follow(branch)
        for index in range(bisect_left(self._hits, position) - 1, -1, -1):
            if self._rule is None or self._rule(index + 1):
                return self._hits[index]
        return None

    def follow(self, branch: Branch) -> None:
        """Count along another branch: what the two share stays."""
        if branch is self._branch:
            return
        shared = branch.shared_with(self._branch), 0
        self._hits = self._hits[: bisect_right(self._hits, shared)]
        self._seen_to, self.set_at = min(self._seen_to, shared), min(self.set_at, shared)
        self._branch = branch

    # ------------------------------------------------------------------------------------------------- telling

    def row(self, position: Position, branch: Branch) -> BreakpointRow:
        self.follow(branch)
        return BreakpointRow(self.breakpoint, bisect_right(self._hits, position), self.problem, self.cost)

    @property
    def cost(self) -> str:
        """What it costs a run, in words."""
        if not self.breakpoint.enabled:
            return ""
        if self.inside:
            return "traces each step: a run takes three to four times as long"
        names = self._names()
        if "gradients" in names or any(name.endswith(".grad") for name in names):
            return "looks at gradients: up to 8 % of a run"
        if self.breakpoint.kind in ("phase", "parameter") and not names:
            return ""
        return "up to 2 % of a run" if names <= {"loss", "step", "epoch", "lr"} else "up to 8 % of a run"

    @property
    def words(self) -> str:
        """Why it stopped, for a person."""
        one = self.breakpoint
        where = f"at {one.kind} {one.at}" if one.kind != "when" else ""
        return " ".join(filter(None, [where, f"when {one.condition.strip()}" if one.condition.strip() else ""]))

    def _names(self) -> frozenset[str]:
        read = self.condition.names if self.condition else frozenset[str]()
        return read | (self.message.names if self.message else frozenset())


def is_live(names: Iterable[str], session: Session) -> bool:
    """Whether these can be told between two commands, without tracing the step."""
    owned = {name for name, _ in (*session.model.named_parameters(), *session.model.named_buffers())}
    return all(name in LIVE or name.removesuffix(".grad") in owned for name in names)


def ready(names: frozenset[str]) -> str:
    """The phase behind which all of these are of the same step."""
    if "gradients" in names or any(name.endswith(".grad") for name in names):
        return "backward"
    if names & {"loss", "target"}:
        return "loss"
    return "step" if not names or names <= {"step", "epoch", "lr"} else "forward"


def _rule(text: str):
    """`5`: from the fifth hit on, `=5`: only then, `%5`: each fifth."""
    text = text.strip()
    if not text:
        return None
    found = _HITS.fullmatch(text)
    if not found or int(found[2]) < 1:
        raise ValueError(f"{text!r} is no count of hits: write 5 (from the fifth on), =5 (only the fifth) or %5")
    n = int(found[2])
    return {"": lambda count: count >= n, "=": lambda count: count == n, "%": lambda count: count % n == 0}[found[1]]
