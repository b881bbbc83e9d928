"""A journal told again as lines of PyTorch: what each command came to, batches and targets included.

It follows the rules by which `commands` takes batches and makes targets, without the numbers: it computes nothing.
What stands around these lines in a script is in `script`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lenet_gui.engine.choices.losses import nature
from lenet_gui.engine.choices.optimizers import takes_closure
from lenet_gui.engine.choices.setting_lines import closure_lines, optimizer_line
from lenet_gui.engine.data import Cursor, Images
from lenet_gui.engine.drawing.images import file_of
from lenet_gui.engine.export.data import generator_name
from lenet_gui.engine.journal import Block, Entry
from lenet_gui.engine.printing import code_of
from lenet_gui.engine.results.loading import file_of as weights_file
from lenet_gui.protocol import Command
from lenet_gui.settings import SETTING_NAMES, Value, owner_of

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

MADE = {
    "classes": "{0}",
    "values": "F.one_hot({0}, output.shape[-1]).to(output.dtype)",
    "probabilities": "F.one_hot({0}, output.shape[-1]).to(output.dtype)",
    "signs": "2 * F.one_hot({0}, output.shape[-1]).to(output.dtype) - 1",
    "lists": "F.pad({0}.unsqueeze(-1), (0, output.shape[-1] - 1), value=-1)",
}
"""By the kind of a loss's target how it is made of labels,"""
DRAWN = {
    "classes": "torch.randint(output.shape[-1], output.shape[:-1])",
    "values": "torch.randn(output.shape)",
    "probabilities": "torch.rand(output.shape)",
    "signs": "(2.0 * torch.randint(2, output.shape) - 1)",
    "lists": MADE["lists"].format("torch.randint(output.shape[-1], output.shape[:-1])"),
}
"""and how it is drawn without any."""

Shape = tuple[str, int]
"""What is known of an output's shape: a "batch" of so many samples, or something that only the model could tell."""


