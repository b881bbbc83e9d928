"""Somebody at the tensor panel, with a real session that answers what it asks: at once, or when it is told to."""

from __future__ import annotations

import numpy as np
import torch

from lenet_gui.engine import Session, answers, view
from lenet_gui.engine.tensors.found import Found
from lenet_gui.engine.tensors.look import seen_of
from lenet_gui.gui.numbers.tensor import TensorPanel
from lenet_gui.protocol import Command, Frame, Place
from lenet_gui.protocol.tensors import CellsRequest, ExportTensor, LookReply, LookRequest, NamesRequest, PinRequest
from tests.gui.frames import SHAPES

QUESTIONS = (LookRequest, CellsRequest, NamesRequest, PinRequest, ExportTensor)


def frame_of(session: Session, running: bool = False, run: int = 1) -> Frame:
    return view.Viewer(session).frame(view.Situation(run, "test", running, None, None, 0.0, True))


def reply(request: LookRequest, values: np.ndarray | None = None, kind: str = "parameter", **changes) -> LookReply:
    """The worker's answer for a tensor of these `values`; without them random ones of LeNet's shape."""
    numbers = np.random.default_rng(3).normal(0, 0.2, SHAPES[request.view.tensor.name]) if values is None else values
    told = LookReply(request.id, Place("main", 4), "step 0, after backward", request.view, "", **changes)
    return seen_of(Found(torch.tensor(np.asarray(numbers, np.float32)), kind), request, told)


def missing(request: LookRequest, why: str, shape: tuple[int, ...] = ()) -> LookReply:
    return LookReply(request.id, Place("main", 0), "step 0, at the start", request.view, why, shape)


class Looker:
    """Answers with the session, at once or, where `slow`, when `answer` is called. `asked` is all that was asked."""

    def __init__(self, panel: TensorPanel, session: Session, slow: bool = False) -> None:
        self.panel, self.session, self.slow = panel, session, slow
        self.asked: list[object] = []
        self.open: list[object] = []
        panel.asked.connect(self._note)
        self.stop()

    def _note(self, message: object) -> None:
        self.asked.append(message)
        self.open.append(message)
        if not self.slow:
            self.answer()

    def answer(self) -> None:
        """Answer all that is open, and what is asked because of it."""
        while self.open:
            message = self.open.pop(0)
            if isinstance(message, QUESTIONS):
                self.panel.show_reply(answers.answer(self.session, message))
            elif isinstance(message, Command):
                self.session.apply(message)
                self.stop()

    def do(self, *phases: str) -> None:
        """Press these phases; the panel sees the place behind each."""
        for phase in phases:
            self.session.apply(Command(phase))
            self.stop()

    def stop(self) -> None:
        self.panel.show_frame(frame_of(self.session))

    def looks(self) -> list[LookRequest]:
        return [one for one in self.asked if isinstance(one, LookRequest)]
