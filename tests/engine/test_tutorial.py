"""What the tutorial shows, each fact held against the plain PyTorch script for it, equal to the bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from lenet_gui.engine import Refused, Session, Settings, answers, view
from lenet_gui.engine.data import Cursor, Digits
from lenet_gui.protocol import UpdateRequest


class Net(nn.Module):
    """The tutorial's network, written again here: nothing of the engine is in the scripts below."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3)
        self.conv2 = nn.Conv2d(6, 16, 3)
        self.fc1 = nn.Linear(16 * 6 * 6, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, self.num_flat_features(x))
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)

    def num_flat_features(self, x: Tensor) -> int:
        size = x.size()[1:]
        num_features = 1
        for s in size:
            num_features *= s
        return num_features


SEEDS = pytest.mark.parametrize("seed", [0, 1, 2**40 + 7])


def tutorial(seed: int = 0, batch_size: int = 1, **options: Any) -> Session:
    return Session(Settings(seed=seed, data="random", batch_size=batch_size, loss="MSELoss", **options))


def script(seed: int = 0, batch_size: int = 1) -> tuple[Net, Tensor]:
    torch.manual_seed(seed)
    net = Net()
    return net, torch.randn(batch_size, 1, 32, 32)


def assert_same(session: Session, net: nn.Module) -> None:
    """Parameters and gradients, equal to the bit."""
    pairs = zip(session.model.named_parameters(), net.named_parameters(), strict=True)
    for (name, mine), (plain_name, plain) in pairs:
        assert name == plain_name
        assert torch.equal(mine, plain), name
        assert (mine.grad is None) == (plain.grad is None), name
        if mine.grad is not None and plain.grad is not None:
            assert torch.equal(mine.grad, plain.grad), name


def test_1_the_printed_model() -> None:
    assert repr(tutorial().model) == repr(Net())
    assert repr(tutorial().model) == (
        "Net(\n"
        "  (conv1): Conv2d(1, 6, kernel_size=(3, 3), stride=(1, 1))\n"
        "  (conv2): Conv2d(6, 16, kernel_size=(3, 3), stride=(1, 1))\n"
        "  (fc1): Linear(in_features=576, out_features=120, bias=True)\n"
        "  (fc2): Linear(in_features=120, out_features=84, bias=True)\n"
        "  (fc3): Linear(in_features=84, out_features=10, bias=True)\n"
        ")"
    )


@SEEDS
def test_2_the_parameters_in_order(seed: int) -> None:
    session, (net, _) = tutorial(seed), script(seed)
    assert_same(session, net)
    parameters = list(session.model.parameters())
    assert len(parameters) == 10
    assert list(parameters[0].size()) == [6, 1, 3, 3]
    assert sum(parameter.numel() for parameter in parameters) == 81_194


@SEEDS
def test_3_a_random_input_gives_the_output_and_its_grad_fn(seed: int) -> None:
    net, x = script(seed)
    out = net(x)
    output = tutorial(seed).forward()
    assert torch.equal(output, out)
    assert output.grad_fn is not None
    assert output.grad_fn.name() == out.grad_fn.name() == "AddmmBackward0"


@SEEDS
def test_4_backward_from_the_output_with_random_gradients(seed: int) -> None:
    net, x = script(seed)
    out = net(x)
    net.zero_grad()
    out.backward(torch.randn(1, 10))

    session = tutorial(seed)
    session.forward()
    session.zero_grad()
    session.backward(of="output")
    assert_same(session, net)


def test_5_a_single_sample_without_the_batch_dimension() -> None:
    net, x = script(batch_size=3)
    with pytest.raises(RuntimeError) as plain:
        net(x[2])

    session = tutorial(batch_size=3)
    with pytest.raises(Refused) as refused:
        session.forward(sample=2)
    notice = refused.value.notice
    assert notice.words == f"RuntimeError: {plain.value}"
    assert "[1, 32, 32]" in notice.advice
    assert "unsqueeze(0)" in notice.advice
    (offer,) = notice.offers
    assert torch.equal(session.apply(offer.action), net(x[2].unsqueeze(0)))  # pyright: ignore[reportArgumentType]


