"""Everything that can be pressed, as a table, and the QActions made from it. Where they are shown is not known here."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QIcon, QKeySequence, QPixmap

from lenet_gui.gui import theme
from lenet_gui.gui.window.preferences import Preferences
from lenet_gui.protocol import (
    PHASES,
    Advance,
    Back,
    Command,
    Evaluate,
    FindNotFinite,
    Frame,
    Incoming,
    Move,
    PrintRequest,
    RunBack,
    Seek,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One action. `allowed` is the word that `Frame.allowed` must hold (empty: always), `code` the PyTorch it runs.

    What has no `message` is done by the window itself.
    """

    name: str
    text: str
    tip: str
    message: Incoming | None = None
    allowed: str = ""
    code: str = ""
    keys: str = ""
    icon: str = ""


_FORWARD_ONE = Command.of("forward", sample=0)
_FORWARD_UNSQUEEZED = Command.of("forward", sample=0, unsqueeze=True)
_RETAIN = Command.of("backward", retain_graph=True)
_FROM_OUTPUT = Command.of("backward", of="output")

PHASE_ENTRIES = (
    Entry("zero_grad", "Zero grad", "Forget the gradients of the step before: backward adds to what is there",
          Command("zero_grad"), "zero_grad", "optimizer.zero_grad()", "Ctrl+1", "zero_grad"),
    Entry("forward", "Forward", "Send the batch through the network",
          Command("forward"), "forward", "output = net(input)", "Ctrl+2", "forward"),
    Entry("loss", "Loss", "Measure how far the output is from the target",
          Command("loss"), "loss", "loss = criterion(output, target)", "Ctrl+3", "loss"),
    Entry("backward", "Backward", "Send the gradient of the loss back through the graph to every parameter",
          Command("backward"), "backward", "loss.backward()", "Ctrl+4", "backward"),
    Entry("step", "Step", "Move every parameter against its gradient",
          Command("step"), "step", "optimizer.step()", "Ctrl+5", "step"),
    Entry("clip", "Clip", "Shorten gradients that are too long, as the parameters of the run say",
          Command("clip"), "clip", "torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm)", "Ctrl+6", "clip"),
    Entry("schedule", "Schedule", "Let the scheduler choose the next learning rate. One that judges by the loss is "
          "given the newest", Command("schedule"), "schedule", "scheduler.step()", "Ctrl+7", "schedule"),
)  # fmt: skip

VARIANT_ENTRIES = (
    Entry("next_batch", "Next batch", "Take the next batch of the data without training on this one",
          Command("next_batch"), "next_batch", "input, target = next(batches)", "Ctrl+B", "next_batch"),
    Entry("forward_sample", "One sample, without the batch dimension", "See what PyTorch says to a [1, 32, 32] input",
          _FORWARD_ONE, "forward", "output = net(input[0])"),
    Entry("forward_unsqueeze", "One sample, with unsqueeze(0)", "Make it a batch of one: [1, 1, 32, 32]",
          _FORWARD_UNSQUEEZED, "forward", "output = net(input[0].unsqueeze(0))"),
    Entry("backward_retain", "Keep the graph (retain_graph)", "Another backward through the same graph stays possible",
          _RETAIN, "backward", "loss.backward(retain_graph=True)", "Ctrl+Shift+4"),
    Entry("backward_output", "From the output, with random gradients", "Start at the output instead of at a loss",
          _FROM_OUTPUT, "backward", "output.backward(torch.randn_like(output))"),
)  # fmt: skip

MOVE_ENTRIES = (
    Entry("into", "Into", "One item on: an operation of a forward, a node of a backward, a parameter of a step",
          Move("into"), "advance", keys="F11", icon="into"),
    Entry("advance_phase", "Over", "Go on past the highlighted phase; inside of one, past the module's call that is "
          "next", Move("over"), "advance", keys="F10", icon="over"),
    Entry("out", "Out", "Go on to the end of the module's call or the phase that this stands in", Move("out"),
          "advance", keys="Shift+F11", icon="out"),
    Entry("advance_step", "Whole step", "Go on to the end of this training step", Advance("step"), "advance",
          keys="F8", icon="whole_step"),
)  # fmt: skip

