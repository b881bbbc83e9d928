"""Attaching the window to a loop that is about to begin, and letting it go again."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from lenet_gui.engine.attached.hooks import Hooks
from lenet_gui.engine.attached.loop import Loop
from lenet_gui.engine.attached.runner import LoopRunner
from lenet_gui.engine.attached.session import AttachedSession
from lenet_gui.engine.attached.told import Ended, Left
from lenet_gui.protocol import Notice
from lenet_gui.window_process import PATIENCE, WindowProcess

newest: Attachment | None = None
"""The one that there is: a process has one window."""


class Attachment:
    """A window on one loop, until `detach`, the end of the window, or the end of the process.

    As a context manager it is detached at the end of the block.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        criterion: Callable[..., Tensor] | None,
        names: dict[str, Any],
    ) -> None:
        """`names` are the globals of the script. Raises TypeError, ValueError, OSError; then nothing has changed."""
        _check(model, optimizer, criterion)
        self._of = model, optimizer, criterion
        self._how = "The loop has ended"
        self._window = WindowProcess(_script(names), self._window_gone)
        self._loop = Loop(self._window.channel)
        self._session = AttachedSession(
            model, optimizer, criterion, self._loop, lambda *copies: self._hooks.clean(*copies)
        )
        self._loop.tell(self._session)
        self._loop.interrupted, self._loop.let_off = self._interrupted, self._off
        self._window.start()
        self._hooks = Hooks(self._loop, model, optimizer, criterion, names)
        self._loop.lighten = self._hooks.lighten
        self._runner = threading.Thread(target=self._serve, name="lenet_gui", daemon=True)
        self._excepthook, sys.excepthook = sys.excepthook, self._on_exception
        atexit.register(self._at_exit)
        self._runner.start()

    @property
    def attached(self) -> bool:
        return not self._loop.left

    def is_of(self, model: nn.Module, optimizer: Optimizer, criterion: Any) -> bool:
        mine = self._of
        return self.attached and mine[0] is model and mine[1] is optimizer and mine[2] is criterion

    def detach(self) -> None:
        """Take everything off. The window stays as it is. To be called where the loop is, between two phases."""
        if self.attached:
            self._loop.end("The loop is no longer attached")
            self._end()

    def __enter__(self) -> Attachment:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            self._tell(error)
        self.detach()

    def _serve(self) -> None:
        try:
            with suppress(Left, Ended):
                LoopRunner(self._window.channel, self._session).serve()
        except Exception as error:
            self._tell(error, "The engine has failed")
        finally:
            if not self._loop.ended:
                self._loop.leave()
                self._window.close()

    def _window_gone(self, how: str) -> None:
        """In a thread: what is to be taken off is taken off by the loop, when it comes to it."""
        if how and not self._loop.ended:
            print(f"lenet_gui: the window is gone. {how} The loop goes on without it.", file=sys.stderr)

    def _interrupted(self) -> None:
        """Ctrl-C while the loop waited: it goes on by itself, once nothing else works on its tensors."""
        self._window.channel.give(
            Notice("note", "The loop was interrupted", "Ctrl-C was pressed where it runs.", "It is no longer attached.")
        )
        self._window.channel.close()
        self._end()

    def _end(self) -> None:
        """The runner has nothing left to wait for: its last words are written, and all is taken off."""
        self._runner.join(PATIENCE)
        self._loop.leave()
        self._window.close()
        self._off()

    def _clean(self, *copies: nn.Module) -> None:
        self._hooks.clean(*copies)

    def _off(self) -> None:
        self._hooks.off()
        atexit.unregister(self._at_exit)
        if sys.excepthook == self._on_exception:
            sys.excepthook = self._excepthook

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._excepthook(kind, error, trace)
        if issubclass(kind, Exception):
            self._tell(error)
            self._how = f"The loop has ended with {kind.__name__}"

    def _tell(self, error: BaseException, title: str = "The loop has raised") -> None:
        words = f"{type(error).__name__}: {error}"
        details = "".join(traceback.format_exception(error))
        advice = "Its script goes on as it would without the window."
        self._window.channel.give(Notice("failed", title, words, advice, details=details))

    def _at_exit(self) -> None:
        """The script is at its end. Where somebody steps, the window is served until it is closed."""
        if self._loop.left or os.getpid() != self._loop.process:
            return
        free = self._loop.free
        self._loop.end(self._how, stays=not free)
        with suppress(KeyboardInterrupt):
            self._runner.join(PATIENCE if free else None)
        self._window.close()


def attach(
    model: nn.Module, optimizer: Optimizer, criterion: Callable[..., Tensor] | None, names: dict[str, Any]
) -> Attachment:
    """The one for these; the one before, of others, is detached."""
    global newest
    if newest is not None and newest.is_of(model, optimizer, criterion):
        return newest
    detach()
    newest = Attachment(model, optimizer, criterion, names)
    return newest


def detach() -> None:
    """Without an attachment nothing happens."""
    global newest
    if newest is not None and newest.attached:
        newest.detach()
    newest = None


def _check(model: object, optimizer: object, criterion: object) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f"attach takes a torch.nn.Module as the model, not {type(model).__name__}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"attach takes a torch.optim.Optimizer as the optimizer, not {type(optimizer).__name__}")
    if criterion is not None and not callable(criterion):
        raise TypeError(f"attach takes a module or a function as the criterion, not {type(criterion).__name__}")
    held = {id(one) for group in optimizer.param_groups for one in group["params"]}
    if not any(id(one) in held for one in model.parameters()):
        raise ValueError("this optimizer holds none of the model's parameters: attach the two that belong together")


def _script(names: dict[str, Any]) -> str:
    return Path(names.get("__file__") or "notebook").name
