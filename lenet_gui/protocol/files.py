"""Controls that write and read files: sessions, scripts, reports."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.protocol.kinds import Long


@dataclass(frozen=True, slots=True)
class SaveSession:
    """Write the session, with its journal and all of its branches, into a file."""

    path: str


@dataclass(frozen=True, slots=True)
class OpenSession(Long):
    """Go on with the session in a file. Unless it must be `exact`, other bits than those recorded are accepted."""

    path: str
    exact: bool = True


@dataclass(frozen=True, slots=True)
class RecoverSession(Long):
    """Go on with a session that was not closed; `folder` is where its journal lies."""

    folder: str
    exact: bool = True


@dataclass(frozen=True, slots=True)
class ForgetSession:
    """Remove a session that was not closed."""

    folder: str


@dataclass(frozen=True, slots=True)
class ExportScript:
    """Write what was done up to here as a plain PyTorch script."""

    path: str


@dataclass(frozen=True, slots=True)
class ExportReport:
    """Write what somebody needs who is to find a fault: the session, its script and the versions, as a zip."""

    path: str