RUN_ENTRIES = (
    Entry("run", "Run", "Train until paused, at the speed of the slider", allowed="run", keys="F5", icon="run"),
    Entry("pause", "Pause", "Stop after this step; on the way to another place, stay where you were",
          allowed="pause", keys="F6", icon="pause"),
    Entry("run_n", "Run N", "Train as many whole steps as the field beside it says", allowed="run",
          keys="Ctrl+R", icon="run_n"),
    Entry("evaluate", "Evaluate", "Measure the accuracy on the held-out test data. Training is not changed",
          Evaluate(), "evaluate", keys="Ctrl+E", icon="evaluate"),
    Entry("measure", "Measures", "Loss, confusion matrix, the worst mistakes and figures by class, at this place",
          allowed="evaluate", keys="Ctrl+M"),
    Entry("draw", "Draw a digit", "Draw one and see what the network makes of it", keys="Ctrl+Shift+D"),
    Entry("new_run", "New run", "Start over with new weights, from the settings as they are", allowed="new",
          keys="Ctrl+N", icon="new"),
)  # fmt: skip

STOP_ENTRIES = (
    Entry("break_here", "Break here", "Set or remove a breakpoint at the chosen operation, node or line", keys="F9"),
    Entry("watch_here", "Watch…", "Keep an eye on an expression", keys="Ctrl+W"),
    Entry("why_here", "Why this number?", "What a number is made of: a cell, a gradient, the loss",
          keys="Ctrl+Shift+W"),
    Entry("find_not_finite", "Where did it go wrong?", "Go to the first operation of the run at which something was "
          "not finite", FindNotFinite(), "find"),
)  # fmt: skip

BACK_ENTRIES = (
    Entry("back_step", "Step back", "Go back to the end of the training step before, to the bit; within a step to "
          "its beginning", Back("step"), "back", keys="Ctrl+Shift+F8", icon="back_step"),
    Entry("back_phase", "Over, back", "Undo the last phase, to the bit: every number is that of then; inside of one, "
          "the module's call before", Move("over", back=True), "back", keys="Ctrl+Shift+F10", icon="back_over"),
    Entry("back_into", "Into, back", "One item back", Move("into", back=True), "back", keys="Ctrl+Shift+F11"),
    Entry("back_out", "Out, back", "Back to the start of the module's call or the phase that this stands in",
          Move("out", back=True), "back", keys="Ctrl+F11"),
    Entry("run_back", "Run back", "Go back to where a breakpoint stops, or to the start", RunBack(), "back",
          keys="Ctrl+Shift+F5"),
)  # fmt: skip

GO_ENTRIES = (
    Entry("run_to", "Run to the chosen one", "Go to before the operation, the node or the line that is chosen, "
          "forwards or back", allowed="advance", keys="Ctrl+F10"),
    Entry("go_to", "Go to step…", "Choose a step or a bookmark, and see how long going there takes", allowed="seek",
          keys="Ctrl+G"),
    Entry("go_to_newest", "Back to the newest", "Go to the end of this branch", Seek(), "advance", keys="Ctrl+End"),
    Entry("add_bookmark", "Add bookmark…", "Remember this place, with a note", allowed="seek", keys="Ctrl+D",
          icon="bookmark"),
    Entry("budgets", "Room for checkpoints…", "How much memory and disk going back may take, and what it takes now"),
)  # fmt: skip