class Retold:
    """Is given a session's entries in their order. `labels` is what its lines call the labels of a batch."""

    def __init__(self, session: Session) -> None:
        every = tuple(commands_in(session.journal.entries))
        self.settings = session.journal.settings
        self._source, self._net = session.source, session.model
        self._labelled = isinstance(session.source, Images)
        self._generator = generator_name(session)
        arguments = {pair for command in every for pair in command.arguments}
        # Where nothing else is ever made of them, the labels are the target.
        others = any(name in ("sample", "unsqueeze") for name, _ in arguments)
        taken = {self.settings.loss, *(str(value) for name, value in arguments if name == "loss")}
        only_labels = self._labelled and not others and {nature(name).kind for name in taken} == {"classes"}
        self.labels = "target" if only_labels else "labels"
        on_the_cpu = {self.settings.device, *(value for name, value in arguments if name == "device")} == {"cpu"}
        self.to_device = "" if on_the_cpu else ".to(device)"
        # As in the session, from here to `output`: there a tensor, here its shape.
        self._cursor = Cursor()
        self._size = self._samples()
        self._due = ""
        self._target: tuple[str, Shape | None] | None = None
        self._forwarded: tuple[int | None, bool] = (None, False)
        self._output: Shape | None = None
        # The batch in hand is told no sooner than something needs it, so that a loop can begin with it.
        self._untold, self._has_input = True, False
        # What the script's `batches` have next, and how many samples at once.
        self._batches: tuple[Cursor, int] | None = None
        self._advances = 0
        # What an optimizer that takes the loss again was given last.
        self._closure = self._closure_now()

    def entry(self, entry: Entry) -> list[str]:
        """The lines of an entry; of many steps, a loop."""
        return self._block(entry) if isinstance(entry, Block) else self._command(entry)

    def rest(self) -> list[str]:
        """The batch in hand, where nothing has needed it."""
        return self._batch()

    # ------------------------------------------------------------------------------------------------- commands

    def _command(self, command: Command) -> list[str]:
        arguments: dict[str, Any] = dict(command.arguments)
        lines: list[str] = []
        if command.name == "set":
            return self._set(arguments)
        if command.name == "next_batch":
            self._due = "advance"
            return self._load()
        if command.name == "put":
            return self._put(**arguments)
        if command.name == "load_weights":
            file = f'Path(__file__).with_name("{weights_file(arguments["values"])}")'
            return [f"net.load_state_dict(torch.load({file}, weights_only=True), strict=False)"]
        if command.name == "forward":
            lines = self._forward(**arguments)
        elif command.name == "loss":
            lines = self._loss()
        elif command.name == "backward":
            lines = self._batch()  # it may draw, and the batch was drawn first
        elif command.name == "step":
            self._due = "advance"
            if self._closure != (closure := self._closure_now()):
                lines, self._closure = closure, closure
        code = code_of(command, self.settings, self._net)
        return [*lines, code.replace("randn(output.shape)", f"randn(output.shape){self.to_device}")]

    def _forward(self, sample: int | None = None, unsqueeze: bool = False) -> list[str]:
        lines = self._load() if self._due else []
        if self._labelled and self._forwarded != (sample, unsqueeze):
            self._target = None
        self._forwarded = sample, unsqueeze
        if sample is None:
            self._output = ("unsqueezed" if unsqueeze else "batch", self._size)
        else:
            self._output = ("batch", 1) if unsqueeze else ("sample", 1)
        return [*lines, *self._batch()]

    def _put(self, image: str, label: int | None = None, at: int = 0) -> list[str]:
        lines = [*(self._load() if self._due else []), *self._batch()]
        self._target, self._forwarded = None, (None, False)
        held = ["input"] if label is None else ["input", self.labels]
        # Copies: the graph of a forward may need what it was given.
        lines += [f"{name} = {name}.clone()" for name in held]
        lines.append(f'input[{at}] = torch.from_numpy(np.load(Path(__file__).with_name("{file_of(image)}")))')
        return lines if label is None else [*lines, f"{self.labels}[{at}] = {label}"]

    def _loss(self) -> list[str]:
        lines, before, kind = self._batch(), self._target, (self.settings.loss, self._output)
        if kind == before or self.labels == "target":
            return lines
        self._target = kind
        line = f"target = {self._new_target()}"
        if before is None or before[0] != kind[0] or {_what(before[1]), _what(kind[1])} == {"batch"}:
            return [*lines, line]
        # The same target goes on where the output has the shape of the one before, which only running it tells.
        shape = "output.shape[:-1]" if nature(kind[0]).kind == "classes" else "output.shape"
        return [*lines, f"if target.shape != {shape}:", f"    {line}"]

    def _new_target(self) -> str:
        kind = nature(self.settings.loss).kind
        if not self._labelled:
            return f"{DRAWN[kind]}{self.to_device}"
        sample, unsqueeze = self._forwarded
        labels = f"labels{'' if sample is None else f'[{sample}]'}{'.unsqueeze(0)' if unsqueeze else ''}"
        return MADE[kind].format(labels)

    def _closure_now(self) -> list[str]:
        """Its lines; empty for an optimizer that needs none."""
        sample, unsqueeze = self._forwarded
        chosen = f"{'' if sample is None else f'[{sample}]'}{'.unsqueeze(0)' if unsqueeze else ''}"
        return closure_lines(self.settings, chosen) if takes_closure(self.settings.optimizer) else []

    def _set(self, changes: dict[str, Value]) -> list[str]:
        before, now = self.settings, self.settings.change(**changes)
        resized, lines = now.batch_size != before.batch_size, []
        if resized:
            # Images that nothing has seen and nothing will need not be told; random numbers were drawn all the same.
            self._untold = self._untold and not (self._labelled and self._output is None)
            lines = self._batch()
        self.settings = now
        others = {name: value for name, value in changes.items() if name not in ("batch_size", "device")}
        if others:
            lines += code_of(Command.of("set", **others), now).split("\n")
            if {"optimizer", "clip"} & {owner_of(name) if name not in SETTING_NAMES else name for name in others}:
                self._closure = closure_lines(now) if takes_closure(now.optimizer) else []
        if resized:
            lines.append(f"batch_size = {now.batch_size}")
            self._due = self._due or "reload"
        return lines if now.device == before.device else [*lines, *self._move()]

    def _move(self) -> list[str]:
        device, targets = self.settings.device, {"target"} if self._target else set[str]()
        held = ["input", *sorted(targets | ({self.labels} if self._labelled else set()))] if self._has_input else []
        seeded = {"cuda": ["torch.cuda.manual_seed_all(seed)"], "mps": ["torch.mps.manual_seed(seed)"]}
        self._output, self._forwarded = None, (None, False)
        return [
            f"device = {device!r}",
            "net.to(device)",
            "state = optimizer.state_dict()",
            optimizer_line(self.settings),
            "optimizer.load_state_dict(state)  # which brings it to the device",
            *(["scheduler.optimizer = optimizer"] if self.settings.scheduler else []),
            *seeded.get(device.partition(":")[0], []),
            *(f"{name} = {name}.to(device)" for name in held),
        ]

    # -------------------------------------------------------------------------------------------------- batches

    def _load(self) -> list[str]:
        lines = self._batch()
        if self._due == "advance":
            self._cursor = self._source.after(self._cursor, self._size)
            self._advances += 1
        self._due, self._forwarded = "", (None, False)
        if not self._labelled and not self.settings.redraw and self._size == self.settings.batch_size:
            return lines
        self._size, self._untold, self._target = self._samples(), True, None
        return lines

    def _batch(self) -> list[str]:
        """The batch in hand, unless it is told already."""
        if not self._untold:
            return []
        lines = [*self._place(), self._take]
        self._untold, self._has_input = False, True
        self._batches = self._upcoming()
        return lines

    @property
    def _take(self) -> str:
        if self._labelled:
            return f"input, {self.labels} = next(batches)"
        return f"input = torch.randn(batch_size, 1, 32, 32){self.to_device}"

    def _place(self) -> list[str]:
        """Where the script's batches do not come to the next one on their own: from which place on they are."""
        if not self._labelled or self._batches == self._upcoming():
            return []
        self._batches = cursor, _ = self._upcoming()
        place = "".join(f", {name}={at}" for name, at in (("epoch", cursor.epoch), ("start", cursor.offset)) if at)
        return [f"batches = {self._generator}(batch_size{place})"]

    def _upcoming(self) -> tuple[Cursor, int]:
        here = self._untold or self._due == "reload"
        return self._cursor if here else self._source.after(self._cursor, self._size), self.settings.batch_size

    def _samples(self) -> int:
        size, wanted = self._source.size, self.settings.batch_size
        return wanted if size is None else min(wanted, size - self._cursor.offset)

    # ---------------------------------------------------------------------------------------------------- loops

    def _block(self, block: Block) -> list[str]:
        lines, left = self._place(), block.n
        loops: list[tuple[list[str], int]] = []
        while left:
            state, advances = self._state(), self._advances
            body = [line for command in block.cycle for line in self._command(command)]
            left -= 1
            if not loops or loops[-1][0] != body:
                loops.append((body, 1))
                continue
            times = loops.pop()[1] + 1
            if state == self._state() and not any(command.name == "set" for command in block.cycle):
                # It is the same from here on, however often.
                self._skip(left * (self._advances - advances))
                times, left = times + left, 0
            loops.append((body, times))
        return [*lines, *(line for body, times in loops for line in self._loop(body, times))]

    def _loop(self, body: list[str], times: int) -> list[str]:
        if times == 1 or not body:
            return body
        first = next((index for index, line in enumerate(body) if not line.startswith("optimizer.zero_grad(")), 0)
        head = f"for _ in range({times}):"
        if self._labelled and body[first] == self._take and len(body) > 1:
            head = f"for input, {self.labels} in islice(batches, {times}):"
            body = body[:first] + body[first + 1 :]
        return [head, *(f"    {line}" for line in body)]

    def _state(self) -> tuple[object, ...]:
        """What decides the next lines. Equal before and after a cycle, the cycle is told in the same lines for ever."""
        shapes = [self._output, self._target and self._target[1]]
        same = [shape and (shape[0], None if shape[1] == self._size else shape[1]) for shape in shapes]
        aligned = self._batches == self._upcoming()
        loss = self._target and self._target[0]
        return self.settings, self._due, self._untold, self._has_input, self._forwarded, loss, *same, aligned

    def _skip(self, batches: int) -> None:
        """Go so many batches on, over the ends of epochs."""
        size, cursor, each = self._source.size, self._cursor, self.settings.batch_size
        if size is None:
            return
        aligned = self._batches == self._upcoming()
        left = -(-(size - cursor.offset) // each)
        epochs, rest = divmod(batches - left, -(-size // each))
        inside = Cursor(cursor.epoch, cursor.offset + batches * each)
        self._cursor = inside if batches < left else Cursor(cursor.epoch + 1 + epochs, rest * each)
        self._size = self._samples()
        self._batches = self._upcoming() if aligned else self._batches


def commands_in(entries: Iterable[Entry]) -> Iterator[Command]:
    """Every command that there is, those of a block once."""
    for entry in entries:
        yield from entry.cycle if isinstance(entry, Block) else (entry,)


def _what(shape: Shape | None) -> str:
    return shape[0] if shape else ""
