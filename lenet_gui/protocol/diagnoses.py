"""What is wrong with a training: at this place, and looked at more closely."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.protocol.kinds import Answer, Long, NewestOnly

# ------------------------------------------------------------------------------------------------- into the worker


@dataclass(frozen=True, slots=True)
class LookCloser(Long):
    """Look for what takes seconds, on copies of the run: a step that overshoots, overfitting, where NaN began."""

    id: int


@dataclass(frozen=True, slots=True)
class DiagnosesRequest:
    """What is wrong at this place? With `log_only` only what the step log tells, which a run is asked for."""

    id: int
    log_only: bool = False


# ----------------------------------------------------------------------------------------------- out of the worker


@dataclass(frozen=True, slots=True)
class Show:
    """Where to look: the place behind so many commands and items of the branch (`None`: here), and a tensor there.

    `part` is its `"value"` or `"grad"`, or what the last step did to it (`"update"`); an empty `tensor` is none.
    """

    commands: int | None = None
    item: int = 0
    tensor: str = ""
    part: str = "value"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that is wrong, or (`severity` `"note"`) that may be meant so; else it is `"problem"`.

    `evidence` has the numbers in a sentence, `rows` as (label, value); `cause` says in plain words where it comes
    from, `code` is the line of PyTorch to change, as it should be, `show` where to look (`None`: there is no place).
    """

    kind: str
    title: str
    evidence: str
    rows: tuple[tuple[str, str], ...]
    cause: str
    code: str
    show: Show | None = None
    severity: str = "problem"


@dataclass(frozen=True, slots=True)
class DiagnosesReply(Answer, NewestOnly):
    """What is wrong behind so many commands and items of a branch, at `step`; and what was `looked_at`, found or not.

    `unseen` says in words what could not be looked at, and why; else it is empty. `log_only` is the request's.
    """

    id: int
    branch: str
    commands: int
    item: int
    step: int
    diagnoses: tuple[Diagnosis, ...]
    looked_at: tuple[str, ...]
    unseen: str = ""
    log_only: bool = False


@dataclass(frozen=True, slots=True)
class CloserReply(Answer):
    """The same of `LookCloser`. `cancelled`: it was ended before it had looked at everything."""

    id: int
    branch: str
    commands: int
    item: int
    step: int
    diagnoses: tuple[Diagnosis, ...]
    looked_at: tuple[str, ...]
    unseen: str = ""
    cancelled: bool = False
