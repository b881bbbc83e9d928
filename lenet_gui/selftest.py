"""`--self-test`: clicks through one training step in the real window and holds every number against plain PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lenet_gui.app import Look, Program, application
from lenet_gui.events import Failed, TookTooLong, until
from lenet_gui.protocol import PHASES, Back, ExportScript, Frame, Move, TensorReply, TensorRequest

_LOADING, _ANSWERING, _TRIES = 120.0, 3.0, 5
# Far from the numbers that the panels give to their own questions.
_ids = count(10**9)


def run_self_test() -> int:
    """Print what was checked. Returns 0 when every number agrees to the bit, else 1."""
    failures = 0
    # In a folder of its own, so that no choice of the person's plays a part or is changed.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        program = Program(application([]), Look(size=(1280, 800)), Path(folder))
        try:
            program.start()
            for what, agrees in _checks(program):
                print(f"{'ok    ' if agrees else 'FAILED'}  {what}", flush=True)
                failures += not agrees
        except (Failed, TookTooLong) as error:
            print(f"FAILED  {error}")
            failures += 1
        finally:
            program.window.close()
    print("self-test passed" if not failures else f"self-test failed: {failures} of the checks")
    return 1 if failures else 0


def _checks(program: Program) -> list[tuple[str, bool]]:
    until(program.loaded, _LOADING, failed=program.failed)
    first = program.window.frame
    assert first is not None
    names = [row.name for row in first.parameters]
    before = {name: _ask(program, name, "value") for name in names}
    frames = [_click(program, phase) for phase in PHASES]
    grads = {name: _ask(program, name, "grad") for name in names}
    after = {name: _ask(program, name, "value") for name in names}
    loss, plain_grads, plain_after = _plain_step(first, before)
    checks = [
        (f"the window has {len(program.window.panels)} panels, each in its dock", not program.window.empty_docks()),
        (f"{len(PHASES)} clicks on {', '.join(PHASES)} made one step", frames[-1].step == first.step + 1),
        (f"loss {frames[2].loss:.6f}" if frames[2].loss is not None else "loss", frames[2].loss == loss),
    ]
    for name in names:
        shape = list(before[name].shape)
        checks.append((f"{name}.grad {shape}", bool((grads[name] == plain_grads[name]).all())))
        checks.append((f"{name} {shape} after the step", bool((after[name] == plain_after[name]).all())))
    program.bridge.send(Back("step"))
    until(program.bridge.frame, _LOADING, lambda frame: frame.step == first.step, program.failed)
    back = {name: _ask(program, name, "value") for name in names}
    checks.append(("one step back, every parameter is as before", all((back[n] == before[n]).all() for n in names)))
    for how, where in (("over", 1), ("into", 1), ("into", 1)):
        program.bridge.send(Move(how))
        until(program.bridge.frame, _LOADING, lambda frame, where=where: frame.place.commands == where, program.failed)
    inside = _ask(program, "relu", "value")
    same = inside is not None and bool((inside == _first_activation(first, before)).all())
    checks.append(("inside of the forward, the first ReLU gave what plain PyTorch gives", same))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.py"
        program.bridge.send(ExportScript(str(path)))
        until(program.bridge.frame, _LOADING, lambda frame: str(path) in frame.reason, program.failed)
        checks.append(("the run is written as a script", "class Net(nn.Module):" in path.read_text(encoding="utf-8")))
    return checks


def _click(program: Program, phase: str) -> Frame:
    """Press the phase's button with the mouse and wait until it has been done."""
    button = program.window.phase_bar.phases[phase]
    done: Callable[[Frame], bool] = lambda frame: frame.reason == f"after {phase}"  # noqa: E731
    # The left part of the button: its right edge opens a menu.
    place = button.rect().center()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    return until(program.bridge.frame, _LOADING, done, program.failed)


def _ask(program: Program, name: str, part: str) -> Any:
    """The tensor's numbers, as an array. Asked again when a panel's answer pushed this one out: the newest counts."""
    for _ in range(_TRIES):
        number = next(_ids)
        program.bridge.send(TensorRequest(number, name, part))
        with suppress(TookTooLong):
            reply: TensorReply = until(
                program.bridge.reply, _ANSWERING, lambda reply, number=number: reply.id == number, program.failed
            )
            return reply.values
    raise TookTooLong(f"no answer to what {name} ({part}) is")


def _first_activation(first: Frame, before: dict[str, Any]) -> Any:
    import torch
    from torch.nn import functional as F  # noqa: N812

    images = torch.tensor(first.samples.images)[:, None]
    return F.relu(F.conv2d(images, torch.tensor(before["conv1.weight"]), torch.tensor(before["conv1.bias"]))).numpy()


def _plain_step(first: Frame, before: dict[str, Any]) -> tuple[float, dict[str, Any], dict[str, Any]]:
    """The same step in plain PyTorch, from the same weights and batch: loss, gradients, and parameters after it."""
    import torch
    from torch import nn
    from torch.nn import functional as F  # noqa: N812

    torch.set_num_threads(first.settings.threads)
    parameters = {name: nn.Parameter(torch.tensor(values)) for name, values in before.items()}

    def layer(name: str) -> tuple[nn.Parameter, nn.Parameter]:
        return parameters[f"{name}.weight"], parameters[f"{name}.bias"]

    x = torch.tensor(first.samples.images)[:, None]
    x = F.max_pool2d(F.relu(F.conv2d(x, *layer("conv1"))), (2, 2))
    x = F.max_pool2d(F.relu(F.conv2d(x, *layer("conv2"))), 2)
    x = F.relu(F.linear(x.view(len(x), -1), *layer("fc1")))
    output = F.linear(F.relu(F.linear(x, *layer("fc2"))), *layer("fc3"))
    loss = nn.CrossEntropyLoss()(output, torch.tensor(first.samples.targets))
    optimizer = torch.optim.SGD(parameters.values(), lr=first.settings.lr)
    loss.backward()
    optimizer.step()
    grads = {name: parameter.grad.numpy() for name, parameter in parameters.items() if parameter.grad is not None}
    return loss.item(), grads, {name: parameter.detach().numpy() for name, parameter in parameters.items()}
