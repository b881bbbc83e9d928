"""What the console asks for and shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lenet_gui.protocol.travel import Place


@dataclass(frozen=True, slots=True)
class PrintRequest:
    """Print something into the console, as PyTorch prints it.

    `what` is one of: `model`, `parameters`, `input`, `output`, `target`, `grad_fn`, `loss`, `chain`,
    or a tensor's name such as `conv1.bias` or `conv1.bias.grad`.
    """

    what: str


@dataclass(frozen=True, slots=True)
class Line:
    """A console line. `kind` is `command`, `question`, `note` or `error`; `code` is PyTorch, `result` as printed.

    `place` is where a command led to; where one has gone back before it, it is of another time.
    """

    kind: str
    code: str
    result: str
    place: Place | None = None
