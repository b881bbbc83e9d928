"""A second session on copies of somebody's model, optimizer and criterion, which does what was seen of a step again."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from lenet_gui.engine.attached.records import Forward, copied
from lenet_gui.engine.commands import COMMANDS
from lenet_gui.engine.data import Cursor, RandomData
from lenet_gui.engine.digest import same
from lenet_gui.engine.session import Session
from lenet_gui.protocol import PHASES, Budget
from lenet_gui.settings import Settings

if TYPE_CHECKING:
    from lenet_gui.engine.attached.session import AttachedSession


class Seen(RandomData):
    """The batches that the loop was seen to send forward: nothing else is known of its data."""

    def __init__(self, twin: Twin, device: str) -> None:
        super().__init__(device)
        self._twin = twin

    def batch(self, cursor: Cursor, size: int) -> tuple[Tensor, None]:  # noqa: ARG002
        """What comes next at the twin's place. Raises ValueError where the loop has not come to it."""
        record = self._twin.coming
        if not isinstance(record, Forward):
            raise ValueError("the loop has not come to this batch yet")
        self._twin.newest = record
        return copied(record.input), None

    def after(self, cursor: Cursor, size: int) -> Cursor:  # noqa: ARG002
        return cursor


class Twin(Session):
    """Starts at a checkpoint of the session that it is of, at the beginning of a step."""

    observed = True

    def __init__(self, of: AttachedSession) -> None:
        self._of = of
        self._nth = 0
        self.differs = ""
        """The first phase that came out with other bits than the loop's, if one did."""
        self.newest: Forward | None = None
        """The forward whose batch was taken last."""
        # One memo for all three: the copied optimizer holds the copied parameters.
        memo: dict[int, Any] = {}
        self._model = _copied(of.live_model, memo)
        self._criterion = copy.deepcopy(of.live_criterion, memo)
        self._optimizer = copy.deepcopy(of.live_optimizer, memo)
        of.clean(self._model, self._criterion)
        self._model.register_forward_pre_hook(self._add_the_rest, with_kwargs=True)
        self.commands = _commands()
        start = Settings(data="random", batch_size=1, device=of.settings.device, threads=of.settings.threads)
        super().__init__(start, lambda: self._model, Budget(0, 0))
        self.settings, self.source = of.settings, Seen(self, of.settings.device)

    def twin(self) -> Twin:
        return Twin(self._of)

    def equip(self) -> None:
        """The optimizer is empty, for a checkpoint to fill; that is always one of a step's beginning."""
        self.modules, self.parameters = list(self.model.modules()), list(self.model.parameters())
        self.criterion, self.optimizer = self._criterion, self._optimizer
        self.optimizer.state.clear()
        self._nth = 0
        self.differs = ""

    @property
    def coming(self) -> Any:
        """The record of the phase that comes next; `None` where the loop has not come to it."""
        return self._of.records.get((self.steps, self._nth))

    def again(self, phase: str) -> Any:
        """The phase that the loop did here. Raises ValueError where it did another, or that cannot be done again."""
        record = self.coming
        if record is None or type(record).__name__.lower() != phase.replace("_", ""):
            raise ValueError("the loop has not come to this yet")
        if record.problem:
            raise ValueError(f"this cannot be done again: {record.problem}")
        with record.as_then(self):
            found = record.do(self)
        self._nth = 0 if phase == "step" else self._nth + 1
        if record.result and not self.differs and not all(map(same, found, record.result)):
            self.differs = phase
        return self.output if phase == "forward" else self.last_loss if phase == "loss" else None

    def _add_the_rest(self, _: nn.Module, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """The model may be given more than the batch."""
        record = self.newest
        if len(args) != 1 or keywords or record is None:
            return None
        if record.name:
            return (), {record.name: args[0], **copied(record.keywords)}
        return (*args, *copied(record.rest)), copied(record.keywords)


class FunctionLoss(nn.Module):
    """A function as a module, as everything that shows a criterion wants it."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function
        self.reduction: str | None = None

    def forward(self, *given: Any, **keywords: Any) -> Tensor:
        return self.function(*given, **keywords, **({} if self.reduction is None else {"reduction": self.reduction}))


def _commands() -> Mapping[str, Callable[..., Any]]:
    return {**COMMANDS, **{phase: partial(_again, phase) for phase in PHASES}, "set": lambda *_, **__: None}


def _again(phase: str, twin: Twin, **_: Any) -> Any:
    return twin.again(phase)


def _copied(model: nn.Module, memo: dict[int, Any]) -> nn.Module:
    """Models keep results of theirs as attributes: these have a graph, and Python refuses to copy such."""
    for module in model.modules():
        for value in vars(module).values():
            if isinstance(value, Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    return copy.deepcopy(model, memo)
