"""A journal told again as lines of PyTorch: what each command came to, batches and targets included.

It follows the rules by which `commands` takes batches and makes targets, without the numbers: it computes nothing.
What stands around these lines in a script is in `script`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lenet_gui.engine.data import CLASSES, Cursor
from lenet_gui.engine.journal import Block, Entry
from lenet_gui.engine.printing import code_of
from lenet_gui.protocol import Command
from lenet_gui.settings import Value

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

Shape = tuple[str, int]
"""What is known of an output's shape: a "batch" of so many samples, or something that only the model could tell."""


class Retold:
    """Is given a session's entries in their order. `labels` is what its lines call the labels of a batch."""

    def __init__(self, session: Session) -> None:
        every = tuple(commands_in(session.journal.entries))
        self.settings = session.journal.settings
        self._source, self._net = session.source, session.model
        self._digits = self.settings.data == "digits"
        arguments = {pair for command in every for pair in command.arguments}
        # Where nothing else is ever made of them, the labels are the target.
        others = any(name in ("sample", "unsqueeze") or pair == "MSELoss" for name, pair in arguments)
        only_labels = self._digits and self.settings.loss != "MSELoss" and not others
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
        if command.name == "forward":
            lines = self._forward(**arguments)
        elif command.name == "loss":
            lines = self._loss()
        elif command.name == "backward":
            lines = self._batch()  # it may draw, and the batch was drawn first
        elif command.name == "step":
            self._due = "advance"
        code = code_of(command, self.settings, self._net)
        return [*lines, code.replace("randn(output.shape)", f"randn(output.shape){self.to_device}")]

    def _forward(self, sample: int | None = None, unsqueeze: bool = False) -> list[str]:
        lines = self._load() if self._due else []
        if self._digits and self._forwarded != (sample, unsqueeze):
            self._target = None
        self._forwarded = sample, unsqueeze
        if sample is None:
            self._output = ("unsqueezed" if unsqueeze else "batch", self._size)
        else:
            self._output = ("batch", 1) if unsqueeze else ("sample", 1)
        return [*lines, *self._batch()]

    def _loss(self) -> list[str]:
        lines, before, kind = self._batch(), self._target, (self.settings.loss, self._output)
        if kind == before or self.labels == "target":
            return lines
        self._target = kind
        line = f"target = {self._new_target()}"
        if before is None or before[0] != kind[0] or {_what(before[1]), _what(kind[1])} == {"batch"}:
            return [*lines, line]
        # The same target goes on where the output has the shape of the one before, which only running it tells.
        shape = "output.shape" if kind[0] == "MSELoss" else "output.shape[:-1]"
        return [*lines, f"if target.shape != {shape}:", f"    {line}"]

    def _new_target(self) -> str:
        mean_squares = self.settings.loss == "MSELoss"
        if not self._digits:
            drawn = "randn(output.shape)" if mean_squares else "randint(output.shape[-1], output.shape[:-1])"
            return f"torch.{drawn}{self.to_device}"
        sample, unsqueeze = self._forwarded
        labels = f"labels{'' if sample is None else f'[{sample}]'}{'.unsqueeze(0)' if unsqueeze else ''}"
        return f"F.one_hot({labels}, {CLASSES}).to(output.dtype)" if mean_squares else labels

    def _set(self, changes: dict[str, Value]) -> list[str]:
        before, now = self.settings, self.settings.change(**changes)
        resized, lines = now.batch_size != before.batch_size, []
        if resized:
            # Digits that nothing has seen and nothing will need not be told; random numbers were drawn all the same.
            self._untold = self._untold and not (self._digits and self._output is None)
            lines = self._batch()
        self.settings = now
        others = {name: value for name, value in changes.items() if name not in ("batch_size", "device")}
        if others:
            lines += code_of(Command.of("set", **others), now).split("\n")
        if resized:
            lines.append(f"batch_size = {now.batch_size}")
            self._due = self._due or "reload"
        return lines if now.device == before.device else [*lines, *self._move()]

    def _move(self) -> list[str]:
        device, targets = self.settings.device, {"target"} if self._target else set[str]()
        held = ["input", *sorted(targets | ({self.labels} if self._digits else set()))] if self._has_input else []
        seeded = {"cuda": ["torch.cuda.manual_seed_all(seed)"], "mps": ["torch.mps.manual_seed(seed)"]}
        self._output, self._forwarded = None, (None, False)
        return [
            f"device = {device!r}",
            "net.to(device)",
            "state = optimizer.state_dict()",
            code_of(Command.of("set", optimizer=self.settings.optimizer), self.settings),
            "optimizer.load_state_dict(state)  # which brings it to the device",
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
        if not self._digits and not self.settings.redraw and self._size == self.settings.batch_size:
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
        if self._digits:
            return f"input, {self.labels} = next(batches)"
        return f"input = torch.randn(batch_size, 1, 32, 32){self.to_device}"

    def _place(self) -> list[str]:
        """Where the script's batches do not come to the next one on their own: from which place on they are."""
        if not self._digits or self._batches == self._upcoming():
            return []
        self._batches = cursor, _ = self._upcoming()
        place = "".join(f", {name}={at}" for name, at in (("epoch", cursor.epoch), ("start", cursor.offset)) if at)
        return [f"batches = digits(batch_size{place})"]

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
        if self._digits and body[first] == self._take and len(body) > 1:
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