PRINT_ENTRIES = tuple(
    Entry(f"print_{what.replace('.', '_')}", code, tip, PrintRequest(what), "print", code, keys)
    for what, code, tip, keys in (
        ("model", "print(net)", "The network with its modules", "Ctrl+P"),
        ("parameters", "net.parameters()", "Every parameter in order, with its size", ""),
        ("input", "input", "The batch that the network is given", ""),
        ("output", "output", "What the last forward gave", ""),
        ("target", "target", "What the loss compares with", ""),
        ("loss", "loss", "The last loss", ""),
        ("grad_fn", "output.grad_fn", "The operation that made the output", ""),
        ("chain", "loss.grad_fn.next_functions", "The chain of operations behind the loss", ""),
        ("conv1.bias", "net.conv1.bias", "The six numbers that conv1 adds", ""),
        ("conv1.bias.grad", "net.conv1.bias.grad", "Their gradient: None until a backward has run", ""),
    )
)

FILE_ENTRIES = (
    Entry("open", "Open…", "Go on with a saved session, where it stood", keys="Ctrl+O"),
    Entry("open_model", "Open model…", "Train a model of your own, from a Python file", keys="Ctrl+Shift+O"),
    Entry("save", "Save", "Write the session with its journal and all of its branches into its file", keys="Ctrl+S"),
    Entry("save_as", "Save as…", "Write the session into another file", keys="Ctrl+Shift+S"),
    Entry("export_script", "Export as a script…", "Write what was done up to here as plain PyTorch that ends in the "
          "same bits", keys="Ctrl+Shift+E"),
    Entry("export_report", "Report of a fault…", "Write the session, its script and the versions into one file, for "
          "whoever is to find a fault"),
)  # fmt: skip

RESULT_ENTRIES = (
    Entry("load_weights", "Load weights…", "Take weights from a safetensors or .pt file into the model; going back "
          "undoes it", allowed="edit"),
    Entry("export_weights", "Weights…", "Write the state dict as safetensors or .pt"),
    Entry("export_onnx", "ONNX…", "Write the model, as it evaluates, for other programs to run"),
    Entry("export_tensorboard", "TensorBoard…", "Write scalars, histograms, images and the graph into a folder that "
          "TensorBoard reads"),
    Entry("export_csv", "Log as CSV…", "Write a row for every step: learning rate, loss, gradients, accuracy"),
    Entry("export_page", "Report of the run…", "Write one page of HTML: settings, curves, the model, the script"),
    Entry("export_panel", "Picture of a panel…", "Write a panel as PNG or SVG"),
    Entry("export_film", "Film of a panel…", "Write a panel over a range of steps as an animated GIF", allowed="seek"),
)  # fmt: skip

WINDOW_ENTRIES = (
    Entry("save_picture", "Save picture…", "Write a PNG of this window", keys="Ctrl+Shift+P", icon="export"),
    Entry("quit", "Quit", "End the program", keys="Ctrl+Q"),
    Entry("find", "Find a parameter", "Go to the search field of the model inspector", keys="Ctrl+F", icon="search"),
    Entry("reset_layout", "Reset layout", "Put the docks back where they were at first"),
    Entry("show_shortcuts", "Shortcuts…", "Every action with its keys, to look up and to change", keys="F1"),
    Entry("open_log", "Open the log folder", "Where errors and crashes are written down"),
    Entry("about", "About", "The versions of everything that runs here", icon="note"),
)

ENTRIES = (
    *PHASE_ENTRIES, *VARIANT_ENTRIES, *MOVE_ENTRIES, *RUN_ENTRIES, *STOP_ENTRIES, *BACK_ENTRIES, *GO_ENTRIES,
    *PRINT_ENTRIES, *FILE_ENTRIES, *RESULT_ENTRIES, *WINDOW_ENTRIES,
)  # fmt: skip

_TO_ZEROS = Command.of("zero_grad", set_to_none=False)


