"""Every value that crosses between the window and the worker, and nothing else: a module for each thing they are about.

All of them are frozen and plain: numbers, strings, tuples, and read-only NumPy arrays that are copies. Nothing here
imports torch, Qt or NumPy, and nothing here does anything: how values cross is in `channel` and `wire`.

Into the worker go a `Command` (changes the training state, is journaled), a `Control` (steers the runner)
or a `Request` (asks a question). Out of it come series, console lines and notices (lossless) and frames, progress and
most replies (`NewestOnly`).

What the whole window needs is imported from here. What some panels need is imported from its own module, and only when
they are: `trace`, `stops`, `tensors`, `why`, `moved`, `diagnoses`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from lenet_gui.protocol.budget import Budget, BudgetReply, BudgetRequest, SetBudget
from lenet_gui.protocol.choices import Choice, Device, OptimizerChoice, Option, PartChoice, Ready, TrainingChoices
from lenet_gui.protocol.commands import (
    CYCLE,
    EVERY_PHASE,
    PHASES,
    SETTABLE,
    Command,
    cycle_of,
    each_step,
    phase_after,
    phases_of,
)
from lenet_gui.protocol.console import Line, PrintRequest
from lenet_gui.protocol.controls import Advance, Control, Evaluate, NewRun, Painted, Pause, RecoverOnCpu, Run, SetRate
from lenet_gui.protocol.curves import Accuracy, Series, WatchSeries
from lenet_gui.protocol.files import ExportReport, ExportScript, ForgetSession, OpenSession, RecoverSession, SaveSession
from lenet_gui.protocol.frame import BatchView, Frame, ModuleRow, ParameterRow
from lenet_gui.protocol.inspector import Kept, TensorReply, TensorRequest, UpdateReply, UpdateRequest
from lenet_gui.protocol.kinds import Answer, Long, NewestOnly
from lenet_gui.protocol.notices import Notice, Offer, Progress
from lenet_gui.protocol.race import Distance, RaceReport, StartRace
from lenet_gui.protocol.travel import (
    AddBookmark,
    Back,
    BookmarkRow,
    BranchRow,
    DropBookmark,
    FindNotFinite,
    Move,
    Place,
    RenameBranch,
    RunBack,
    RunTo,
    Seek,
    SeekReply,
    SeekRequest,
)

if TYPE_CHECKING:
    from lenet_gui.protocol.compare import CompareReply, CompareRequest
    from lenet_gui.protocol.data import DataAnswer
    from lenet_gui.protocol.diagnoses import CloserReply, DiagnosesReply, DiagnosesRequest
    from lenet_gui.protocol.drawing import DrawingReply, DrawingRequest
    from lenet_gui.protocol.measures import MeasuresAnswer, Measuring
    from lenet_gui.protocol.models import ModelAnswer
    from lenet_gui.protocol.moved import MovedAnswer, MovedQuestion
    from lenet_gui.protocol.rate_range import RangeReport
    from lenet_gui.protocol.tensors import Look, LookAnswer
    from lenet_gui.protocol.trace import TraceReply, TraceRequest
    from lenet_gui.protocol.why import WhyReply, WhyRequest

__all__ = [
    "CYCLE",
    "EVERY_PHASE",
    "PHASES",
    "SETTABLE",
    "Accuracy",
    "AddBookmark",
    "Advance",
    "Answer",
    "Back",
    "BatchView",
    "BookmarkRow",
    "BranchRow",
    "Budget",
    "BudgetReply",
    "BudgetRequest",
    "Choice",
    "Command",
    "Control",
    "Device",
    "Distance",
    "DropBookmark",
    "Evaluate",
    "ExportReport",
    "ExportScript",
    "FindNotFinite",
    "ForgetSession",
    "Frame",
    "Incoming",
    "Kept",
    "Line",
    "Long",
    "ModuleRow",
    "Move",
    "NewRun",
    "NewestOnly",
    "Notice",
    "Offer",
    "OpenSession",
    "OptimizerChoice",
    "Option",
    "Outgoing",
    "Painted",
    "ParameterRow",
    "PartChoice",
    "Pause",
    "Place",
    "PrintRequest",
    "Progress",
    "RaceReport",
    "Ready",
    "RecoverOnCpu",
    "RecoverSession",
    "RenameBranch",
    "Reply",
    "Request",
    "Run",
    "RunBack",
    "RunTo",
    "SaveSession",
    "Seek",
    "SeekReply",
    "SeekRequest",
    "Series",
    "SetBudget",
    "SetRate",
    "StartRace",
    "TensorReply",
    "TensorRequest",
    "TrainingChoices",
    "UpdateReply",
    "UpdateRequest",
    "WatchSeries",
    "cycle_of",
    "each_step",
    "phase_after",
    "phases_of",
]

# As text, so that it imports nothing: the first paint does not wait for what is asked and answered later.
Request: TypeAlias = """
    TensorRequest | UpdateRequest | PrintRequest | SeekRequest | BudgetRequest
    | TraceRequest | Look | WhyRequest | MovedQuestion | DiagnosesRequest | Measuring | DrawingRequest
    | CompareRequest
"""
Incoming: TypeAlias = "Command | Control | Request"
Reply: TypeAlias = """
    TensorReply | UpdateReply | SeekReply | BudgetReply
    | TraceReply | LookAnswer | WhyReply | MovedAnswer | DiagnosesReply | CloserReply | RangeReport | DataAnswer
    | MeasuresAnswer | DrawingReply | ModelAnswer | CompareReply
"""
Outgoing: TypeAlias = (
    "Ready | TrainingChoices | Frame | Reply | Line | Series | Accuracy | Progress | Notice | RaceReport | WatchSeries"
)
