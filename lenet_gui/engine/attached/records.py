"""What was seen of the phases of one step: what each was given, so that a second session can do it again.

A record is made before its phase and holds copies. Where a phase cannot be done again, `problem` says why in a
sentence; the loop itself is not disturbed by that.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lenet_gui.engine.attached.graph import reaches
from lenet_gui.engine.commands import load_batch
from lenet_gui.engine.generators import GeneratorState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lenet_gui.engine.attached.session import AttachedSession
    from lenet_gui.engine.attached.twin import Twin

Shape = tuple[tuple[int, ...], tuple[int, ...], int]
"""Size, stride and offset of a view."""
Result = list[Tensor | None]


@dataclass(slots=True, kw_only=True)
class Record:
    """Of a phase: the global generators before it, under which autocast it ran, and what came out (empty: not yet)."""

    generators: GeneratorState
    autocast: tuple[str, torch.dtype] | None
    problem: str = ""
    result: Result = field(default_factory=list)

    def do(self, twin: Twin) -> Result:
        """The phase again. Raises what it raises."""
        raise NotImplementedError

    @contextmanager
    def as_then(self, twin: Twin) -> Iterator[None]:
        """With the generators and the precision that the loop had."""
        twin.generators.state = self.generators
        if self.autocast is None:
            yield
        else:
            with torch.autocast(self.autocast[0], self.autocast[1]):
                yield


@dataclass(slots=True, kw_only=True)
class ZeroGrad(Record):
    of_model: bool
    set_to_none: bool

    def do(self, twin: Twin) -> Result:
        (twin.model if self.of_model else twin.optimizer).zero_grad(self.set_to_none)
        return []


@dataclass(slots=True, kw_only=True)
class Forward(Record):
    """`input` is the first tensor that the model is given, by a `name` or (empty) as its first argument; `rest` are the
    arguments behind it."""

    input: Tensor
    name: str
    rest: tuple[Any, ...]
    keywords: dict[str, Any]
    modes: tuple[bool, ...]

    def do(self, twin: Twin) -> Result:
        for module, training in zip(twin.modules, self.modes, strict=True):
            module.training = training
        if twin.due:
            load_batch(twin)
        output = twin.model(twin.input)
        twin.output = first_tensor(output)
        twin.forwarded, twin.graph, twin.due = (None, False), "alive", "advance"
        return [copied(twin.output)]


@dataclass(slots=True, kw_only=True)
class Loss(Record):
    """`view` is what of the output the criterion is given; `None`: all of it as it is."""

    view: Shape | None
    rest: tuple[Any, ...]
    keywords: dict[str, Any]

    def do(self, twin: Twin) -> Result:
        if twin.output is None:
            raise ValueError("the loop has sent nothing forward in this step")
        given = twin.output if self.view is None else twin.output.as_strided(*self.view)
        rest = tuple(map(copied, self.rest))
        twin.target = next((one for one in rest if isinstance(one, Tensor)), None)
        twin.last_loss = twin.criterion(given, *rest, **self.keywords)
        return [copied(twin.last_loss)]


@dataclass(slots=True, kw_only=True)
class Backward(Record):
    """From the loss with this gradient (`None`: 1), to the gradients that there are already."""

    gradient: Tensor | None
    retain_graph: bool
    before: list[Tensor | None]

    def do(self, twin: Twin) -> Result:
        assert twin.last_loss is not None
        put_gradients(twin.parameters, self.before)
        torch.autograd.backward(twin.last_loss, self.gradient, retain_graph=self.retain_graph)
        twin.graph = "alive" if self.retain_graph else "freed"
        return gradients(twin.parameters)


@dataclass(slots=True, kw_only=True)
class Step(Record):
    """With the gradients and the options that the optimizer has then, whatever the loop did to them before."""

    before: list[Tensor | None]
    options: list[dict[str, Any]]

    def do(self, twin: Twin) -> Result:
        put_gradients(twin.parameters, self.before)
        for group, options in zip(twin.optimizer.param_groups, self.options, strict=True):
            group.update(options)
        twin.optimizer.step()
        twin.log.append(twin.last_loss)
        twin.steps += 1
        return [copied(one) for one in twin.parameters]


# ------------------------------------------------------------------------------------------------- making them


def record(session: AttachedSession, phase: str, given: Any) -> Record | None:
    """Of a phase that is about to begin; `None` where it has nothing to do with the model."""
    return _MAKERS[phase](session, _common(session), given)


def _zero_grad(session: AttachedSession, common: dict[str, Any], given: Any) -> Record:
    owner, args, keywords = given
    to_none = keywords.get("set_to_none", args[0] if args else True)
    return ZeroGrad(**common, of_model=owner is session.model, set_to_none=bool(to_none))


def _forward(session: AttachedSession, common: dict[str, Any], given: Any) -> Record:
    args, keywords = given
    modes = tuple(module.training for module in session.modules)
    problem = ""
    name = "" if args else next((key for key, one in keywords.items() if isinstance(one, Tensor)), "")
    if not name and not (args and isinstance(args[0], Tensor)):
        problem = "the model is given something else than a tensor first, and only that can be given to it again"
    input = first_tensor((args, keywords))
    return Forward(
        **common,
        problem=problem,
        input=torch.empty(0) if input is None else copied(input),
        name=name,
        rest=tuple(map(copied, args[1:])),
        keywords={key: copied(one) for key, one in keywords.items() if key != name},
        modes=modes,
    )


def _loss(session: AttachedSession, common: dict[str, Any], given: Any) -> Record | None:
    args, keywords = given
    output, scores = session.output, args[0] if args else keywords.get("input")
    problem, view = "", None
    if output is None or not isinstance(scores, Tensor):
        problem = "the criterion is given something else than the output of the model"
    elif scores is not output:
        if not reaches(scores, output):
            return None
        view = _view(scores, output)
        problem = "" if view else "the loop computes with the output before it takes the loss, in Python of its own"
    keywords = {name: copied(one) for name, one in keywords.items() if name != "input" or args}
    return Loss(**common, problem=problem, view=view, rest=tuple(map(copied, args[1:])), keywords=keywords)


def _backward(session: AttachedSession, common: dict[str, Any], given: Any) -> Record | None:
    start, gradient, retain_graph = given
    loss, problem = session.taken, ""
    if not isinstance(start, Tensor):
        problem = "the loop goes backward from several tensors at once"
    elif loss is None or not loss.requires_grad:
        if session.output is not None and not reaches(start, session.output):
            return None
        problem = "no criterion was seen, so that only the loop itself knows how the loss is made"
        session.last_loss = start
    elif start is not loss:
        if not reaches(start, loss):
            return None
        # What the loop makes of the loss (its mean over several batches, what a GradScaler makes of it) is a factor.
        (gradient,) = torch.autograd.grad(start, loss, gradient, retain_graph=True, allow_unused=True)
    return Backward(
        **common,
        problem=problem,
        gradient=copied(gradient),
        retain_graph=bool(retain_graph),
        before=gradients(session.parameters),
    )


def _step(session: AttachedSession, common: dict[str, Any], given: Any) -> Record:
    problem = "its closure goes forward and backward in Python of the loop's own" if given else ""
    options = [{name: value for name, value in group.items() if name != "params"} for group in _groups(session)]
    return Step(**common, problem=problem, before=gradients(session.parameters), options=options)


_MAKERS: dict[str, Callable[..., Record | None]] = {
    "zero_grad": _zero_grad,
    "forward": _forward,
    "loss": _loss,
    "backward": _backward,
    "step": _step,
}


def _common(session: AttachedSession) -> dict[str, Any]:
    kind = session.parameters[0].device.type
    enabled = torch.is_autocast_enabled(kind)
    return {
        "generators": session.generators.state,
        "autocast": (kind, torch.get_autocast_dtype(kind)) if enabled else None,
    }


def _groups(session: AttachedSession) -> list[dict[str, Any]]:
    optimizer: Optimizer = session.optimizer
    return optimizer.param_groups


def _view(scores: Tensor, output: Tensor) -> Shape | None:
    """How one lies in the other, where it is a part of it or the same in another shape."""
    if scores.dtype != output.dtype or scores.untyped_storage().data_ptr() != output.untyped_storage().data_ptr():
        return None
    if output.storage_offset() or not output.is_contiguous():
        return None
    return tuple(scores.shape), tuple(scores.stride()), int(scores.storage_offset())


# ------------------------------------------------------------------------------------------------------- tensors


def gradients(parameters: list[nn.Parameter]) -> list[Tensor | None]:
    """As copies."""
    return [None if one.grad is None else one.grad.detach().clone() for one in parameters]


def put_gradients(parameters: list[nn.Parameter], values: list[Tensor | None]) -> None:
    for one, value in zip(parameters, values, strict=True):
        one.grad = None if value is None else value.clone()


def copied(value: Any) -> Any:
    """The same with copies of all tensors in tuples, lists and dicts; everything else as it is."""
    if isinstance(value, Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad and value.is_leaf)
    if isinstance(value, dict):
        return {key: copied(one) for key, one in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(copied, value))
    return value


def first_tensor(value: Any) -> Tensor | None:
    """The first with dimensions in nested results: a model may give several."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, dict):
        value = tuple(value.values())
    found = [one for one in map(first_tensor, value) if one is not None] if isinstance(value, tuple | list) else []
    return next((one for one in found if one.ndim), found[0] if found else None)
