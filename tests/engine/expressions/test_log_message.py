"""Log messages of breakpoints: their expressions are filled in, short enough to read."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lenet_gui.engine.expressions.expression import ExpressionError, NotYet
from lenet_gui.engine.expressions.log_message import parse_message

VALUES: dict[str, Tensor | float | None] = {
    "loss": torch.tensor(0.42131),
    "step": 123456,
    "conv1.bias": torch.tensor([0.5, -1.0, 1 / 3]),
    "output": torch.zeros(16, 10),
    "fc2.bias.grad": None,
}


def lookup(name: str) -> Tensor | float | None:
    if name == "later":
        raise NotYet(name)
    return VALUES[name]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss {loss} in step {step}", "loss 0.4213 in step 123456"),
        ("{loss * 1e-9} und größer", "4.213e-10 und größer"),
        ("{{{loss}}} }}{{", "{0.4213} }{"),
        ("{conv1.bias} {conv1.bias[:1].abs().max()}", "[0.5, -1, 0.3333] 0.5"),
        ("{output}, {output.shape}", "a tensor of [16, 10], [16, 10]"),
        ("{fc2.bias.grad} {later + 1}", "None not yet computed"),
        ("{1 / 0} {0 * (1 / 0)} {-1e20}", "inf nan -1e+20"),
        ("", ""),
    ],
)
def test_a_message_with_its_numbers(text: str, expected: str) -> None:
    assert parse_message(text).text(lookup) == expected


def test_the_names_of_all_its_expressions() -> None:
    assert parse_message("{loss > lr} at {step}").names == {"loss", "lr", "step"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("loss {loss", "a { stands alone: write {expression}, or {{ for a brace"),
        ("loss }", "a } stands alone: write {expression}, or }} for a brace"),
        ("{a {b}}", "a { stands alone: write {expression}, or {{ for a brace"),
        ("{}", "there is no expression: write something such as loss > 2"),
        ("{loss.__class__}", "__class__ begins with an underscore, which is not allowed in a name"),
        ("x" * 501, "a log message has at most 500 characters, and this has 501"),
    ],
)
def test_what_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse_message(text)
    assert str(refused.value) == sentence


def test_an_expression_without_a_value_says_why() -> None:
    with pytest.raises(ExpressionError, match="there is no lr"):
        parse_message("{lr}").text(lookup)