@SEEDS
def test_6_mse_loss_against_a_random_target_of_the_same_shape(seed: int) -> None:
    net, x = script(seed, batch_size=4)
    output = net(x)
    target = torch.randn(output.shape)
    expected = nn.MSELoss()(output, target)

    session = tutorial(seed, batch_size=4)
    session.forward()
    assert torch.equal(session.loss(), expected)
    assert session.target is not None
    assert torch.equal(session.target, target)
    assert torch.equal(session.loss(), expected)  # the target stays while the batch does


def test_7_the_chain_behind_the_loss() -> None:
    net, x = script()
    output = net(x)
    plain = nn.MSELoss()(output, torch.randn(output.shape))
    names = []
    node = plain.grad_fn
    while node is not None:
        names.append(node.name())
        # A linear layer is bias + input · weight, so the chain goes on behind its second input.
        node = node.next_functions[1 if node.name() == "AddmmBackward0" else 0][0]
    pool, relu, conv = "MaxPool2DWithIndicesBackward0", "ReluBackward0", "ConvolutionBackward0"
    linear = "AddmmBackward0"
    head = ["MseLossBackward0", linear, relu, linear, relu, linear, "ViewBackward0"]
    assert names == [*head, pool, relu, conv, pool, relu, conv]

    session = tutorial()
    session.forward()
    session.loss()
    now = view.Situation(1, "", False, None, None, 0.0, True)
    assert view.Viewer(session).frame(now).chain == (
        *("input", "conv2d", "relu", "maxpool2d", "conv2d", "relu", "maxpool2d", "view"),
        *("linear", "relu", "linear", "relu", "linear", "MSELoss", "loss"),
    )


@SEEDS
def test_8_the_bias_gradient_before_and_after_backward(seed: int) -> None:
    net, x = script(seed)
    output = net(x)
    nn.MSELoss()(output, torch.randn(output.shape)).backward()
    plain_bias = net.get_parameter("conv1.bias")
    expected = plain_bias.grad
    assert expected is not None

    session = tutorial(seed)
    bias = session.model.get_parameter("conv1.bias")
    session.zero_grad()
    assert bias.grad is None
    session.forward()
    session.loss()
    assert bias.grad is None
    session.backward()
    assert bias.grad is not None
    assert torch.equal(bias.grad, expected)
    session.zero_grad(set_to_none=False)
    assert bias.grad is not None
    assert torch.equal(bias.grad, torch.zeros(6))
    session.zero_grad()
    assert bias.grad is None


def test_9_two_backward_passes_add_up() -> None:
    net, x = script()
    output = net(x)
    loss = nn.MSELoss()(output, torch.randn(output.shape))
    loss.backward(retain_graph=True)
    once = [parameter.grad.clone() for parameter in net.parameters() if parameter.grad is not None]
    loss.backward()

    session = tutorial()
    session.forward()
    session.loss()
    session.backward(retain_graph=True)
    session.backward()
    assert_same(session, net)
    for parameter, single in zip(session.model.parameters(), once, strict=True):
        assert parameter.grad is not None
        assert torch.equal(parameter.grad, single + single)


def test_9_a_second_backward_through_a_freed_graph_is_pytorchs_own_error() -> None:
    net, x = script()
    output = net(x)
    loss = nn.MSELoss()(output, torch.randn(output.shape))
    loss.backward()
    with pytest.raises(RuntimeError) as plain:
        loss.backward()

    session = tutorial()
    session.forward()
    session.loss()
    session.backward()
    with pytest.raises(Refused) as refused:
        session.backward()
    assert refused.value.notice.words == f"RuntimeError: {plain.value}"
    assert "retain_graph" in refused.value.notice.advice
    assert_same(session, net)  # and the gradients of the first backward are still there


@SEEDS
def test_10_the_update_in_numbers(seed: int) -> None:
    learning_rate = 0.01
    net, x = script(seed)
    output = net(x)
    nn.MSELoss()(output, torch.randn(output.shape)).backward()
    before = net.conv1.weight.detach().clone()
    gradient = net.conv1.weight.grad
    assert gradient is not None
    with torch.no_grad():
        for f in net.parameters():
            assert f.grad is not None
            f.add_(f.grad, alpha=-learning_rate)

    session = tutorial(seed, optimizer="SGD", lr=learning_rate)
    session.run(1)
    assert_same(session, net)
    reply = answers.update_reply(session, UpdateRequest(1, "conv1.weight"))
    assert reply.formula == "weight = weight - 0.01 * gradient"
    assert reply.before is not None
    assert reply.gradient is not None
    assert reply.after is not None
    assert torch.equal(torch.from_numpy(reply.before.copy()), before)
    assert torch.equal(torch.from_numpy(reply.gradient.copy()), gradient)
    assert torch.equal(torch.from_numpy(reply.after.copy()), net.conv1.weight)
    torch.testing.assert_close(net.conv1.weight, before - learning_rate * gradient, rtol=1e-6, atol=1e-9)


