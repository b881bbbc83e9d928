"""The models that the program brings along: each trains, is gone over again to the bit, and is looked into."""

from __future__ import annotations

import runpy
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.models import ZOO, choices
from lenet_gui.engine.net import Net

SMALL: dict[str, dict[str, Any]] = {
    "LeNet": {},
    "LeNet 1998": {},
    "MLP": {"model_hidden": 24, "model_layers": 1, "model_dropout": 0.2},
    "Residual": {"model_filters": 4, "model_stages": 2, "model_blocks": 2},
    "Transformer": {"model_features": 16, "model_heads": 2, "model_layers": 1, "model_dropout": 0.1},
    "Logistic regression": {"model_bias": False},
}


@pytest.mark.parametrize("model", ZOO)
def test_it_learns(model: str) -> None:
    session = Session(Settings(model=model, optimizer="Adam", lr=0.003, batch_size=32))
    session.run(60)
    accuracy = session.evaluate()
    assert accuracy is not None
    assert accuracy.correct > 0.4 * accuracy.total


@pytest.mark.parametrize("model", ZOO)
def test_it_comes_out_the_same_again_and_back_and_stepped_inside(model: str) -> None:
    session = Session(Settings(model=model, momentum=0.9, **SMALL[model]))
    session.run(5)
    then = session.digest()
    session.run(7)
    now = session.digest()
    assert session.trace().forward
    assert any(operation.line for operation in session.trace().forward)
    session.seek(step=5)
    assert session.digest() == then
    session.seek()
    assert session.digest() == now
    assert Session.replay(session.journal).digest() == now


@pytest.mark.parametrize("model", ZOO)
def test_it_is_a_script_that_ends_in_the_same_bits(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lenet_gui.engine.export.script import write_script

    session = Session(Settings(model=model, seed=3, **SMALL[model]))
    session.run(4)
    write_script(session, tmp_path / "run.py")
    monkeypatch.setattr("sys.argv", ["run.py"])
    threads = torch.get_num_threads()
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")
        told = runpy.run_path(str(tmp_path / "run.py"))
    torch.set_num_threads(threads)
    for name, parameter in session.model.named_parameters():
        assert torch.equal(dict(told["net"].named_parameters())[name], parameter), name


def test_each_argument_of_a_constructor_is_a_choice_with_its_default() -> None:
    found = {choice.name: {one.name: (one.kind, one.default) for one in choice.options} for choice in choices()}
    assert found["LeNet"] == {}
    assert found["MLP"] == {"hidden": ("int", 128), "layers": ("int", 2), "dropout": ("float", 0.0)}
    assert found["Logistic regression"] == {"bias": ("bool", True)}


def test_arguments_reach_the_constructor() -> None:
    model = Session(Settings(model="MLP", model_hidden=24, model_layers=3)).model
    assert [tuple(one.shape) for one in model.parameters() if one.ndim == 2] == [
        (24, 1024),
        (24, 24),
        (24, 24),
        (10, 24),
    ]


def test_a_model_that_is_given_goes_before_the_settings() -> None:
    assert isinstance(Session(Settings(model="MLP"), Net).model, Net)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": "GPT-2"}, "there is no model called 'GPT-2'; there are LeNet, LeNet 1998, MLP"),
        ({"model": "MLP", "model_hiden": 3}, "MLP has no argument 'hiden'; it takes hidden, layers, dropout"),
        ({"model": "MLP", "model_hidden": 2.5}, "hidden of MLP must be a whole number, not 2.5"),
        ({"model": "MLP", "model_hidden": 0}, "hidden of MLP must be a whole number from 1 to 4,096, not 0"),
        ({"model": "MLP", "model_hidden": 4096, "model_layers": 100}, "MLP would have 6.2 GB of parameters"),
        ({"model": "MLP", "model_dropout": 1.5}, "dropout of MLP must be a number from 0 to 1, not 1.5"),
        ({"model": "Transformer", "model_heads": 5}, "features must be a multiple of heads, and 48 is none of 5"),
        ({"model": "LeNet", "model_hidden": 1}, "Net has no argument 'hidden'; it takes classes"),
        ({"model": "MLP", "model_input": "big"}, "'big' is no shape of an image: write channels, height and width"),
        ({"model": "MLP", "model_input": "99999x99999"}, "an image of 99999x99999 has 9,999,800,001 numbers"),
        ({"model": "MLP", "model_input": "783"}, "783 pixels are no square image"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        Session(Settings(**settings))


@pytest.mark.parametrize(("shape", "first"), [("3x20x16", (3, 20, 16)), ("784", (784,)), ("24x28", (24, 28))])
def test_images_are_brought_into_the_shape_that_a_model_was_written_for(shape: str, first: tuple[int, ...]) -> None:
    from lenet_gui.engine.models.shaped import Shaped, shape_in

    images = torch.rand(5, 1, 32, 32)
    assert shape_in(shape) == first
    assert Shaped(first)(Net(), (images,)).shape == (5, *first)
    same = Shaped((1, 32, 32))(Net(), (images,))
    assert torch.equal(same, images)
    assert torch.allclose(Shaped((3, 32, 32))(Net(), (images,)), images.expand(-1, 3, -1, -1))
    assert torch.allclose(Shaped((1, 32, 32))(Net(), (images.expand(-1, 3, -1, -1),)), images)
