"""Watches and conditions: an expression gives what PyTorch gives, reads only what it names, and says what is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy

from lenet_gui.engine.expressions.expression import ExpressionError, NotYet, parse, truth
from lenet_gui.engine.net import Net

torch.manual_seed(3)
relu_1 = torch.relu(torch.randn(4, 6, 8, 8))
output = torch.randn(4, 10, requires_grad=True) * 2
target = torch.tensor([3, 1, 4, 1])
loss = cross_entropy(output, target)
fc1 = Net().fc1
weight = fc1.weight.detach()
grad = torch.randn(6)

VALUES: dict[str, Tensor | float | None] = {
    "loss": loss,
    "step": 300,
    "lr": 0.05,
    "relu_1": relu_1,
    "output": output,
    "target": target,
    "conv1.bias.grad": grad,
    "fc1.weight": fc1.weight,
    "fc2.bias.grad": None,
    "layers.0.weight": weight[:3],
    "layers.0.1.norm.weight": weight[:2],
    "norm.mean": weight[:4],
}


def lookup(name: str) -> Tensor | float | None:
    if name == "later":
        raise NotYet(name)
    return VALUES[name]


def value(text: str) -> Tensor | float | None:
    return parse(text).value(lookup)


def refusal(text: str) -> str:
    with pytest.raises(ExpressionError) as refused:
        value(text)
    return str(refused.value)


def same(found: Tensor | float | None, expected: Tensor | float) -> bool:
    """To the bit: a tensor in its dtype (a comparison's as float32), one number as the float that it is."""
    if not isinstance(expected, Tensor):
        return isinstance(found, float) and (found == expected or (math.isnan(found) and math.isnan(expected)))
    if expected.ndim == 0:
        return same(found, float(expected.detach()))
    expected = expected.float() if expected.dtype == torch.bool else expected
    return isinstance(found, Tensor) and found.dtype == expected.dtype and torch.equal(found, expected)


PLAIN: dict[str, Callable[[], Tensor | float]] = {
    "loss > 2 and step > 100": lambda: float(loss > 2),
    "conv1.bias.grad.norm() < 1e-6": lambda: grad.norm() < 1e-6,
    "(relu_1 == 0).mean()": lambda: (relu_1 == 0).float().mean(),
    "fc1.weight[0, :10].abs().max()": lambda: weight[0, :10].abs().max(),
    "output.argmax(1)[3]": lambda: output.argmax(1)[3],
    "step % 100 == 0": lambda: 1.0,
    "not isfinite(loss)": lambda: 0.0,
    "loss * 3 - lr": lambda: loss * 3 - 0.05,
    "loss": lambda: loss,
    "-loss ** 2": lambda: -(loss**2),
    "+output / 3": lambda: output / 3,
    "2 ** output": lambda: 2**output,
    "output // 0.3 + output % 0.3": lambda: output // 0.3 + output % 0.3,
    "step // 7 + step / 7": lambda: 300 // 7 + 300 / 7,
    "-1 < output <= 1": lambda: (output > -1) & (output <= 1),
    "0 < lr < 1 != 2": lambda: 1.0,
    "output.argmax(dim=1) == target": lambda: output.argmax(1) == target,
    "(output.argmax(1) == target).mean()": lambda: (output.argmax(1) == target).float().mean(),
    "loss if step > 1000 else lr": lambda: 0.05,
    "loss > 100 or step < 0": lambda: 0.0,
    "output[0, target[0]]": lambda: output[0, 3],
    "output[..., -1]": lambda: output[..., -1],
    "output[1:, ::3]": lambda: output[1:, ::3],
    "output[step - 299]": lambda: output[1],
    "relu_1.shape[1]": lambda: 6.0,
    "relu_1[0].shape": lambda: torch.tensor([6, 8, 8]),
    "len(output) + len(output.shape)": lambda: 6.0,
    "relu_1.numel()": lambda: 4.0 * 6 * 8 * 8,
    "layers[0].weight[1]": lambda: weight[1],
    "layers[0][1].norm.weight.norm()": lambda: weight[:2].norm(),
    "norm.mean.mean()": lambda: weight[:4].mean(),
    "norm(output)": lambda: output.norm(),
    "output.norm(1)": lambda: output.norm(1),
    "output.norm(p=3, dim=1, keepdim=True)": lambda: output.norm(p=3, dim=1, keepdim=True),
    "relu_1.mean((0, 2, 3))": lambda: relu_1.mean((0, 2, 3)),
    "relu_1.mean(dim=-1, keepdim=True)": lambda: relu_1.mean(dim=-1, keepdim=True),
    "output.sum(0)": lambda: output.sum(0),
    "sum(output)": lambda: output.sum(),
    "sum(target)": lambda: 9.0,
    "target.mean()": lambda: 2.25,
    "output.max() - min(output)": lambda: output.max() - output.min(),
    "output.max(1)": lambda: output.max(1).values,
    "output.min(dim=0, keepdim=True)": lambda: output.min(dim=0, keepdim=True).values,
    "max(output, 0)": lambda: output.clamp(min=0),
    "max(loss, 1000)": lambda: 1000.0,
    "min(lr, step)": lambda: 0.05,
    "output.std()": lambda: output.std(),
    "output.var(1)": lambda: output.var(1),
    "loss.std()": lambda: math.nan,
    "output.median() + output.median(1)[0]": lambda: output.median() + output.median(1).values[0],
    "relu_1.sqrt() + exp(output[0, 0])": lambda: relu_1.sqrt() + output[0, 0].exp(),
    "log(relu_1)": lambda: relu_1.log(),
    "relu_1.log10()": lambda: relu_1.log10(),
    "output.square().sign()": lambda: output.square().sign(),
    "(output > 3).any()": lambda: (output > 3).any(),
    "(output > -100).all(1)": lambda: (output > -100).all(1),
    "output.argmin()": lambda: output.argmin(),
    "isnan(output)": lambda: output.isnan(),
    "log(relu_1).isinf().sum()": lambda: relu_1.log().isinf().sum(),
    "output.clamp(-1, max=0.5)": lambda: output.clamp(-1, 0.5),
    "relu_1.flatten(1).t()": lambda: relu_1.flatten(1).t(),
    "output[0].flatten()[2].item()": lambda: output[0, 2],
    "target.float() / 2": lambda: target.float() / 2,
    "abs(-step)": lambda: 300.0,
    "step.sqrt()": lambda: math.sqrt(300),
    "1 / 0 - 1": lambda: math.inf,
    "step % 0": lambda: math.nan,
    "(-8) ** (1 / 3)": lambda: math.nan,
    "9**9**9**9": lambda: math.inf,
    "1or 2": lambda: 1.0,
    " loss  # in this batch": lambda: loss,
}


@pytest.mark.parametrize("text", PLAIN)
def test_an_expression_is_what_plain_torch_gives(text: str) -> None:
    assert same(value(text), PLAIN[text]())


LEAVES = st.sampled_from(["output", "loss", "relu_1", "output[0]", "relu_1[0, 0, 0]", "2", "0.5", "-3", "1e-3"])
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map("({0[0]} {0[1]} {0[2]})".format)
        # A tensor's power: of two numbers Python makes a complex one, which is nan in an expression.
        | st.tuples(inner, inner).map("((loss * 0 + {0[0]}) ** {0[1]})".format)
        | st.tuples(inner, st.sampled_from(["abs", "exp", "sqrt", "square", "mean", "norm", "t", "sign", "max"])).map(
            "(output * 1 - {0[0]}).{0[1]}()".format
        )
        | inner.map("(-{})".format)
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(TREES)
def test_any_formula_is_what_plain_torch_gives(text: str) -> None:
    try:
        expected = eval(text, {name: value for name, value in VALUES.items() if isinstance(value, Tensor)})
    except (RuntimeError, ZeroDivisionError, OverflowError):
        return
    found, expected = torch.as_tensor(value(text)), torch.as_tensor(expected)
    assert torch.equal(found.double().nan_to_num(7), expected.double().nan_to_num(7))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("loss > 2 and step > 100", {"loss", "step"}),
        ("conv1.bias.grad.norm() < 1e-6", {"conv1.bias.grad"}),
        ("(relu_1 == 0).mean()", {"relu_1"}),
        ("layers[0].weight[2].norm() + layers[0].norm()", {"layers.0.weight", "layers"}),
        ("norm.weight.norm() + mean(mean)", {"norm.weight", "mean"}),
        ("x.shape[0] if y else z[t]", {"x", "y", "z", "t"}),
        ("shape.weight", {"shape.weight"}),
        ("data.weight + T.grad", {"data.weight", "T.grad"}),
        ("1 + 1", set[str]()),
    ],
)
def test_the_names_that_are_read(text: str, names: set[str]) -> None:
    assert parse(f" {text} ").names == names
    assert parse(f" {text} ").text == text