class Actions(QObject):
    """The QActions by name. What they send goes out through `asked`; what the window does itself through `chosen`."""

    asked = Signal(object)
    """A `Command`, `Control` or `Request` for the worker."""
    chosen = Signal(str)
    """The name of an action without a message of its own."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries = {entry.name: entry for entry in ENTRIES}
        self.by_name: dict[str, QAction] = {}
        self._allowed: tuple[str, ...] | None = None
        self._barred: tuple[tuple[str, str], ...] = ()
        self._undrawn = _undrawn()
        for entry in ENTRIES:
            self.by_name[entry.name] = self._make(entry)
        self.to_none = self._choice("grad_none", "Gradients become None", "optimizer.zero_grad(set_to_none=True)")
        self.to_zeros = self._choice("grad_zeros", "Gradients become zeros", "optimizer.zero_grad(set_to_none=False)")
        group = QActionGroup(self)
        group.addAction(self.to_none)
        group.addAction(self.to_zeros)
        self.to_none.setChecked(True)
        self.allow(())

    def __getitem__(self, name: str) -> QAction:
        return self.by_name[name]

    def allow(self, allowed: tuple[str, ...], barred: tuple[tuple[str, str], ...] = ()) -> None:
        """Enable what the frame says may be pressed, and nothing else. What is barred says why."""
        if (allowed, barred) == (self._allowed, self._barred):
            return
        explained, self._allowed, self._barred = barred != self._barred, allowed, barred
        why = dict(barred)
        for name, action in self.by_name.items():
            needed = self.entries[name].allowed
            action.setEnabled(name not in why and (not needed or needed in allowed))
            if explained:
                self._explain(name)

    def show_frame(self, frame: Frame) -> None:
        self.allow(frame.allowed, frame.barred)

    def _explain(self, name: str) -> None:
        """The tip, and why it cannot be pressed, where it never can be."""
        entry, action, why = self.entries[name], self.by_name[name], dict(self._barred)
        reason = why.get(name) or why.get(entry.allowed, "")
        action.setToolTip(_tip(entry, action.shortcut()) + (f"<br><i>{reason}</i>" if reason else ""))

    def set_keys(self, name: str, keys: QKeySequence) -> None:
        action = self.by_name[name]
        action.setShortcut(keys)
        self._explain(name)
        action.setStatusTip("")

    def recall_keys(self, preferences: Preferences) -> None:
        """Give each action the keys that were chosen for it, or its own."""
        for name, entry in self.entries.items():
            self.set_keys(name, QKeySequence(preferences.text(f"keys/{name}", entry.keys)))

    def dress(self) -> None:
        """Draw the icons in the colours of now."""
        for name, action in self.by_name.items():
            picture = self.entries[name].icon
            if picture:
                action.setIcon(theme.icon(picture))

    def _make(self, entry: Entry) -> QAction:
        number = f"{PHASES.index(entry.name) + 1} " if entry.name in PHASES else ""
        action = QAction(number + entry.text, self)
        action.setObjectName(entry.name)
        action.triggered.connect(lambda: self._triggered(entry))
        if entry.icon:
            action.setIcon(self._undrawn)
        self.by_name[entry.name] = action
        self.set_keys(entry.name, QKeySequence(entry.keys))
        return action

    def _choice(self, name: str, text: str, code: str) -> QAction:
        action = QAction(text, self)
        action.setObjectName(name)
        action.setCheckable(True)
        action.setToolTip(f"<code>{code}</code><br>What the Zero grad button does from now on")
        return action

    def _triggered(self, entry: Entry) -> None:
        if entry.message is None:
            self.chosen.emit(entry.name)
        elif entry.name == "zero_grad" and self.to_zeros.isChecked():
            self.asked.emit(_TO_ZEROS)
        else:
            self.asked.emit(entry.message)


def _undrawn() -> QIcon:
    """Keeps the place of a picture: drawing them all would delay the window's first paint."""
    nothing = QPixmap(40, 40)
    nothing.fill(Qt.GlobalColor.transparent)
    return QIcon(nothing)


def _tip(entry: Entry, keys: QKeySequence) -> str:
    native = keys.toString(QKeySequence.SequenceFormat.NativeText)
    code = f"<code>{entry.code}</code><br>" if entry.code else ""
    return f"{code}{entry.tip}{f' ({native})' if native else ''}"
