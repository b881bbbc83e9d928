"""Texts that try to get out of an expression, to write, or to take for ever: refused in one line, nothing changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lenet_gui.engine.expressions.expression import ExpressionError, parse
from lenet_gui.engine.expressions.methods import FUNCTIONS, METHODS
from tests.engine.expressions.hostile import HOSTILE, WRITTEN

TENSORS: dict[str, Tensor] = {
    "loss": (torch.ones(2, requires_grad=True) * 2).sum(),
    "output": torch.linspace(-1, 1, 12).reshape(3, 4),
    "target": torch.tensor([1, 0, 2]),
    "conv1.weight": torch.nn.Parameter(torch.linspace(-2, 2, 8).reshape(2, 1, 2, 2)),
    "wide": torch.ones(1, 5000),
    "tall": torch.ones(5000, 1),
}


VALUES: dict[str, Tensor | float | None] = {**TENSORS, "step": 7.0, "nothing.grad": None}


@pytest.fixture(autouse=True)
def nothing_changes() -> Iterator[None]:
    before = _everything()
    yield
    assert _everything() == before


def _everything() -> object:
    tensors = [(x.detach().numpy().tobytes(), x._version, x.shape, x.requires_grad) for x in TENSORS.values()]
    return tensors, torch.get_rng_state().tolist(), torch.is_grad_enabled()


def check_sentence(error: ExpressionError) -> None:
    sentence = str(error)
    assert sentence
    assert len(sentence) < 200
    assert sentence.isprintable()


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) > 2000
    assert len(WRITTEN) > 200


@pytest.mark.parametrize("start", range(0, len(HOSTILE), 100))
def test_hostile_expressions_are_refused_with_a_sentence(start: int) -> None:
    got_through = []
    for text in HOSTILE[start : start + 100]:
        try:
            got_through.append((text, parse(text).value(VALUES.__getitem__)))
        except ExpressionError as error:
            check_sentence(error)
    assert got_through == []


@pytest.mark.parametrize(
    "text",
    ["9**9**9**9", "-(9.9**999)", "1e999", "0 ** -1", "(-8) ** 0.5", "1 // 0", "step % 0", "(step * 1e308) ** 9"],
)
def test_what_only_looks_costly_is_an_ordinary_number(text: str) -> None:
    assert isinstance(parse(text).value(VALUES.__getitem__), float)


TOKENS = [
    *(
        "loss",
        "step",
        "output",
        "target",
        "conv1.weight",
        "nothing.grad",
        "wide",
        "tall",
        "1",
        "0",
        "2.5",
        "-1",
        "1e-6",
    ),
    *("+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "!=", "and", "or", "not", "if", "else", "(", ")", "[", "]"),
    *(
        ",",
        ":",
        ".",
        "=",
        "...",
        "lambda",
        "for",
        "in",
        "is",
        "None",
        "True",
        "await",
        "yield",
        ":=",
        "'",
        '"',
        "f'",
        "{",
        "}",
    ),
    *(
        "__class__",
        "_x",
        "shape",
        ".grad",
        ".data",
        "dim=",
        "keepdim=True",
        "\n",
        "\0",
        "é",
        "&",
        "~",
        "@",
        "import",
        "open(",
    ),
    *(f".{name}(" for name in METHODS),
    *(f"{name}(" for name in FUNCTIONS),
]


@settings(max_examples=500)
@given(st.lists(st.sampled_from(TOKENS), max_size=25), st.sampled_from(["", " "]))
def test_any_heap_of_tokens_has_a_value_or_is_refused(tokens: list[str], between: str) -> None:
    check_any(between.join(tokens))


@settings(max_examples=500)
@given(st.text(max_size=600))
def test_any_text_has_a_value_or_is_refused(text: str) -> None:
    check_any(text)


ARGUMENTS = st.sampled_from(
    ["", "0", "-1", "1", "dim=0", "dim=(0, 1)", "1, True", "dim=-1, keepdim=True", "9", "0.5", "2**70"]
)
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "<", ">=", "==", "!=", "and", "or", "if step else", "< 1 <"]
WELL_FORMED = st.recursive(
    st.sampled_from(
        ["loss", "step", "output", "target", "conv1.weight", "nothing.grad", "wide", "tall", "0", "1e308", "-1"]
    ),
    lambda inner: (
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map("({0[0]} {0[1]} {0[2]})".format)
        | st.tuples(inner, st.sampled_from(sorted(METHODS)), ARGUMENTS).map("({0[0]}).{0[1]}({0[2]})".format)
        | st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner).map("{0[0]}({0[1]})".format)
        | st.tuples(inner, inner, inner).map("({0[0]})[{0[1]}, {0[2]}:]".format)
        | st.tuples(st.sampled_from(["max", "min"]), inner, inner).map("{0[0]}({0[1]}, {0[2]})".format)
        | inner.map("(not {})".format)
        | inner.map("({}).shape".format)
    ),
    max_leaves=10,
)


@settings(max_examples=500)
@given(WELL_FORMED)
def test_any_well_formed_expression_has_a_value_or_is_refused(text: str) -> None:
    check_any(text)


def check_any(text: str) -> None:
    before = _everything()
    try:
        value = parse(text).value(VALUES.__getitem__)
    except ExpressionError as error:
        check_sentence(error)
    else:
        assert value is None or isinstance(value, float) or (isinstance(value, Tensor) and value.grad_fn is None)
        assert not isinstance(value, Tensor) or not any(shares(value, tensor) for tensor in TENSORS.values())
    assert _everything() == before


def shares(one: Tensor, other: Tensor) -> bool:
    return one.numel() > 0 and one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
