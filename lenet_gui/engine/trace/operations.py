"""Records the operations of a forward or a loss as the model's Python makes them, functional ones as well as modules'.

PyTorch tells a `TorchFunctionMode` of each call that a person's code makes on tensors. What is put around the call of
each module tells in which that was. All of it is gone when the block ends, and the numbers are those of an unwatched
call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node as AutogradNode
from torch.overrides import TorchFunctionMode

from lenet_gui.engine.trace.arguments import Arguments
from lenet_gui.engine.trace.changes import StateWatch
from lenet_gui.engine.trace.room import Room
from lenet_gui.engine.trace.source import Sources
from lenet_gui.engine.trace.trace import Changes, End, Operation
from lenet_gui.protocol.trace import CallRow

CRITERION = "criterion"

_CALL = "_compiled_call_impl"
"""Where PyTorch looks for what a module does instead of its `_call_impl`. With a hook that would take a longer way."""

_NESTED = (tuple, list)
Made = tuple[int, End, AutogradNode]
"""An operation's index, the end of one of its outputs, and the node of that as it was then."""


class OperationRecorder:
    """Of one trace: knows which operation made which tensor, as long as it is recorded."""

    def __init__(self, criterion: nn.Module, state: StateWatch, sources: Sources, room: Room) -> None:
        self.operations: list[Operation] = []
        self.calls: list[CallRow] = []
        self.made: list[Made] = []
        self.input: Tensor | None = None
        self.arguments = Arguments(state, room)
        self._room = room
        self._sources = sources
        self._paths: dict[nn.Module, str] = {module: path for path, module in state.modules.items()}
        self._paths.update({one: f"{CRITERION}.{path}".rstrip(".") for path, one in criterion.named_modules()})
        self.state = state
        # By identity, because tensors compare by their numbers; and kept, so that no identity is used again.
        self._producers: dict[int, int] = {}
        self._alive: list[Tensor] = []
        self._stack: list[int] = []
        # Inside an operation: what is done there, or noted here, is not recorded on its own.
        self._busy = False
        self._counts: dict[str, int] = {}
        self._nth: dict[str, int] = {}
        self._items: list[Operation] = []
        self._early: Changes = {}

    @contextmanager
    def recording(self) -> Iterator[list[Operation]]:
        """The operations done in this block, in order; those before an exception too."""
        self._items, self._stack, self._busy = [], [], False
        self._nth.clear()
        self._early.clear()
        self.state.look(all=True)
        modules = [(module, module._compiled_call_impl) for module in self._paths]
        for module, compiled in modules:
            vars(module)[_CALL] = self._watched(module, compiled or module._call_impl)
        plain = torch.autograd.Function.__dict__["apply"]
        torch.autograd.Function.apply = classmethod(_told(self, plain.__func__))  # pyright: ignore[reportAttributeAccessIssue]
        try:
            with _Mode(self):
                yield self._items
        finally:
            torch.autograd.Function.apply = plain
            for module, compiled in modules:
                vars(module).pop(_CALL, None)
                if compiled is not None:
                    vars(module)[_CALL] = compiled
            self._settle(all=True)

    def new_command(self) -> None:
        """Names begin anew with each forward."""
        self._counts.clear()

    def hooked(self) -> bool:
        """Whether somebody is called with the gradient of a tensor that was made, and could write into it."""
        return any(tensor._backward_hooks for tensor in self._alive)

    def _watched(self, module: nn.Module, plain: Callable[..., Any]) -> Callable[..., Any]:
        """What a module does when it is called, with notes of when that begins and ends."""

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._busy:
                return plain(*args, **kwargs)
            self._enter(module, args)
            try:
                return plain(*args, **kwargs)
            finally:
                self._stack.pop()

        return call

    def _enter(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        path = self._paths[module]
        if not self._stack:
            given = _tensors(inputs)
            if path == CRITERION:
                self.arguments.call(given[1:2], "target")
            else:
                self.input = next(iter(given), None)
                self.arguments.call(given[:1], "input")
        nth = self._nth[path] = self._nth.get(path, -1) + 1
        self.calls.append(CallRow(path, type(module).__name__, nth, self._stack[-1] if self._stack else -1))
        self._stack.append(len(self.calls) - 1)

    def call(self, name: Callable[[Any], str], do: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Do it, and record it where it returned or changed a tensor inside the model or the loss."""
        if self._busy or not self._stack:
            return do(*args, **kwargs)
        self._busy = True
        try:
            self._settle()
            given: list[Tensor] = []
            copied = self.arguments.copied
            arguments = copied(args, given), copied(kwargs, given) if kwargs else {}
            self.state.given(given)
            versions = [tensor._version for tensor in given]
            result = do(*args, **kwargs)
            written: list[Tensor] = []
            if versions != [tensor._version for tensor in given]:
                written = [one for one, version in zip(given, versions, strict=True) if one._version != version]
                self.state.written = True
            outputs = [result] if type(result) is Tensor else _tensors(result)
            if outputs or written:
                operation = self._record(name(do), given, outputs or written, written)
                operation.do, operation.arguments = do, arguments
        finally:
            self._busy = False
        return result

    def _settle(self, all: bool = False) -> None:
        """What the last operation has changed, and what the lines behind it have: it lies before the next one."""
        changed = self.state.look(all)
        if changed:
            (self._items[-1].changes if self._items else self._early).update(changed)

    def _record(self, function: str, given: list[Tensor], outputs: list[Tensor], written: list[Tensor]) -> Operation:
        index = len(self.operations)
        nth = self._counts[function] = self._counts.get(function, -1) + 1
        inputs, tensors = self._origins(given)
        call = self._stack[-1]
        operation = Operation(
            name=f"{function}_{nth}" if nth else function,
            function=function,
            call=call,
            source=self._sources.span(),
            inputs=inputs,
            tensors=tensors,
            outputs=tuple([self._room.copy(tensor) for tensor in outputs]),
            changes=self._early,
            ends=tuple([End(-1, tensor.output_nr) for tensor in outputs]),
            module=self.calls[call].path,
        )
        self._early = {}
        # What is written into a part of a tensor is in what reads that tensor next.
        wholes = [tensor._base for tensor in written if tensor._base is not None]
        made = [*outputs, *written, *wholes]
        self._alive += made
        for tensor in made:
            self._producers[id(tensor)] = index
        for tensor, copy in zip(outputs, operation.outputs, strict=True):
            if id(tensor) not in self.state.names:  # returned as it came
                self.arguments.know(tensor, copy)
        self.operations.append(operation)
        self._items.append(operation)
        for tensor, end in zip(outputs, operation.ends, strict=True):
            node = tensor.grad_fn
            if node is not None:
                self.made.append((index, end, node))
        return operation

    def _origins(self, given: list[Tensor]) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """The operations that these come from, and those that are of the model's state by name, each once."""
        inputs: list[int] = []
        names: list[str] = []
        for tensor in given:
            key = id(tensor)
            at = self._producers.get(key, -1 if tensor is self.input else None)
            if at is not None and at not in inputs:
                inputs.append(at)
            name = self.state.names.get(key)
            if name is not None and name not in names:
                names.append(name)
        return tuple(inputs), tuple(names)


class _Mode(TorchFunctionMode):
    def __init__(self, recorder: OperationRecorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        return self._recorder.call(_name, func, args, kwargs)


def _told(recorder: OperationRecorder, plain: Callable[..., Any]) -> Callable[..., Any]:
    """A custom `autograd.Function` as one operation: PyTorch itself tells only of what it does inside."""

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        return recorder.call(lambda _: cls.__name__, partial(plain, cls), args, kwargs)

    return apply


def _name(func: Any) -> str:
    """What a person calls it: `relu`, and `T` for the getter of that property."""
    name = getattr(func, "__name__", "") or type(func).__name__
    if name in ("__get__", "__set__"):
        name = getattr(getattr(func, "__self__", None), "__name__", name)
    return name.strip("_") if name.startswith("__") else name


def _tensors(value: Any) -> list[Tensor]:
    """All of them in nested arguments or results."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, _NESTED):
        return []
    return [tensor for one in value for tensor in _tensors(one)]
