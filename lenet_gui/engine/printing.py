"""What a command or a question is as lines of PyTorch, and its result as PyTorch prints it. For the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from lenet_gui.engine.autograd import chain
from lenet_gui.engine.choices import optimizers, schedulers, setting_lines
from lenet_gui.engine.drawing.images import file_of
from lenet_gui.engine.journal import Block, Entry
from lenet_gui.engine.models import own
from lenet_gui.engine.results.loading import file_of as weights_file
from lenet_gui.engine.session import Session
from lenet_gui.protocol import Command, Line, Place
from lenet_gui.protocol.models import INPUT
from lenet_gui.settings import Settings

MOST_PIECES = 60
"""Loops and commands of one run that the console shows."""


def command_line(
    command: Command, result: Any, settings: Settings, took_batch: bool, net: nn.Module, place: Place
) -> Line:
    """The line of a command that was done, up to a place; `took_batch` when it took the next batch first."""
    code = code_of(command, settings, net)
    if took_batch:
        code = f"{_next_batch(settings)}\n{code}" if command.name in ("forward", "put") else _next_batch(settings)
    return Line("command", code, "" if result is None else repr(result), place)


def code_of(command: Command, settings: Settings, net: nn.Module | None = None) -> str:
    """The command as the PyTorch it is. Without the `net` an edit is told by its flat index, which does the same."""
    arguments = dict(command.arguments)
    if command.name == "zero_grad":
        return f"optimizer.zero_grad({_call(arguments)})"
    if command.name == "forward":
        sample = f"[{arguments['sample']}]" if "sample" in arguments else ""
        return f"output = net(input{sample}{'.unsqueeze(0)' if arguments.get('unsqueeze') else ''})"
    if command.name == "loss":
        return "loss = criterion(output, target)"
    if command.name == "backward":
        start = arguments.pop("of", "loss")
        inside = ["torch.randn(output.shape)"] if start == "output" else []
        return f"{start}.backward({', '.join([*inside, *filter(None, [_call(arguments)])])})"
    if command.name == "clip":
        return setting_lines.clip_line(settings)
    if command.name == "step":
        return f"optimizer.step({'closure' if optimizers.takes_closure(settings.optimizer) else ''})"
    if command.name == "schedule":
        return f"scheduler.step({'loss.item()' if schedulers.judges(settings.scheduler) else ''})"
    if command.name == "next_batch":
        return _next_batch(settings)
    if command.name == "reload":
        return _reload(arguments)
    if command.name == "edit":
        return _edit(arguments, net)
    if command.name == "put":
        return _put(arguments)
    if command.name == "load_weights":
        return f'net.load_state_dict(torch.load("{weights_file(arguments.get("values"))}"), strict=False)'
    return "\n".join(setting_lines.lines(arguments, settings))


def run_lines(entries: Sequence[Entry], result: Any, settings: Settings) -> list[Line]:
    """A run as the loops it was, with what was done between them; of very many pieces the first and the last."""
    pieces = [_loop(entry, settings) if isinstance(entry, Block) else code_of(entry, settings) for entry in entries]
    if len(pieces) > MOST_PIECES:
        half = MOST_PIECES // 2
        pieces = [*pieces[:half], f"# … {len(pieces) - 2 * half:,} more lines", *pieces[-half:]]
    *before, last = pieces
    return [*(Line("command", piece, "") for piece in before), Line("command", last, repr(result))]


def _loop(block: Block, settings: Settings) -> str:
    body = [code_of(command, settings) for command in block.cycle]
    return "\n    ".join([f"for input, target in islice(batches, {block.n}):", *body])


def answer(session: Session, what: str) -> Line:
    """What was asked to be printed. As of the cursor. Raises ValueError where there is none."""
    named = {
        "input": session.input,
        "output": session.output,
        "target": session.target,
        "loss": session.last_loss,
    }
    if what in named:
        return _question(what, named[what])
    if what == "model":
        return Line("question", "print(net)", repr(session.model))
    if what == "parameters":
        sizes = [f"{name} {list(parameter.size())}" for name, parameter in session.model.named_parameters()]
        code = "for name, parameter in net.named_parameters():\n    print(name, list(parameter.size()))"
        return Line("question", code, "\n".join(sizes))
    if what == "grad_fn":
        return _question("output.grad_fn", None if session.output is None else session.output.grad_fn)
    if what == "chain":
        links = chain(session.last_loss, "loss") or chain(session.output, "output")
        return Line("question", "loss.grad_fn.next_functions  # and so on", " -> ".join(links) or "There is no graph.")
    state = session.stepper.state()
    if what not in state:
        raise ValueError(f"the model has no {what}")
    return _question(f"net.{what}", state[what])


def _reload(arguments: dict[str, Any]) -> str:
    model = str(arguments.pop("model", ""))
    given = {name.removeprefix("model_"): value for name, value in arguments.items() if name != f"model_{INPUT}"}
    return f"net = {model.rpartition(':')[2]}({_call(given)})  # {own.file_name(model)}, reloaded"


def _edit(arguments: dict[str, Any], net: nn.Module | None) -> str:
    # A refused command comes without a net: its tensor or its index may be none that there is, or not given at all.
    name, where = str(arguments.get("tensor")), f".view(-1)[{arguments.get('index')}]"
    if net is not None:
        shapes = {key: tensor.shape for key, tensor in [*net.named_parameters(), *net.named_buffers()]}
        index = np.unravel_index(arguments["index"], shapes[name.removesuffix(".grad")])
        where = f"[{', '.join(map(str, index)) or '()'}]"
    value = arguments.get("value")
    path = "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in name.split("."))
    # As it was written: -0.0 as 0.0.
    line = f"net{path}{where} = {abs(value) if value == 0 else value!r}"
    return line if name.endswith(".grad") else f"with torch.no_grad(): {line}"


def _put(arguments: dict[str, Any]) -> str:
    at = arguments.get("at", 0)
    line = f'input[{at}] = torch.from_numpy(np.load("{file_of(arguments.get("image"))}"))'
    return f"{line}\ntarget[{at}] = {arguments['label']}" if "label" in arguments else line


def _question(code: str, value: object) -> Line:
    return Line("question", code, repr(value))


def _next_batch(settings: Settings) -> str:
    if settings.data == "random":
        return f"input = torch.randn({settings.batch_size}, 1, 32, 32)"
    return "input, target = next(batches)"


def _call(arguments: dict[str, Any]) -> str:
    return setting_lines.call([], arguments)
