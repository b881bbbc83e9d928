"""What a window is told: bounded, with its numbers in words; and one sentence where there is no answer."""

from __future__ import annotations

import pickle

import pytest
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.answers import answer
from lenet_gui.engine.net import Net
from lenet_gui.protocol.why import Formula, WhyReply, WhyRequest
from tests.alike import alike
from tests.engine.why.asking import some_cells, stood
from tests.engine.why.models import MODELS


def told(session: Session, name: str, index: int | tuple[int, ...] = 0, limit: int = 20) -> WhyReply:
    found = answer(session, WhyRequest(7, name, index, limit))
    assert isinstance(found, WhyReply)
    assert found.id == 7
    return found


def formulas(one: Formula) -> list[Formula]:
    """This one and all within it."""
    found = [one]
    for inner in (*one.inner, *(f.formula for term in one.terms for f in term.factors if f.formula is not None)):
        found += formulas(inner)
    return found


@pytest.mark.parametrize("make_model", [Net, *MODELS])
def test_the_largest_terms_and_the_rest_are_all_of_it(make_model: type[nn.Module]) -> None:
    session = stood(make_model, batch_size=16)
    for name, cell in some_cells(session, 25, seed=4):
        found, whole = told(session, name, cell, limit=3), session.why(name, cell)
        assert (found.name, found.index, found.value, found.adds) == (name, whole.index, whole.value, whole.adds)
        assert found.count == len(whole.contributions) == sum(part.count for part in found.parts)
        assert found.difference == found.sum - found.value
        for part in (one for top in found.parts for one in formulas(top)):
            assert len(part.terms) <= 5
            assert part.rest == part.count - len(part.terms)
            shown = sum(one.value for one in part.terms)
            assert shown + part.rest_sum == pytest.approx(part.sum, rel=1e-9, abs=1e-12 * part.magnitude)
            sizes = [abs(one.value) for one in part.terms]
            assert sizes == sorted(sizes, reverse=True)
        crossed = pickle.loads(pickle.dumps(found))
        assert alike(crossed, found)
        assert len(pickle.dumps(found)) < 200_000


def test_a_formula_is_written_out_with_its_numbers() -> None:
    session = stood(batch_size=64)
    found = told(session, "conv1.bias.grad", 2).parts[0]
    assert found.formula == "∂L/∂b[o] = ΣnΣiΣj ∂L/∂y[n, o, i, j]"
    assert dict(found.where) == {"y": "conv2d", "x": "input", "w": "conv1.weight", "b": "conv1.bias"}
    assert found.numbers.endswith(f"… (57,597 more) = {found.value:.6g}".replace("-", "−"))
    score = told(session, "linear_2", (3, 4)).parts[0]
    assert score.formula == "y[n, o] = b[o] + Σi w[o, i] · x[n, i]"
    largest = score.terms[0]
    words = " · ".join(f"{factor.value:.6g}".replace("-", "−") for factor in largest.factors)
    assert score.numbers.replace("(", "").replace(")", "").startswith(words)


def test_what_is_not_a_sum_is_a_tree_whose_sums_are_complete() -> None:
    session = stood(batch_size=2)
    loss = told(session, "loss", ())
    logs = [f.formula for one in loss.parts[0].terms for f in one.factors if f.formula is not None]
    assert len(logs) == 2
    for log_sum in logs:
        assert log_sum.formula == "log Σj exp(zj) = max z + log Σj exp(zj − max z)"
        assert log_sum.count == 10
        assert {one.factors[0].form for one in log_sum.terms} == {"exp(· − max z)"}
        assert "log(" in log_sum.numbers
    window = told(session, "max_pool2d", (1, 2, 3, 4))
    (candidates,) = window.parts[0].inner
    assert window.count == 1
    assert candidates.count == 4
    assert not candidates.adds
    assert candidates.numbers.startswith("max(")
    assert window.value == candidates.value == max(one.value for one in candidates.terms)


def test_a_patch_comes_as_three_small_arrays() -> None:
    session = stood(batch_size=2)
    patch = told(session, "conv2d_1", (0, 7, 2, 3)).patch
    assert patch is not None
    assert patch.patch.shape == (6, 3, 3)
    assert not patch.product.flags.writeable
    assert told(session, "conv2d.grad", (0, 2, 2, 3)).patch is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("conv1.bias.grad", "conv1.bias.grad is None at this place: no backward has come to it"),
        ("relu_2", "relu_2 is not yet computed at this place"),
        ("loss", "loss is not yet computed at this place"),
    ],
)
def test_what_is_not_there_yet_is_no_error(name: str, words: str) -> None:
    found = told(Session(Settings(batch_size=2)), name)
    assert found.problem == words
    assert not found.parts


@pytest.mark.parametrize(
    ("name", "index", "words"),
    [
        ("conv1.bais", 0, "did you mean conv1.bias?"),
        ("conv1.bias.grad", 6, "has 6 numbers, counted from 0: there is no number 6"),
        ("conv1.bias.grad", -7, "there is no number -7"),
        (
            "conv1.weight.grad",
            (0, 0, 3, 0),
            "the shape [6, 1, 3, 3], counted from 0: there is no cell [0, 0, 3, 0]",
        ),
        ("conv1.weight.grad", (-7, 0, 0, 0), "there is no cell [-7, 0, 0, 0]"),
        ("conv1.weight.grad", (0, 0), "there is no cell"),
        ("conv1.weight.grad", (0, 0, 1.5, 0), "there is no cell"),
        ("relu", True, "there is no cell True"),
        ("lr", 0, "lr is not computed by an operation"),
    ],
)
def test_what_there_is_not_is_said_in_the_answer_in_one_sentence(name: str, index: object, words: str) -> None:
    found = told(stood(), name, index)  # pyright: ignore[reportArgumentType]
    assert words in found.problem
    assert not found.parts
    with pytest.raises(ValueError, match="there is"):
        stood().why("conv1.bias.grad", 6)


def test_a_place_below_0_is_counted_from_the_end_as_in_pytorch() -> None:
    session = stood()
    for written, meant in ((-1, (5,)), ((-1,), (5,)), ((-6,), (0,))):
        found = told(session, "conv1.bias.grad", written)
        assert (found.index, found.value) == (meant, told(session, "conv1.bias.grad", meant).value)
    assert told(session, "conv1.weight.grad", (-1, 0, -3, 1)).index == (5, 0, 0, 1)


def test_only_so_many_terms_are_told() -> None:
    with pytest.raises(ValueError, match="from 1 to 1,000 terms"):
        told(stood(), "relu", 0, limit=0)


def test_what_is_given_or_learned_ends_a_walk() -> None:
    session = stood()
    for name in ("input", "target", "conv1.weight"):
        found = told(session, name)
        assert not found.adds
        assert not found.parts
        assert found.note
