"""Sees what a training loop does with its model, optimizer and criterion. Off again, nothing of it is left."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable
from functools import partial, wraps
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lenet_gui.engine.attached.loop import Loop


class Hooks:
    """Of one attachment. They are put on and taken off in the loop's thread."""

    def __init__(
        self, loop: Loop, model: nn.Module, optimizer: Optimizer, criterion: Any, names: dict[str, Any]
    ) -> None:
        """`names` are the loop's own globals, where a criterion that is a function may be called by."""
        self._loop = loop
        self._model, self._optimizer, self._criterion = model, optimizer, criterion
        # Plain functions and not methods: a model that is copied takes its hooks along.
        self._functions: list[Callable[..., Any]] = []
        # What takes them off again, the last one first: those that stay on, and those of now.
        self._undo: list[Callable[[], None]] = []
        self._step(optimizer)
        named = not isinstance(criterion, nn.Module) and criterion is not None and self._replace(criterion, names)
        self._sees_losses = named or isinstance(criterion, nn.Module)
        self._lasting, self._undo = self._undo, []
        self._watch_phases()

    def off(self) -> None:
        """From anywhere in the loop's thread."""
        for undo in (*reversed(self._undo), *reversed(self._lasting)):
            undo()
        self._undo, self._lasting = [], []

    def lighten(self, light: bool) -> None:
        """See each phase, or (`light`) only steps and losses, which costs a loop that runs free next to nothing."""
        for undo in reversed(self._undo):
            undo()
        self._undo = []
        if not light:
            self._watch_phases()
        elif isinstance(self._criterion, nn.Module):
            self._note_results(self._criterion)
        elif not self._sees_losses:
            self._note_backward()

    def _watch_phases(self) -> None:
        self._put_on_module(self._model, "forward")
        self._zero_grad(self._model)
        self._zero_grad(self._optimizer)
        if isinstance(self._criterion, nn.Module):
            self._put_on_module(self._criterion, "loss")
        self._backward()

    def clean(self, *copies: nn.Module) -> None:
        """Take them off copies of the modules."""
        for module in copies:
            for name, value in [*vars(module).items()]:
                if value in self._functions:
                    delattr(module, name)
            for hooks in (module._forward_pre_hooks, module._forward_hooks):
                for number in [number for number, one in hooks.items() if one in self._functions]:
                    del hooks[number]
                    for told in (
                        module._forward_pre_hooks_with_kwargs,
                        module._forward_hooks_with_kwargs,
                        module._forward_hooks_always_called,
                    ):
                        told.pop(number, None)

    def _put_on_module(self, module: nn.Module, phase: str) -> None:
        before, after, failed = self._loop.before, self._loop.after, self._loop.failed

        def begins(_: nn.Module, args: Any, keywords: Any) -> None:
            before(phase, (args, keywords), torch.is_grad_enabled())

        def ends(_: nn.Module, __: Any, result: Any) -> None:
            error = sys.exc_info()[1] if result is None else None
            if error is None:
                after(phase, result)
            else:
                failed(phase, error)

        self._functions += [begins, ends]
        self._undo.append(module.register_forward_pre_hook(begins, with_kwargs=True, prepend=True).remove)
        self._undo.append(module.register_forward_hook(ends, always_call=True).remove)

    def _zero_grad(self, owner: nn.Module | Optimizer) -> None:
        plain, own = owner.zero_grad, vars(owner).get("zero_grad")

        @wraps(plain)
        def zero_grad(*args: Any, **keywords: Any) -> None:
            self._watch("zero_grad", (owner, args, keywords), plain, args, keywords)

        self._put(owner, "zero_grad", zero_grad, own)

    def _step(self, optimizer: Optimizer) -> None:
        before, after = self._loop.before, self._loop.after

        def begins(_: Optimizer, args: Any, keywords: Any) -> None:
            if self._loop.light:
                return
            # The optimizer itself is the first of them.
            closure = keywords.get("closure", args[1] if len(args) > 1 else None) is not None
            before("step", closure, True, closure)

        def ends(*_: Any) -> None:
            if self._loop.light:
                self._loop.stepped()
            else:
                after("step", None)

        for name, handle in (
            ("_optimizer_step_pre_hooks", optimizer.register_step_pre_hook(begins)),
            ("_optimizer_step_post_hooks", optimizer.register_step_post_hook(ends)),
        ):
            self._undo.append(partial(_without, optimizer, name, handle.id))

    def _backward(self) -> None:
        """`Tensor.backward` comes here too."""
        plain = torch.autograd.backward

        @wraps(plain)
        def backward(
            tensors: Any, grad_tensors: Any = None, retain_graph: Any = None, *args: Any, **keywords: Any
        ) -> Any:
            create = keywords.get("create_graph", args[0] if args else False)
            given = tensors, grad_tensors, create if retain_graph is None else retain_graph
            rest = (tensors, grad_tensors, retain_graph, *args)
            return self._watch("backward", given, plain, rest, keywords)

        self._set(torch.autograd, "backward", backward)

    def _replace(self, criterion: Callable[..., Any], names: dict[str, Any]) -> bool:
        """A function is called by a name: in the module that it is of, or wherever the loop has it in its globals.
        False where it has none."""
        before = len(self._undo)

        @wraps(criterion)
        def loss(*args: Any, **keywords: Any) -> Any:
            if self._loop.light:
                return self._noted(criterion(*args, **keywords))
            return self._watch("loss", (args, keywords), criterion, args, keywords, torch.is_grad_enabled())

        module = sys.modules.get(getattr(criterion, "__module__", None) or "")
        places: list[dict[str, Any]] = [names]
        if module is not None and vars(module) is not names:
            places.append(vars(module))
        for place in places:
            for name in [name for name, value in place.items() if value is criterion]:
                place[name] = loss
                self._undo.append(lambda place=place, name=name: place.__setitem__(name, criterion))
        return len(self._undo) > before

    def _note_results(self, criterion: nn.Module) -> None:
        plain, own = criterion.forward, vars(criterion).get("forward")

        @wraps(plain)
        def forward(*args: Any, **keywords: Any) -> Any:
            return self._noted(plain(*args, **keywords))

        self._put(criterion, "forward", forward, own)

    def _note_backward(self) -> None:
        plain = torch.autograd.backward

        @wraps(plain)
        def backward(tensors: Any, *args: Any, **keywords: Any) -> Any:
            self._noted(tensors)
            return plain(tensors, *args, **keywords)

        self._set(torch.autograd, "backward", backward)

    def _noted(self, loss: Any) -> Any:
        if isinstance(loss, Tensor) and loss.requires_grad:
            self._loop.took(loss)
        return loss

    def _put(self, owner: Any, name: str, function: Callable[..., Any], own: Any) -> None:
        """As an attribute of the object itself, which had its `own`, or the class's."""
        setattr(owner, name, function)
        self._functions.append(function)

        def undo() -> None:
            if own is not None:
                setattr(owner, name, own)
            elif vars(owner).get(name) is function:
                delattr(owner, name)

        self._undo.append(undo)

    def _set(self, module: ModuleType, name: str, function: Callable[..., Any]) -> None:
        before = getattr(module, name)
        setattr(module, name, function)

        def undo() -> None:
            # Somebody may have put another around it since: that one then calls this, which lets all pass.
            if getattr(module, name) is function:
                setattr(module, name, before)

        self._undo.append(undo)

    def _watch(
        self,
        phase: str,
        given: Any,
        plain: Callable[..., Any],
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        counts: bool = True,
    ) -> Any:
        self._loop.before(phase, given, counts)
        try:
            result = plain(*args, **keywords)
        except BaseException as error:
            self._loop.failed(phase, error)
            raise
        self._loop.after(phase, result)
        return result


def _without(optimizer: Optimizer, name: str, number: int) -> None:
    # Another table, and not the same without it: a step may be going over that one.
    setattr(optimizer, name, OrderedDict((key, one) for key, one in getattr(optimizer, name).items() if key != number))