OPTIMIZERS: dict[str, tuple[Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer], dict[str, Any]]] = {
    "SGD": (lambda p: torch.optim.SGD(p, lr=0.05), {"optimizer": "SGD", "lr": 0.05}),
    "SGD with momentum": (
        lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, dampening=0.1),
        {"optimizer": "SGD", "lr": 0.01, "momentum": 0.9, "dampening": 0.1},
    ),
    "Nesterov": (
        lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True),
        {"optimizer": "SGD", "lr": 0.01, "momentum": 0.9, "nesterov": True},
    ),
    "Adam": (
        lambda p: torch.optim.Adam(p, lr=0.002, betas=(0.8, 0.95), weight_decay=0.01, amsgrad=True),
        {"optimizer": "Adam", "lr": 0.002, "beta1": 0.8, "beta2": 0.95, "weight_decay": 0.01, "amsgrad": True},
    ),
    "RMSprop": (
        lambda p: torch.optim.RMSprop(p, lr=0.001, momentum=0.5, centered=True),
        {"optimizer": "RMSprop", "lr": 0.001, "momentum": 0.5, "centered": True},
    ),
}


@pytest.mark.parametrize("how", ["by hand", "run"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_11_every_optimizer(name: str, how: str) -> None:
    steps = 6
    make, options = OPTIMIZERS[name]
    net, x = script(seed=3, batch_size=4)
    optimizer, criterion = make(net.parameters()), nn.MSELoss()
    losses = []
    for index in range(steps):
        if index:
            x = torch.randn(4, 1, 32, 32)
        optimizer.zero_grad()
        output = net(x)
        loss = criterion(output, torch.randn(output.shape))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    session = tutorial(seed=3, batch_size=4, **options)
    if how == "run":
        assert session.run(steps) == steps
    else:
        for _ in range(steps):
            session.zero_grad()
            session.forward()
            session.loss()
            session.backward()
            session.step()
    assert_same(session, net)
    assert session.log.rows()[:, 0].tolist() == losses


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "MSELoss"])
@pytest.mark.parametrize("how", ["by hand", "run"])
def test_12_batch_after_batch_and_epoch_after_epoch(loss: str, how: str) -> None:
    torch.manual_seed(5)
    net = Net()
    criterion, optimizer = getattr(nn, loss)(), torch.optim.SGD(net.parameters(), lr=0.05)
    digits = Digits(5, "cpu")
    losses, sizes = [], []
    for epoch in range(2):
        images, labels = digits.batch(Cursor(epoch), digits.size)
        for x, target in zip(images.split(64), labels.split(64), strict=True):
            optimizer.zero_grad()
            wanted = target if loss == "CrossEntropyLoss" else F.one_hot(target, 10).float()
            found = criterion(net(x), wanted)
            found.backward()
            optimizer.step()
            losses.append(found.item())
            sizes.append(len(x))
    assert sizes == [*[64] * 22, 29] * 2

    session = Session(Settings(seed=5, batch_size=64, loss=loss, lr=0.05))
    if how == "run":
        session.run(46)
    else:
        seen = []
        for _ in range(46):
            session.zero_grad()
            seen.append(len(session.forward()))
            session.loss()
            session.backward()
            session.step()
        assert seen == sizes
    assert_same(session, net)
    assert session.log.rows()[:, 0].tolist() == losses


def test_the_loss_of_another_sample_takes_that_samples_label() -> None:
    session = Session(Settings(batch_size=4))
    criterion = nn.CrossEntropyLoss()
    for sample in (0, 1, 2, 0):
        session.forward(sample=sample, unsqueeze=True)
        assert session.output is not None
        assert session.labels is not None
        assert session.loss().item() == criterion(session.output, session.labels[sample : sample + 1]).item()
