"""The words of a tensor's view: why there is nothing to see, what it is called, and the labels that say so."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QSizePolicy

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.elided import Elided
from lenet_gui.protocol import Frame
from lenet_gui.protocol.tensors import LookReply, Which

NO_GRADIENT = "None: no backward has reached it yet."
NOT_YET = "Not computed yet at this place."
NOT_MOVED = "This step has not moved it yet."
NO_UPDATE = "No step has been taken yet: nothing has moved this parameter."
MISSING = {
    "none": NO_GRADIENT,
    "not yet": NOT_YET,
    "not moved": NOT_MOVED,
    "no update": NO_UPDATE,
    "running": "Running: it comes at the next stop.",
    "pin": "What was pinned was of another run: unpin it, and pin another.",
    "shapes": "The two have unlike shapes: there is no difference to show.",
}
ONLY_NOW = "A pinned tensor stays as it was: follow it to see it over the steps."


def whole_name(which: Which) -> str:
    """As PyTorch has it: `conv1.weight.grad`."""
    return {"grad": f"{which.name}.grad", "update": f"{which.name} (update)"}.get(which.part, which.name)


def name_of(which: Which | None, minus: Which | None) -> str:
    """What is seen, or the difference of what is seen; empty for nothing."""
    words = whole_name(which) if which is not None else ""
    return f"{words} − {whole_name(minus)}" if minus is not None else words


def heading(reply: LookReply, which: Which | None, minus: Which | None) -> str:
    shape = f"  [{', '.join(map(str, reply.shape))}]" if reply.shape or reply.summary else ""
    dtype = f" {reply.dtype}" if reply.dtype not in ("", "float32") else ""
    return f"{name_of(which, minus)}{shape}{dtype}"


def below_heading(reply: LookReply) -> str:
    """The place that it is of, where that is another one than that of all else; the rule of an update."""
    of = f"as of {reply.where}" if reply.view.tensor.pinned and not reply.missing else ""
    return "  ".join(filter(None, [of, reply.formula]))


def step_of(reply: LookReply, frame: Frame) -> int:
    """The step that these numbers are of, counted from 1: gradients and activations are of the one under way."""
    under_way = reply.kind in ("gradient", "activation", "input") and frame.next != "zero_grad"
    return frame.step + under_way


def is_batched(reply: LookReply, frame: Frame | None) -> bool:
    """Whether its first dimension counts the samples of the batch."""
    own = {row.name for row in frame.parameters} if frame is not None else set[str]()
    return reply.kind in ("activation", "input") or (
        reply.kind in ("gradient", "difference") and reply.view.tensor.name not in own
    )


def label_of(name: str, says: str) -> Elided:
    label = Elided(" ")
    label.setObjectName(name)
    label.setAccessibleName(says)
    label.setFont(theme.mono())
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    # Long words are cut off instead of making the whole dock wider while numbers change.
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def words_of(name: str, says: str) -> QLabel:
    label = QLabel(" ")
    label.setObjectName(name)
    label.setAccessibleName(says)
    label.setToolTip(says)
    label.setFont(theme.mono())
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def printed_of() -> QPlainTextEdit:
    printed = QPlainTextEdit()
    printed.setReadOnly(True)
    printed.setFont(theme.mono())
    printed.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    printed.setObjectName("tensor_printed")
    printed.setAccessibleName("The tensor as PyTorch prints it")
    printed.setToolTip("print(tensor): four digits, and the middle left out where there are many numbers")
    return printed
