"""Where somebody's training loop waits for the window: it goes on from phase to phase, or runs free.

Two threads take turns: the loop's own, and the runner's, which serves the window. The runner is written as straight
code (a whole step is five commands one after the other), and the loop's Python cannot be left in the middle and come
back to on one stack. So each waits while the other works, and no tensor is ever touched by both.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from functools import partial
from threading import Semaphore, get_ident
from typing import Any

from lenet_gui.channel import Channel
from lenet_gui.engine.attached.told import Done, Ended, Left, Raised, Witness

TICK = 0.3
"""Seconds that the loop may be in its own Python before the window is told."""
LOOK = 0.02
"""Seconds of running free between two looks at what the window asks, at least."""
SHARE = 0.01
"""Of the time of a free run, what these looks may take."""
QUICK = 0.05
"""Seconds of a step that is quick."""
PATIENCE = 0.1
"""Seconds that a pause waits for the end of a step: of a longer step it stops at the next phase."""


class Loop:
    """Of one attachment. What the hooks call is called in the loop's thread, the rest in the runner's."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._thread, self.process = get_ident(), os.getpid()
        if hasattr(os, "register_at_fork"):
            # Processes that load data are copies of this one, and their thread has the number of this one's.
            os.register_at_fork(after_in_child=partial(_forget, weakref.ref(self)))
        self._loops_turn, self._runners_turn = Semaphore(0), Semaphore(0)
        self._witness: Witness | None = None
        # The phases that have begun and not ended, the outermost first; empty text for what is none of the loop's.
        self._open: list[str] = []
        self._nesting = False
        self.coming = ""
        """The phase before which the loop waits; empty behind a step, or where it does not wait."""
        self.free = False
        self.light = False
        """Whether only steps and losses are seen, and no other phases: of a quick loop that runs free."""
        self.lighten: Callable[[bool], None] = lambda _: None
        """Called in the loop's thread where that begins or ends."""
        self._done = Done()
        # Of the step under way, and of the newest whole one.
        self._phases: list[str] = []
        self._cycle: list[str] = []
        self._steps_left = 0
        self._look = self._step_began = 0.0
        self._failure: Raised | None = None
        self.ended = ""
        """How it has ended, in words; empty while it goes on."""
        self.stays = True
        self.left = False
        self.let_off: Callable[[], None] = lambda: None
        """Called in the loop's thread when it comes to a phase and nobody is attached any more."""
        self.interrupted: Callable[[], None] = lambda: None
        """Called in the loop's thread when it was interrupted while it waited."""
        self.waiting: Callable[[], None] = lambda: None
        """Called in the runner's thread, now and then, while the loop is in its own Python."""

    def forget(self) -> None:
        """In a copy of the process: none of this loop's thread is here."""
        self._thread = -1

    def tell(self, witness: Witness) -> None:
        self._witness = witness

    # ------------------------------------------------------------------------------------ called by the hooks

    def before(self, phase: str, given: Any = None, counts: bool = True, nesting: bool = False) -> None:
        """A phase begins. With `nesting` it may call others, as a step with a closure does."""
        if get_ident() != self._thread:
            return
        if self.left:
            self.let_off()
            return
        if self._open == ["step"] and not self._nesting:
            self._open.clear()  # it has raised: of that nobody is told
        if not counts or any(self._open):
            self._open.append("")
            return
        self._open.append(phase)
        self._nesting = nesting
        if self.free and not (self._channel.pausing and time.perf_counter() > self._step_began + PATIENCE):
            return
        assert self._witness is not None
        self.free = False
        if not self._witness.see(phase, given):
            self._open[-1] = ""
            return
        self.coming = phase
        self._wait()

    def after(self, phase: str, result: Any) -> None:
        """It has ended."""
        if self.left or not self._open or get_ident() != self._thread:
            return
        assert self._witness is not None
        if not self._open.pop():
            if self._nesting and self._open == ["step"]:
                self._witness.passed(phase, result)
            return
        self.coming = ""
        self._done.add(phase)
        self._phases.append(phase)
        if phase == "step":
            self._cycle, self._phases = self._phases, []
        if self.free:
            self._witness.passed(phase, result)
            if phase == "step":
                self._stepped_free()
            return
        self._witness.saw(phase, result)
        if phase == "step":
            self._wait()

    def failed(self, phase: str, error: BaseException) -> None:
        """It has raised."""
        if self.left or not self._open or get_ident() != self._thread:
            return
        if self._open.pop() and not self.free:
            self.coming = ""
            self._failure = Raised(phase, error)
            self._wait()

    def stepped(self) -> None:
        """A whole step was taken while only steps are seen."""
        if self.left:
            self.let_off()
        elif get_ident() == self._thread:
            assert self._witness is not None
            self._done.whole, self._done.cycle = self._done.whole + 1, self._cycle
            self._witness.passed("step", None)
            self._stepped_free()

    def took(self, loss: Any) -> None:
        """A loss was taken while only steps are seen."""
        if self.left:
            self.let_off()
        elif get_ident() == self._thread:
            assert self._witness is not None
            self._witness.passed("loss", loss)

    def _stepped_free(self) -> None:
        self._steps_left -= 1
        now = time.perf_counter()
        quick, self._step_began = now < self._step_began + QUICK, now
        if now > self._look or self._steps_left == 0 or self._channel.pausing:
            self._wait()
        # What sees each phase takes a tenth of a quick loop's time. Of a slow one a pause must not wait for a step.
        if not self.left and self.light != (self.free and quick):
            self.light = not self.light
            self.lighten(self.light)

    def _wait(self) -> None:
        """Until the runner lets the loop go on. Ctrl-C ends the wait and the attachment."""
        self._runners_turn.release()
        try:
            while not self._loops_turn.acquire(timeout=0.5):  # in pieces, so that Ctrl-C is heard everywhere
                pass
        except BaseException:
            self.leave()
            self.interrupted()
            raise

    # --------------------------------------------------------------------------------- called by the runner

    def first(self) -> None:
        """Wait for the loop's first phase. Raises Left, Ended."""
        self._await()

    def arrive(self) -> str:
        """Let the loop come to its next phase; which it is. Raises Left, Ended, Raised."""
        if not self.coming:
            self._go()
        return self.coming

    def go(self) -> None:
        """Let it do the phase before which it waits, and come to the next; behind a step it waits at once."""
        self._go()

    def run(self, steps: int, between: Callable[[], bool]) -> None:
        """Let it run free for at most so many steps; `between` is called now and then, and may end it.

        Raises as `go`.
        """
        self._steps_left = steps
        began = time.perf_counter()
        going = between()
        while going and self._steps_left > 0:
            now = time.perf_counter()
            self._look, self._step_began = now + max(LOOK, (now - began) / SHARE), now
            self.free = True
            try:
                self._go()
                stopped = not self.free  # in the middle of a step
            finally:
                self.free = False
            began = time.perf_counter()
            going = between() and not stopped

    def take(self) -> Done:
        """What was done since this was asked last."""
        done, self._done = self._done, Done()
        return done

    def end(self, words: str, stays: bool = False) -> None:
        """The loop is over, says its own thread: the runner need not wait for it any more. Where it `stays`, what was
        done last is looked at until the window closes."""
        self.stays, self.ended = stays, words
        self._runners_turn.release()

    def leave(self) -> None:
        """Let the loop go on for good. From any thread."""
        self.left = True
        self._runners_turn.release()
        self._loops_turn.release()

    def _go(self) -> None:
        self.coming = ""
        if not self.ended:
            self._loops_turn.release()
        self._await()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _await(self) -> None:
        steps = self._steps_left
        while not self.ended and not self._runners_turn.acquire(timeout=TICK):
            if self._channel.closing:
                raise Left
            if steps == self._steps_left:
                self.waiting()
            steps = self._steps_left
        if self.left:
            raise Left
        if self.ended:
            raise Ended(self.ended)


def _forget(loop: weakref.ref[Loop]) -> None:
    if (there := loop()) is not None:
        there.forget()
