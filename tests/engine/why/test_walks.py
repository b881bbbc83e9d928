"""From a number to those that it is made of, and on: from the loss to a pixel, from a bias gradient to the loss."""

from __future__ import annotations

import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.net import Net
from lenet_gui.engine.why.terms import Contribution, Factor, Part
from tests.engine.why.asking import names, some_cells, stood, value
from tests.engine.why.models import MODELS


def links(one: Contribution) -> list[Factor]:
    """All that one can go to from a term, from within its formulas too."""
    found: list[Factor] = []
    for factor in one.factors:
        if factor.name:
            found.append(factor)
        if factor.formula is not None:
            found += _within(factor.formula)
    return found


def _within(part: Part) -> list[Factor]:
    return [link for one in part.contributions[:3] for link in links(one)]


def walk(session: Session, name: str, index: int | tuple[int, ...], prefer: str) -> list[str]:
    """Always on along the largest term, to the first link whose name ends so (any, where none does), to the end."""
    passed = [name]
    while True:
        found = session.why(name, index)
        there = [link for one in found.contributions[:3] for link in links(one)]
        if not there:
            return passed
        chosen = next((link for link in there if link.name.endswith(prefer)), there[0])
        name, index = chosen.name, chosen.index
        passed.append(name)


def test_from_the_loss_to_a_pixel() -> None:
    session = stood(batch_size=16)
    state = {name for name, _ in session.model.named_parameters()}
    name, index = "loss", ()
    passed = [name]
    while name != "input":
        found = session.why(name, index)
        there = [link for one in found.contributions for link in links(one) if link.name not in state]
        name, index = there[0].name, there[0].index
        passed.append(name)
    layers = ["linear_2", "relu_3", "linear_1", "relu_2", "linear", "view", "max_pool2d_1", "relu_1", "conv2d_1"]
    assert passed == ["loss", *layers, "max_pool2d", "relu", "conv2d", "input"]
    end = session.why("input", index)
    assert end.value == session.input[index].item()
    assert "given" in end.note
    assert not end.contributions


def test_from_a_bias_gradient_to_the_loss() -> None:
    session = stood(batch_size=16)
    passed = walk(session, "conv1.bias.grad", 2, prefer=".grad")
    assert passed[:4] == ["conv1.bias.grad", "conv2d.grad", "relu.grad", "max_pool2d.grad"]
    assert passed[-2:] == ["linear_2.grad", "cross_entropy.grad"]
    assert session.why("cross_entropy.grad").value == 1


@pytest.mark.parametrize("make_model", [Net, *MODELS])
def test_every_link_leads_to_the_number_that_it_shows(make_model: type) -> None:
    session = stood(make_model)
    followed = 0
    for name, cell in some_cells(session, 60, seed=5):
        for one in session.why(name, cell).contributions[:4]:
            for link in links(one):
                if not link.form:
                    assert value(session, link.name, link.index) == link.value, (name, link)
                    followed += 1
                assert session.why(link.name, link.index).index == link.index
    assert followed > 60


def test_where_it_comes_from_is_a_region_of_each_tensor() -> None:
    session = stood(batch_size=2)
    regions = dict(session.why("conv2d_1", (1, 3, 4, 5)).regions)
    assert regions == {
        "max_pool2d": ((1, 2, 1), (0, 6, 1), (4, 7, 1), (5, 8, 1)),
        "conv2.weight": ((3, 4, 1), (0, 6, 1), (0, 3, 1), (0, 3, 1)),
        "conv2.bias": ((3, 4, 1),),
    }
    assert ("conv2d.grad", ((0, 2, 1), (3, 4, 1), (0, 30, 1), (0, 30, 1))) in session.why("conv1.bias.grad", 3).regions


def test_one_sample_of_a_batch_leads_to_its_own_pixels() -> None:
    session = Session(Settings(batch_size=4))
    session.zero_grad()
    session.forward(sample=2, unsqueeze=True)
    pixels = [one.factors for one in session.why("conv2d", (0, 1, 9, 9)).contributions if len(one.factors) == 2]
    assert len(pixels) == 9
    for pixel, _ in pixels:
        assert pixel.name == "input"
        assert pixel.index[0] == 2
        assert session.input[pixel.index].item() == pixel.value


def test_a_patch_times_its_kernel_is_the_number_but_for_the_bias() -> None:
    session = stood(batch_size=2)
    found = session.why("conv2d_1", (0, 7, 2, 3))
    assert found.patch is not None
    patch, kernel, product = found.patch.patch, found.patch.kernel, found.patch.product
    assert patch.shape == kernel.shape == product.shape == (6, 3, 3)
    assert (patch * kernel == product).all()
    bias = session.model.get_parameter("conv2.bias")[7].item()
    assert product.sum() + bias == pytest.approx(found.value, rel=1e-5)
    assert (kernel == session.model.get_parameter("conv2.weight")[7].detach().double().numpy()).all()
    others = [name for name in names(session) if not name.startswith("conv2d") or name.endswith(".grad")]
    assert all(session.why(name, 0).patch is None for name in others if name != "output")
