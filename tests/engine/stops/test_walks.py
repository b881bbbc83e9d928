"""Random walks with breakpoints, forwards and back, on branches: each stop is where a walk over all places has it."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.net import Net
from lenet_gui.protocol import Move
from lenet_gui.protocol.stops import Breakpoint
from tests.engine.models import NormAndDropout
from tests.engine.stops import brute
from tests.engine.stops.brute import Position
from tests.engine.trace.models import Loop

MOST_STEPS = 8
PHASES = [(Breakpoint(0, "phase", at), "") for at in ("zero_grad", "loss", "backward", "step")]
ANY_MODEL = [
    *PHASES,
    (Breakpoint(0, "when", "", "loss > 2.3"), "loss"),
    (Breakpoint(0, "when", "", "step % 2 == 0"), "step"),
    (Breakpoint(0, "when", "", "gradient_norm > 0.5"), "backward"),
    (Breakpoint(0, "phase", "backward", "loss < 2.3"), ""),
]
OF_MODEL: dict[Callable[[], nn.Module], list[tuple[Breakpoint, str]]] = {
    Net: [
        (Breakpoint(0, "module", "conv2"), ""),
        (Breakpoint(0, "operation", "relu_1", "conv1.bias.norm() > 0 and step > 1"), ""),
        (Breakpoint(0, "parameter", "fc1.bias"), ""),
        (Breakpoint(0, "when", "", "(relu_2 == 0).mean() > 0.5"), "forward"),
    ],
    Loop: [
        (Breakpoint(0, "module", "shared"), ""),
        (Breakpoint(0, "node", "TanhBackward0"), ""),
        (Breakpoint(0, "node", "AccumulateGrad shared.weight", "loss > 2.3"), ""),
    ],
    NormAndDropout: [(Breakpoint(0, "operation", "batch_norm"), ""), (Breakpoint(0, "parameter", "norm.bias"), "")],
}
RULES = st.sampled_from(["", "", "2", "=3", "%2"])


class Walks(RuleBasedStateMachine):
    @initialize(data=st.data(), make_model=st.sampled_from([*OF_MODEL]))
    def start(self, data: st.DataObject, make_model: Callable[[], nn.Module]) -> None:
        self.make_model = make_model
        self.session = Session(Settings(batch_size=2, data="random", lr=0.3), make_model)
        self.set: dict[int, tuple[Breakpoint, str]] = {}
        chosen = data.draw(st.lists(st.sampled_from([*ANY_MODEL, *OF_MODEL[make_model]]), min_size=1, max_size=2))
        for one, after in chosen:
            number = self.session.stops.set(Breakpoint(0, one.kind, one.at, one.condition, data.draw(RULES)))
            self.set[number] = self.session.stops.all[-1], after

    @rule(steps=st.integers(1, 3))
    def run(self, steps: int) -> None:
        if self.session.steps + steps > MOST_STEPS:
            return
        before, end = self.here(), self.session.steps + steps
        self.session.stops.run(steps)
        expected = [place for place in self.stops() if before < place <= self.here()]
        if self.session.stops.stopped:
            assert expected == [self.here()]
        else:
            assert expected == []
            assert self.session.steps == end
        self.compare()

    @rule()
    def run_back(self) -> None:
        before = self.here()
        assert self.session.stops.run_back()
        assert self.here() == max((place for place in self.stops() if place < before), default=(0, 0))
        self.compare()

    @rule()
    def phase(self) -> None:
        if self.session.steps < MOST_STEPS:
            self.session.apply(self.session.next_command)

    @rule(how=st.sampled_from(["into", "over"]), back=st.booleans())
    def move(self, how: str, back: bool) -> None:
        if self.session.steps < MOST_STEPS:
            self.session.stepper.move(Move(how, back), self.session.apply)

    @rule(share=st.floats(0, 1))
    def seek(self, share: float) -> None:
        self.session.seek(int(share * len(self.session.branch.journal)))

    @rule(data=st.data())
    def elsewhere(self, data: st.DataObject) -> None:
        self.session.seek(branch=data.draw(st.sampled_from([one.name for one in self.session.branches])))

    @precondition(lambda self: self.session.graph != "alive" and len(self.session.branches) < 4)
    @rule(lr=st.sampled_from([0.01, 0.1, 1.0]))
    def set_lr(self, lr: float) -> None:
        self.session.set(lr=lr)

    @precondition(lambda self: self.session.graph != "alive" and len(self.session.branches) < 4)
    @rule(value=st.floats(-1, 1))
    def edit(self, value: float) -> None:
        self.session.edit(next(name for name, _ in self.session.model.named_parameters()), 0, value)

    # --------------------------------------------------------------------------------------------------- inside

    def here(self) -> Position:
        return len(self.session.journal), self.session.item

    def stops(self) -> list[Position]:
        """All places up to the session's at which one stops."""
        found: set[Position] = set()
        for one, after in self.set.values():
            hits = brute.hits(self.along(), one, after, self.make_model)
            found |= {*brute.stops(hits, one.hits)}
        return sorted(found)

    def along(self):
        return self.session.branch.journal

    def compare(self) -> None:
        again = Session.replay(self.session.journal, self.make_model)
        assert self.session.digest() == again.digest()
        for row in self.session.stops.rows():
            one, after = self.set[row.breakpoint.id]
            if one.hits:
                hits = brute.hits(self.along(), one, after, self.make_model)
                assert row.hits == len([place for place in hits if place <= self.here()])


Walks.TestCase.settings = hypothesis_settings(max_examples=25, stateful_step_count=12, deadline=None)
test_walks = Walks.TestCase