def test_what_is_not_yet_computed_says_so_and_only_where_it_is_needed() -> None:
    for text in ("later", "later.norm() + 1", "loss > 0 and later > 0"):
        with pytest.raises(NotYet):
            value(text)
    assert value("loss < 0 and later > 0") == 0
    assert value("lr if loss > 0 else later") == 0.05


def test_a_gradient_that_is_not_there_is_none_and_cannot_be_calculated_with() -> None:
    assert value("fc2.bias.grad") is None
    for text in (
        "fc2.bias.grad.norm()",
        "fc2.bias.grad + 1",
        "-fc2.bias.grad",
        "not fc2.bias.grad",
        "fc2.bias.grad[0]",
    ):
        assert refusal(text) == "fc2.bias.grad is None: no gradient"


def test_a_name_that_there_is_not_is_named() -> None:
    assert refusal("conv9.bias.norm() > 1") == "there is no conv9.bias"


def test_other_errors_of_a_lookup_are_not_hidden() -> None:
    def broken(name: str) -> float:
        raise RuntimeError("the file is gone")

    with pytest.raises(RuntimeError, match="the file is gone"):
        parse("loss + 1").value(broken)


def test_errors_of_torch_become_one_sentence() -> None:
    assert refusal("output[7]") == "index 7 is out of bounds for dimension 0 with size 4"
    assert "must match the size" in refusal("output + relu_1")
    assert "must match the size" in refusal("output < relu_1")
    assert "Dimension out of range" in refusal("relu_1.mean(9)")
    assert "2" in refusal("relu_1.t()")
    assert "Scalar" in refusal("output.item()")
    assert "step must be greater than zero" in refusal("output[::-1]")
    assert refusal("output[0.5]") == "an index is a whole number, not 0.5"
    assert refusal("step[0]") == "one number has nothing to index with [ ]"


