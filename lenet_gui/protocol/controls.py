"""What steers the worker: stepping, running, pausing, a new run, a measurement.

Controls that are about something else, such as a file or a breakpoint, stand with that; `Control` is all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from lenet_gui.protocol.kinds import Long
from lenet_gui.settings import Settings

if TYPE_CHECKING:
    from lenet_gui.protocol.budget import SetBudget
    from lenet_gui.protocol.data import DataControl
    from lenet_gui.protocol.diagnoses import LookCloser
    from lenet_gui.protocol.drawing import PutDrawing
    from lenet_gui.protocol.files import (
        ExportReport,
        ExportScript,
        ForgetSession,
        OpenSession,
        RecoverSession,
        SaveSession,
    )
    from lenet_gui.protocol.measures import Measure, MeasureEpochs
    from lenet_gui.protocol.models import ModelControl
    from lenet_gui.protocol.race import StartRace
    from lenet_gui.protocol.rate_range import StartRangeTest
    from lenet_gui.protocol.results import ExportRun, LoadWeights
    from lenet_gui.protocol.stops import DropBreakpoint, DropWatch, PlotWatch, SetBreakpoint, SetWatch
    from lenet_gui.protocol.tensors import PlotHistograms
    from lenet_gui.protocol.travel import (
        AddBookmark,
        Back,
        DropBookmark,
        FindNotFinite,
        Move,
        RenameBranch,
        RunBack,
        RunTo,
        Seek,
    )


@dataclass(frozen=True, slots=True)
class Advance:
    """Go one `"phase"` of the cycle on, or one whole `"step"` (to the end of the cycle's next step phase)."""

    unit: str


@dataclass(frozen=True, slots=True)
class Run(Long):
    """Run `steps` whole steps (`None`: until paused), at `rate` phases a second (`None`: unlimited)."""

    steps: int | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class SetRate:
    """Change the speed of the run that is going on, in phases a second (`None`: unlimited)."""

    rate: float | None


@dataclass(frozen=True, slots=True)
class NewRun:
    """Start over from these settings; the run before is dropped."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Measure the test accuracy now. Changes nothing of the training state."""


@dataclass(frozen=True, slots=True)
class RecoverOnCpu(Long):
    """Replay the journal on the CPU, after a device failed. The run is marked approximate."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop what is running or replaying, within 100 ms: it takes effect while the worker is busy."""


@dataclass(frozen=True, slots=True)
class Painted:
    """What was delivered has been painted: a run may show itself again."""


# As text, so that it imports nothing: the first paint does not wait for what is asked and answered later.
Control: TypeAlias = """
    Advance | Run | SetRate | NewRun | Evaluate | RecoverOnCpu | Pause | Painted
    | Back | Seek | RenameBranch | AddBookmark | DropBookmark | Move | RunTo | RunBack | FindNotFinite
    | SetBreakpoint | DropBreakpoint | SetWatch | DropWatch | PlotWatch
    | SaveSession | OpenSession | RecoverSession | ForgetSession | ExportScript | ExportReport
    | SetBudget | StartRangeTest | StartRace | PlotHistograms | LookCloser | DataControl
    | Measure | MeasureEpochs | PutDrawing | ModelControl | ExportRun | LoadWeights
"""
