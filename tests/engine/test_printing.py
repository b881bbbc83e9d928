"""The console's lines are PyTorch that does what the command did, and results are as PyTorch prints them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from lenet_gui.engine import Session, Settings, printing
from lenet_gui.engine.net import Net
from lenet_gui.protocol import CYCLE, Command, Place

SETTINGS = Settings(data="random", batch_size=2, loss="MSELoss", optimizer="Adam", lr=0.01)
do = Command.of


def line(command: Command, settings: Settings = SETTINGS) -> str:
    return printing.code_of(command, settings)


def test_the_five_phases() -> None:
    assert [line(phase) for phase in CYCLE] == [
        "optimizer.zero_grad()",
        "output = net(input)",
        "loss = criterion(output, target)",
        "loss.backward()",
        "optimizer.step()",
    ]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (do("zero_grad", set_to_none=False), "optimizer.zero_grad(set_to_none=False)"),
        (do("forward", sample=3), "output = net(input[3])"),
        (do("forward", sample=3, unsqueeze=True), "output = net(input[3].unsqueeze(0))"),
        (do("backward", retain_graph=True), "loss.backward(retain_graph=True)"),
        (do("backward", of="output"), "output.backward(torch.randn(output.shape))"),
        (
            do("backward", of="output", retain_graph=True),
            "output.backward(torch.randn(output.shape), retain_graph=True)",
        ),
        (do("next_batch"), "input = torch.randn(2, 1, 32, 32)"),
        (do("set", mode="eval"), "net.eval()"),
        (do("set", threads=2), "torch.set_num_threads(2)"),
        (do("set", device="cuda:0"), "net.to('cuda:0')"),
        (do("set", loss="MSELoss"), "criterion = nn.MSELoss()"),
        (do("set", lr=0.5), "optimizer.param_groups[0]['lr'] = 0.5"),
    ],
    ids=str,
)
def test_a_command_is_its_line_of_pytorch(command: Command, code: str) -> None:
    assert line(command) == code


def test_the_next_digits() -> None:
    assert line(do("next_batch"), Settings()) == "input, target = next(batches)"


@pytest.mark.parametrize(
    "changes",
    [
        {"lr": 0.5},
        {"weight_decay": 0.1, "lr": 0.25},
        {"beta1": 0.5},
        {"beta1": 0.5, "beta2": 0.75},
        {"optimizer": "SGD", "momentum": 0.9, "nesterov": True},
        {"optimizer": "Adam", "beta1": 0.5},
        {"optimizer": "SGD", "mode": "eval", "loss": "CrossEntropyLoss"},
        {"optimizer": "RMSprop", "alpha": 0.5, "lr": 0.001},
        {"loss": "CrossEntropyLoss", "mode": "eval"},
    ],
    ids=str,
)
def test_the_lines_of_set_do_what_set_does(changes: dict[str, Any]) -> None:
    session = Session(SETTINGS)
    script: dict[str, Any] = {"torch": torch, "nn": nn, "net": Net(), "criterion": nn.MSELoss()}
    script["optimizer"] = torch.optim.Adam(script["net"].parameters(), lr=0.01)
    session.set(**changes)
    exec(line(do("set", **changes), session.settings), script)
    real, scripted = session.optimizer, script["optimizer"]
    assert type(scripted) is type(real)
    for name, value in real.param_groups[0].items():
        if name != "params":
            assert scripted.param_groups[0][name] == value, name
    assert type(script["criterion"]) is type(session.criterion)
    assert script["net"].training == session.model.training


def test_the_batch_a_forward_took_is_said_before_it() -> None:
    session = Session(SETTINGS)
    session.run(1)
    output = session.forward()
    told = printing.command_line(CYCLE[1], output, session.settings, True, session.model, Place("main", 6))
    assert told.kind == "command"
    assert told.code == "input = torch.randn(2, 1, 32, 32)\noutput = net(input)"
    assert told.result == repr(output)


def test_a_run_is_a_loop() -> None:
    session = Session()
    session.run(7)
    (told,) = printing.run_lines(session.journal.since(0), session.last_loss, session.settings)
    assert told.code.splitlines() == [
        "for input, target in islice(batches, 7):",
        "    optimizer.zero_grad()",
        "    output = net(input)",
        "    loss = criterion(output, target)",
        "    loss.backward()",
        "    optimizer.step()",
    ]
    assert told.result == repr(session.last_loss)


def test_what_was_done_around_the_whole_steps_of_a_run_stands_by_itself() -> None:
    session = Session()
    session.zero_grad()
    session.run(2)
    session.set(lr=0.5)
    session.run(1)
    told = printing.run_lines(session.journal.since(1), session.last_loss, session.settings)
    firsts = [line.code.splitlines()[0] for line in told]
    assert firsts == [
        "output = net(input)",
        "loss = criterion(output, target)",
        "loss.backward()",
        "optimizer.step()",
        "for input, target in islice(batches, 1):",
        "optimizer.param_groups[0]['lr'] = 0.5",
        "for input, target in islice(batches, 1):",
    ]
    assert [line.result for line in told] == [""] * 6 + [repr(session.last_loss)]


def test_what_can_be_asked_is_printed_as_pytorch_prints_it() -> None:
    session = Session()
    for phase in CYCLE[:4]:
        session.apply(phase)
    bias = session.model.get_parameter("conv1.bias")
    expected = {
        "model": repr(session.model),
        "input": repr(session.input),
        "output": repr(session.output),
        "target": repr(session.target),
        "loss": repr(session.last_loss),
        "conv1.bias": repr(bias),
        "conv1.bias.grad": repr(bias.grad),
    }
    for what, printed in expected.items():
        answer = printing.answer(session, what)
        assert (answer.kind, answer.result) == ("question", printed)
    assert printing.answer(session, "grad_fn").result.startswith("<AddmmBackward0 object at")
    assert printing.answer(session, "parameters").result.splitlines()[0] == "conv1.weight [6, 1, 3, 3]"
    assert printing.answer(session, "chain").result.startswith("input -> conv2d -> relu -> maxpool2d -> ")


def test_what_is_not_there_yet_is_none() -> None:
    session = Session()
    for what in ("output", "target", "loss", "grad_fn", "conv1.bias.grad"):
        assert printing.answer(session, what).result == "None"
    assert printing.answer(session, "chain").result == "There is no graph."
    with pytest.raises(ValueError, match="has no"):
        printing.answer(session, "conv9.bias")
