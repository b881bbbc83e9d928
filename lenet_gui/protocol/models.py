"""Models: what there is to choose from, and opening one's own `.py` file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from lenet_gui.protocol.choices import Option
from lenet_gui.protocol.kinds import Answer, Long
from lenet_gui.settings import Options

INPUT = "input"
"""The model's option that is none of its constructor's: the shape that its images are brought into, as `3x64x64`."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """An entry of the list of models: the value that settings hold, and what one may choose of its constructor."""

    name: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class ModelChoices(Answer):
    """What there is to choose from, told once at the start."""

    models: tuple[ModelChoice, ...]


@dataclass(frozen=True, slots=True)
class OpenModel(Long):
    """Open a model of one's own: try it out apart, and start a new run with it, or with `reload` go on in this one.

    `name` is its class, empty where there is one only. `allowed` is the SHA-256 of the source that the person has seen
    the warning about, `options` are what was chosen of its constructor, `model_…` in front of each name.
    """

    path: str
    name: str = ""
    allowed: str = ""
    options: Options = ()
    reload: bool = False


@dataclass(frozen=True, slots=True)
class RunItsCode(Long):
    """Allow the code of these sources, by their SHA-256, and go on with the session that was opened without it."""

    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeaveIt:
    """Go back from a session that was opened without its code to the one before."""


@dataclass(frozen=True, slots=True)
class ModelQuestion(Answer):
    """What has to be known before a file can be opened; the answer is its `about` with more in it.

    `what` is `allow` (its code runs: may it?), `class` (one of `classes`), `arguments` (the `wanted` ones have no
    default, and each kind may be empty) or `shape` (its forward refused images of the shape `shape`). `words` say why,
    and `code` is what would run.
    """

    what: str
    about: OpenModel
    source: str
    words: str = ""
    classes: tuple[str, ...] = ()
    wanted: tuple[Option, ...] = ()
    shape: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class WithoutCode(Answer):
    """The session of this `run` is shown without its model: `sources`, by their SHA-256, have not run. `words` say so
    and what it means, `code` is their text."""

    run: int
    sources: tuple[str, ...]
    words: str
    code: str


@dataclass(frozen=True, slots=True)
class ModelInUse(Answer):
    """An own model of the session, as its settings name it, and the file that it came from: where that is not known,
    `path` is empty. `file` is the file's name,
    `options` what one may choose of its constructor."""

    model: str
    path: str
    file: str
    options: tuple[Option, ...] = ()


ModelAnswer: TypeAlias = ModelChoices | ModelQuestion | WithoutCode | ModelInUse
ModelControl: TypeAlias = OpenModel | RunItsCode | LeaveIt