def test_a_condition_is_one_number() -> None:
    assert truth(value("loss > 0"))
    assert not truth(value("loss < 0"))
    assert truth(torch.tensor([2.0]))
    with pytest.raises(ExpressionError, match=r"a tensor of \[4, 10\]: use \.any\(\) or \.all\(\)"):
        truth(value("output > 0"))
    with pytest.raises(ExpressionError, match="None"):
        truth(value("fc2.bias.grad"))
    for text in ("not output", "output and 1", "1 if output else 2"):
        assert ".any()" in refusal(text)


@pytest.mark.parametrize("text", ["fc1.weight", "fc1.weight[0]", "fc1.weight.t()", "+fc1.weight", "fc1.weight.float()"])
def test_a_result_is_cut_off_from_the_model(text: str) -> None:
    before = weight.clone()
    found = value(text)
    assert isinstance(found, Tensor)
    assert not found.requires_grad
    found.zero_()
    assert torch.equal(weight, before)


SPECIAL: dict[str, Tensor] = {
    "huge": torch.ones(1).expand(20_000_000),
    "tall": torch.ones(5000, 1),
    "wide": torch.ones(1, 5000),
    "mask": torch.tensor([True, False, True]),
    "sparse": torch.tensor([[0.0, 2.0], [0.0, 0.0]]).to_sparse(),
    "wave": torch.ones(2, dtype=torch.complex64),
    "lowest": torch.tensor([torch.iinfo(torch.int64).min]),
    "minus": torch.tensor([-1]),
    "pixels": torch.tensor([16, 200], dtype=torch.uint8),
    "half": torch.ones(3, dtype=torch.bfloat16),
}


@pytest.mark.parametrize(
    "text", ["huge", "huge * 2", "huge > 1", "tall * wide", "tall == wide", "max(tall, wide)", "-huge", "exp(huge)"]
)
def test_what_would_be_too_large_is_refused_before_it_is_made(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"would make 2\d,000,000 numbers, more than 16,000,000"):
        parse(text).value(SPECIAL.__getitem__)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("huge.sum()", 2e7),
        ("huge[3:9].numel()", 6.0),
        ("huge[:5000].flatten().numel() + tall.t().numel()", 10_000.0),
        ("mask.mean()", float(torch.tensor(2 / 3))),
        ("sparse.sum()", 2.0),
        ("(lowest // minus)[0]", 2.0**63),
        ("(lowest % minus)[0]", 0.0),
        ("(pixels * pixels)[1]", 40_000.0),
        ("(-pixels)[1]", -200.0),
        ("pixels.square().max()", 40_000.0),
        ("half.sum()", 3.0),
    ],
)
def test_tensors_of_every_kind(text: str, expected: float) -> None:
    assert parse(text).value(SPECIAL.__getitem__) == expected


def test_complex_numbers_are_refused() -> None:
    with pytest.raises(ExpressionError, match=r"wave holds torch\.complex64 numbers"):
        parse("wave.abs()").value(SPECIAL.__getitem__)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is no expression: write something such as loss > 2"),
        ("loss = 2", "a single = is not allowed: write == to compare"),
        ("loss > 2 & step > 3", "& is not allowed: write and, or * between comparisons of tensors"),
        ("loss × 2", r"'\xd7' is not allowed: an expression is one line of plain (ASCII) characters"),
        ("output.maen()", ".maen() is not allowed: did you mean mean()?"),
        ("fc1.weight.zero_()", ".zero_() is not allowed: it changes a tensor, and an expression only reads"),
        ("loss.data", ".data is not allowed: a name alone is the value, and .grad its gradient"),
        ("loss.__class__", "__class__ begins with an underscore, which is not allowed in a name"),
        ("(loss + 1).grad", ".grad is not allowed here: after a value stand methods, with ()"),
        ("output.mean(axis=1)", ".mean() takes no argument axis here: it takes dim and keepdim, each once"),
        ("output.mean(1, dim=1)", ".mean() takes no argument dim here: it takes dim and keepdim, each once"),
        ("output.abs(1)", ".abs() takes 0 arguments and was given 1"),
        ("output.mean(dim=step)", "dim is given as a plain number, such as dim=1"),
        ("output.mean(1, 1)", "keepdim is True or False"),
        ("mean(output, dim=1)", "mean() takes one argument; a method takes more, as in x.mean(dim=0)"),
        ("9007199254740993", "a whole number is at most 9,007,199,254,740,992: write a larger one as 1e20"),
        ("None", "None is not allowed: an expression is of numbers and tensors"),
    ],
)
def test_a_refusal_says_what_to_write(text: str, sentence: str) -> None:
    assert refusal(text) == sentence
