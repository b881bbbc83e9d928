"""The facts of the tutorial *Neural Network Construction*, each found by clicking, held against plain PyTorch."""

from __future__ import annotations

import copy

import torch
from torch import nn

from lenet_gui.engine.net import Net
from tests.e2e.conftest import Person

SEED = 0


# Drawn before any window is open: the generator is the process's, and a worker lends it to its sessions.
torch.manual_seed(SEED)
NET, INPUT = Net(), torch.randn(1, 1, 32, 32)
DRAWN_NEXT = torch.randn(1, 10)


def script() -> tuple[Net, torch.Tensor]:
    return copy.deepcopy(NET), INPUT


def bias_of(net: Net) -> torch.Tensor:
    assert net.conv1.bias is not None
    return net.conv1.bias


def begin_with_random(person: Person) -> None:
    """Random tensors, a batch of one and MSELoss, chosen in the bar."""
    person.pick("data_list", "Random tensors, new")
    person.frame_with(None)
    person.until(lambda: person.frame is not None and person.frame.settings.data == "random")
    person.pick("loss_list", "MSELoss")
    person.until(lambda: person.frame is not None and person.frame.settings.loss == "MSELoss")
    person.type("batch_size_field", "1")
    person.until(lambda: person.frame is not None and person.frame.settings.batch_size == 1)
    before = person.frame
    person.click("new_run_button")
    person.click("notice_offer_0")
    person.frame_with(before, step=0)


def test_the_model_its_parameters_and_its_output(person: Person) -> None:
    begin_with_random(person)
    net, input = script()
    person.choose("print_menu", "print_model")
    person.reads(repr(net))
    person.choose("print_menu", "print_parameters")
    person.reads("conv1.weight [6, 1, 3, 3]\nconv1.bias [6]\nconv2.weight [16, 6, 3, 3]")
    person.press("forward_button", next="loss")
    output = net(input)
    person.reads(f">>> output = net(input)\n{output}")
    person.choose("print_menu", "print_grad_fn")
    person.reads(">>> output.grad_fn\n<AddmmBackward0 object")


def test_backward_from_the_output_and_gradients_that_are_none(person: Person) -> None:
    begin_with_random(person)
    net, input = script()
    person.choose("print_menu", "print_conv1_bias_grad")
    person.reads(">>> net.conv1.bias.grad\nNone")
    person.press("zero_grad_button", next="forward")
    person.press("forward_button", next="loss")
    before = person.choose("backward_menu", "backward_output")
    person.frame_with(before, next="step")
    net(input).backward(DRAWN_NEXT)
    person.choose("print_menu", "print_conv1_bias_grad")
    person.reads(repr(bias_of(net).grad))


def test_the_loss_its_chain_two_backwards_and_the_update(person: Person) -> None:
    begin_with_random(person)
    net, input = script()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    for name, following in (("zero_grad", "forward"), ("forward", "loss"), ("loss", "backward")):
        person.press(f"{name}_button", next=following)
    output = net(input)
    loss = nn.MSELoss()(output, DRAWN_NEXT)
    person.reads(repr(loss))
    person.choose("print_menu", "print_chain")
    links = "conv2d -> relu -> maxpool2d -> conv2d -> relu -> maxpool2d -> view"
    person.reads(f"input -> {links} -> linear -> relu -> linear -> relu -> linear -> MSELoss -> loss")
    before = person.choose("backward_menu", "backward_retain")
    person.frame_with(before, next="step")
    person.press("backward_button", next="step")
    loss.backward(retain_graph=True)
    loss.backward()
    person.choose("print_menu", "print_conv1_bias_grad")
    person.reads(repr(bias_of(net).grad))
    # A third time the graph is gone: PyTorch's own words, and nothing has changed.
    person.press("backward_button", reason="refused")
    person.reads("RuntimeError: Trying to backward through the graph a second time")
    person.press("step_button", step=1)
    optimizer.step()
    person.choose("print_menu", "print_conv1_bias")
    person.reads(repr(net.conv1.bias))


def test_one_sample_without_the_batch_dimension(person: Person) -> None:
    before = person.choose("forward_menu", "forward_sample")
    person.frame_with(before, reason="refused")
    person.reads("mat1 and mat2 shapes cannot be multiplied (16x36 and 576x120)")
    # The notice offers what helps.
    person.press("notice_offer_0", next="loss")
    person.reads(">>> output = net(input[0].unsqueeze(0))")
