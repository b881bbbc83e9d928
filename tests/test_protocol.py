"""Every value that crosses between the processes arrives as it was."""

import pickle
from dataclasses import fields, is_dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import get_args

import numpy as np
import pytest

from lenet_gui import protocol
from lenet_gui.protocol import (
    Accuracy,
    AddBookmark,
    Advance,
    Answer,
    Back,
    BookmarkRow,
    BranchRow,
    Budget,
    BudgetReply,
    BudgetRequest,
    Command,
    Distance,
    DropBookmark,
    Evaluate,
    ExportReport,
    ExportScript,
    FindNotFinite,
    ForgetSession,
    Kept,
    Line,
    Long,
    Move,
    NewestOnly,
    NewRun,
    Notice,
    Offer,
    OpenSession,
    Painted,
    Pause,
    Place,
    PrintRequest,
    Progress,
    RaceReport,
    RecoverOnCpu,
    RecoverSession,
    RenameBranch,
    Run,
    RunBack,
    RunTo,
    SaveSession,
    Seek,
    SeekReply,
    SeekRequest,
    Series,
    SetBudget,
    SetRate,
    StartRace,
    TensorRequest,
    UpdateRequest,
    WatchSeries,
)
from lenet_gui.protocol.moved import CheckRequest, LineRequest, MovedRequest
from lenet_gui.protocol.stops import (
    Breakpoint,
    BreakpointRow,
    DropBreakpoint,
    DropWatch,
    PlotWatch,
    SetBreakpoint,
    SetWatch,
    WatchRow,
)
from lenet_gui.protocol.trace import TraceRequest
from lenet_gui.settings import Settings
from tests.alike import alike
from tests.gui import answers_moved, frames, traces
from tests.gui.ready import CHOICES, READY

PROTOCOL = [import_module(f"{protocol.__name__}.{name}") for _, name, _ in iter_modules(protocol.__path__)]
NAMES = vars(protocol) | {name: value for module in PROTOCOL for name, value in vars(module).items()}
TYPES = {
    value.__name__: value
    for value in NAMES.values()
    if isinstance(value, type) and is_dataclass(value) and value is not Settings
}
"""Settings, which has a constructor of its own, is crossed within NewRun."""

EXAMPLES = [
    Command.of("set", optimizer="Adam", lr=1e-3, amsgrad=True, eps=None),
    Advance("phase"),
    Pause(),
    Painted(),
    Run(None, 2.5),
    Run(3),
    SetRate(None),
    SetBudget(Budget(2**20, 0)),
    NewRun(Settings(seed=7, data="random", redraw=False, momentum=0.9, nesterov=True)),
    Evaluate(),
    RecoverOnCpu(),
    Back("step", 3),
    Seek(57, "branch 2"),
    Seek(commands=12),
    RenameBranch("branch 2", "larger steps"),
    AddBookmark("the loss jumps here"),
    DropBookmark(0),
    StartRace("main", "branch 2"),
    SaveSession("run.lenet"),
    OpenSession("run.lenet", exact=False),
    RecoverSession("sessions/1"),
    ForgetSession("sessions/1"),
    ExportScript("run.py"),
    ExportReport("report.zip"),
    Distance("conv1.weight", 0.5, 2.0),
    RaceReport("main", "branch 2", 4, 9, np.ones((3, 2), np.float32), None, (Distance("conv1.weight", 0.0, 2.0),)),
    SeekRequest(5, 1000, "main"),
    SeekReply(5, 1000, 0.25),
    BudgetRequest(6),
    BudgetReply(6, Budget(), 41_000_000, 0, disk_failed=True),
    TensorRequest(1, "conv1.bias", "grad"),
    UpdateRequest(2, "fc3.weight", 10),
    PrintRequest("chain"),
    READY,
    CHOICES,
    frames.fresh(),
    frames.running(57),
    frames.random_data(),
    frames.tensor(1, "conv1.weight"),
    frames.no_gradient(2, "conv1.bias"),
    frames.update(3, "conv1.bias"),
    Kept("momentum_buffer", np.ones(6, np.float32)),
    Line("command", "loss.backward()", "", Place("main", 4)),
    BranchRow("branch 2", "main", 4, 10, 50, 20),
    BookmarkRow(Place("main", 4), 0, "here"),
    Series(1, ("loss", "a"), 5, np.array([[np.nan, 1e-45], [np.inf, -0.0]], np.float32)),
    Accuracy(90, 0, 333, 360),
    Progress("replaying", 1, 2),
    Move("out", back=True),
    RunBack(),
    RunTo(8, 3),
    SetBreakpoint(Breakpoint(3, "node", "ReluBackward0", "loss > 2", "%5", "{loss} here", enabled=False)),
    DropBreakpoint(3),
    SetWatch(0, "(relu_1 == 0).mean()"),
    DropWatch(1),
    PlotWatch(1),
    FindNotFinite(),
    TraceRequest(7, 3),
    traces.lenet(),
    traces.residual(),
    MovedRequest(10, "conv1.weight", 7),
    CheckRequest(11, "relu_1", 7),
    LineRequest(12, 0.05),
    answers_moved.moved(10),
    answers_moved.check(11, ("relu_1: 2 of 4,704",)),
    answers_moved.line(12, exact=(0.1, 2.1)),
    BreakpointRow(Breakpoint(1, "when", condition="not isfinite(loss)"), 12, "loss is not there", "1 % of a step"),
    WatchRow(1, "conv1.bias.grad.norm()", "not yet", None, "not yet", 0.5),
    WatchSeries(1, "loss", 2, "main", 5, np.array([np.nan, 2.25], np.float32)),
    Notice("refused", "é", "words\n", "advice", ("a",), "trace", (Offer("go on", Command("forward")),)),
]


@pytest.mark.parametrize("value", EXAMPLES, ids=lambda value: type(value).__name__)
def test_each_value_comes_back_as_it_was(value: object) -> None:
    assert alike(pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL)), value)


@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
def test_every_kind_of_value_crosses_whatever_it_holds(kind: type) -> None:
    count = len(fields(kind))
    numbers, arrays = kind(*range(count)), kind(*(np.full(2, place, np.float32) for place in range(count)))
    for value in (numbers, arrays):
        assert alike(pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL)), value)


def test_every_value_is_frozen_and_slotted() -> None:
    for kind in TYPES.values():
        assert vars(kind)["__dataclass_params__"].frozen, kind
        assert "__slots__" in vars(kind), kind
        assert not kind.__dictoffset__, kind


def classes(union: object) -> set[object]:
    """Of which classes a union is, which may be written as text."""
    if isinstance(union, str):
        return {kind for name in union.split("|") for kind in classes(NAMES[name.strip()])}
    return set(get_args(union)) or {union}


def test_what_is_told_apart_by_its_base_is_in_the_union_that_names_it() -> None:
    def made_from(base: type) -> set[object]:
        return {kind for kind in TYPES.values() if issubclass(kind, base)}

    assert made_from(Answer) == classes(protocol.Reply)
    assert made_from(NewestOnly) < classes(protocol.Outgoing)
    assert made_from(Long) < classes(protocol.Control)
    assert classes(protocol.Incoming).isdisjoint(classes(protocol.Outgoing))
