"""What came of trying a model out: a plain value that crosses from the process of the trial, and its words."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import Any

from lenet_gui.protocol import Option
from lenet_gui.settings import Value

PLACES = {"import": "it is imported", "init": "{name} is made", "forward": "{name} goes forward"}


@dataclass(slots=True)
class Outcome:
    """`how` is `fits`; `class`, `arguments` or `shape` where something has to be known first; or how it failed:
    `raised`, `exited`, `missing` (a module), `unfit` (what came out), `late`, `crashed`, `cancelled`.

    `stage` is where: `import`, `init` or `forward`. `words` are Python's own, `line` is of the file called `file`, with
    its `text`.
    """

    how: str
    stage: str = "import"
    words: str = ""
    file: str = ""
    line: int = 0
    text: str = ""
    name: str = ""
    classes: list[str] = field(default_factory=list)
    wanted: list[tuple[str, str]] = field(default_factory=list)
    """Arguments without a default, with the kind of each."""
    beside: list[str] = field(default_factory=list)
    """Modules that it imported from its folder."""
    operations: list[str] = field(default_factory=list)
    """Those of the forward, up to the one that failed, with the shapes that came out."""
    given: dict[str, Value] = field(default_factory=dict)
    """The arguments that it was made with, without those that the data told."""
    seconds: float = 0.0
    printed: str = ""

    @property
    def options(self) -> tuple[Option, ...]:
        return tuple(Option(name, kind, None) for name, kind in self.wanted)

    def sentence(self, file: str) -> str:
        """What happened to the model in `file`, and what to do, in one sentence."""
        where = self._where(file)
        match self.how:
            case "raised" if self.stage == "forward":
                return f"{self.name} in {file} refuses to go forward{where}: {self.words}."
            case "raised":
                return f"{file} cannot be opened, because {self._while} it raises {self.words}{where}."
            case "missing":
                return (
                    f"{file} needs the module {self.words}, which is not there{where}: install it into the Python that "
                    f"runs this program, or put {self.words.partition('.')[0]}.py beside {file}."
                )
            case "exited":
                return f"{file} cannot be opened, because {self._while} it ends the program{where}: take that out."
            case "late":
                return f"{file} was stopped: {self._while} it is not done after {self.seconds:g} s{where}."
            case "crashed":
                return f"{file} cannot be opened, because {self._while} it {self.words}{where}."
            case "unfit" if not self.name:
                return f"{file} is no model: {self.words}."
            case "unfit":
                return f"{self.name} in {file} cannot be trained here: {self.words}."
            case _:
                return f"{file} was not opened: it was cancelled."

    @property
    def _while(self) -> str:
        return f"while {PLACES[self.stage].format(name=self.name)}"

    def _where(self, file: str) -> str:
        if not self.line:
            return ""
        other = "" if self.file in ("", file) else f" of {self.file}"
        return f" in line {self.line}{other}{f' ({self.text})' if self.text else ''}"


def of_exit(code: int | None) -> str:
    """How a process ended that gave no outcome, as a part of a sentence."""
    if code is not None and code < 0:
        known = {number.value: number.name for number in signal.Signals}
        if -code == getattr(signal, "SIGKILL", 9):
            return "was killed by the system, most likely for want of memory"
        return f"crashes Python itself ({known.get(-code, f'signal {-code}')})"
    return f"ends the process by itself (exit code {code})"


def plain(outcome: Outcome) -> dict[str, Any]:
    """As JSON has it."""
    return {name: getattr(outcome, name) for name in Outcome.__slots__}


def read(value: dict[str, Any]) -> Outcome:
    """What `plain` gave. Raises TypeError for anything else."""
    return Outcome(**value)
