"""The optimizer's arithmetic for one number, line by line, in PyTorch's own operations and order.

A kernel gives one number the same bits as it gives it among a million, so that the result is PyTorch's to the last
bit. The order is that of `_single_tensor_sgd`, `_single_tensor_adam` and `_single_tensor_rmsprop` in `torch.optim`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer, RMSprop

from lenet_gui.protocol.moved import ArithmeticLine

_NAME = re.compile(r"[a-z_]\w*")
_FUNCTIONS = ("sqrt", "max")

State = Mapping[str, Tensor | None]


@torch.no_grad()
def arithmetic(
    optimizer: Optimizer, value: Tensor, gradient: Tensor, state: State
) -> tuple[tuple[ArithmeticLine, ...], Tensor]:
    """How the optimizer's next step moves one number: the lines, and the new value.

    `value` and `gradient` have one number each, and `state` is what the optimizer keeps for it, empty before its first
    step. None of them is changed. Raises ValueError for an optimizer whose arithmetic is not known here.
    """
    rule = next((rule for kind, rule in _RULES.items() if isinstance(optimizer, kind)), None)
    if rule is None:
        raise ValueError(f"the arithmetic of {type(optimizer).__name__} is not known line by line")
    sheet = _Sheet()
    group = {name: option.item() if isinstance(option, Tensor) else option for name, option in _group(optimizer)}
    taken = -gradient if group["maximize"] else gradient.clone()
    sheet.note("what the backward left", "gradient", "-grad" if group["maximize"] else "grad", taken, grad=gradient)
    after = rule(sheet, group, value.clone(), taken, {key: kept for key, kept in state.items() if kept is not None})
    return tuple(sheet.lines), after


def _group(optimizer: Optimizer) -> list[tuple[str, Any]]:
    return [(name, option) for name, option in optimizer.param_groups[0].items() if name != "params"]


class _Sheet:
    """The lines as they are written."""

    def __init__(self) -> None:
        self.lines: list[ArithmeticLine] = []

    def note(self, about: str, name: str, formula: str, result: Tensor | float, **known: Tensor | float) -> None:
        """`known` are the numbers that stand for the names in the formula."""

        def number(found: re.Match[str]) -> str:
            name = found.group()
            if name in _FUNCTIONS:
                return name
            text = digits(known[name])
            return f"({text})" if text.startswith("-") and found.start() else text

        numbers = _NAME.sub(number, formula)
        value = result.item() if isinstance(result, Tensor) else result
        self.lines.append(ArithmeticLine(about, name, formula, numbers, value, digits(result)))


def digits(number: Tensor | float) -> str:
    """The fewest digits that give a tensor's number back; ten of a number of Python's."""
    if isinstance(number, Tensor):
        value = number.item()
        return str(np.float32(value)) if number.dtype == torch.float32 else f"{value:.10g}"
    return f"{number:.10g}"


def _sgd(sheet: _Sheet, group: dict[str, Any], weight: Tensor, gradient: Tensor, state: dict[str, Tensor]) -> Tensor:
    lr, momentum, dampening = group["lr"], group["momentum"], group["dampening"]
    gradient = _coupled_decay(sheet, group["weight_decay"], weight, gradient)
    direction, name = gradient, "gradient"
    if momentum:
        before = state.get("momentum_buffer")
        if before is None:
            buffer = gradient.clone()
            sheet.note("first step: the buffer begins as", "momentum_buffer", "gradient", buffer, gradient=gradient)
        else:
            buffer = before.mul(momentum).add_(gradient, alpha=1 - dampening)
            known = {"momentum": momentum, "momentum_buffer": before, "gradient": gradient}
            share = "(1 - dampening) * gradient" if dampening else "gradient"
            formula = f"momentum * momentum_buffer + {share}"
            sheet.note("momentum", "momentum_buffer", formula, buffer, dampening=dampening, **known)
        direction, name = buffer, "momentum_buffer"
        if group["nesterov"]:
            direction, name = gradient.add(buffer, alpha=momentum), "direction"
            formula = "gradient + momentum * momentum_buffer"
            known = {"gradient": gradient, "momentum": momentum, "momentum_buffer": buffer}
            sheet.note("Nesterov looks ahead", "direction", formula, direction, **known)
    after = weight.add(direction, alpha=-lr)
    sheet.note("the step", "weight", f"weight - lr * {name}", after, weight=weight, lr=lr, **{name: direction})
    return after


def _adam(sheet: _Sheet, group: dict[str, Any], weight: Tensor, gradient: Tensor, state: dict[str, Tensor]) -> Tensor:
    lr, (beta1, beta2), eps = group["lr"], group["betas"], group["eps"]
    t = int(state["step"].item()) + 1 if "step" in state else 1
    if group.get("decoupled_weight_decay"):
        weight = _decoupled_decay(sheet, group["weight_decay"], lr, weight)
    else:
        gradient = _coupled_decay(sheet, group["weight_decay"], weight, gradient)
    mean, square = _kept(state, "exp_avg", weight), _kept(state, "exp_avg_sq", weight)
    exp_avg = mean.lerp(gradient, 1 - beta1)
    formula = "exp_avg + (1 - beta1) * (gradient - exp_avg)"
    sheet.note("average gradient", "exp_avg", formula, exp_avg, exp_avg=mean, beta1=beta1, gradient=gradient)
    exp_avg_sq = square.mul(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    formula = "beta2 * exp_avg_sq + (1 - beta2) * gradient * gradient"
    known = {"beta2": beta2, "exp_avg_sq": square, "gradient": gradient}
    sheet.note("average square", "exp_avg_sq", formula, exp_avg_sq, **known)
    correction1, correction2 = 1 - beta1**t, 1 - beta2**t
    step_size, root = lr / correction1, correction2**0.5
    sheet.note("bias correction of the average", "step_size", "lr / (1 - beta1**t)", step_size, lr=lr, beta1=beta1, t=t)
    sheet.note("and of the square", "correction", "sqrt(1 - beta2**t)", root, beta2=beta2, t=t)
    name = "exp_avg_sq"
    if group["amsgrad"]:
        largest, name = _kept(state, "max_exp_avg_sq", weight), "max_exp_avg_sq"
        latest, exp_avg_sq = exp_avg_sq, torch.maximum(largest, exp_avg_sq)
        known = {"max_exp_avg_sq": largest, "exp_avg_sq": latest}
        sheet.note("AMSGrad: the largest so far", name, "max(max_exp_avg_sq, exp_avg_sq)", exp_avg_sq, **known)
    denom = (exp_avg_sq.sqrt() / root).add_(eps)
    known = {name: exp_avg_sq, "correction": root, "eps": eps}
    sheet.note("the divisor", "denom", f"sqrt({name}) / correction + eps", denom, **known)
    after = weight.addcdiv(exp_avg, denom, value=-step_size)
    known = {"weight": weight, "step_size": step_size, "exp_avg": exp_avg, "denom": denom}
    sheet.note("the step", "weight", "weight - step_size * exp_avg / denom", after, **known)
    return after


def _rmsprop(
    sheet: _Sheet, group: dict[str, Any], weight: Tensor, gradient: Tensor, state: dict[str, Tensor]
) -> Tensor:
    lr, alpha, eps, momentum = group["lr"], group["alpha"], group["eps"], group["momentum"]
    gradient = _coupled_decay(sheet, group["weight_decay"], weight, gradient)
    square = _kept(state, "square_avg", weight)
    square_avg = square.mul(alpha).addcmul_(gradient, gradient, value=1 - alpha)
    formula = "alpha * square_avg + (1 - alpha) * gradient * gradient"
    sheet.note("average square", "square_avg", formula, square_avg, alpha=alpha, square_avg=square, gradient=gradient)
    if group["centered"]:
        mean = _kept(state, "grad_avg", weight)
        grad_avg = mean.lerp(gradient, 1 - alpha)
        formula = "grad_avg + (1 - alpha) * (gradient - grad_avg)"
        sheet.note("average gradient", "grad_avg", formula, grad_avg, grad_avg=mean, alpha=alpha, gradient=gradient)
        avg = square_avg.addcmul(grad_avg, grad_avg, value=-1).sqrt_().add_(eps)
        formula = "sqrt(square_avg - grad_avg * grad_avg) + eps"
        sheet.note("the divisor, centered", "avg", formula, avg, square_avg=square_avg, grad_avg=grad_avg, eps=eps)
    else:
        avg = square_avg.sqrt().add_(eps)
        sheet.note("the divisor", "avg", "sqrt(square_avg) + eps", avg, square_avg=square_avg, eps=eps)
    if momentum > 0:
        before = _kept(state, "momentum_buffer", weight)
        buffer = before.mul(momentum).addcdiv_(gradient, avg)
        known = {"momentum": momentum, "momentum_buffer": before, "gradient": gradient, "avg": avg}
        sheet.note("momentum", "momentum_buffer", "momentum * momentum_buffer + gradient / avg", buffer, **known)
        after = weight.add(buffer, alpha=-lr)
        known = {"weight": weight, "lr": lr, "momentum_buffer": buffer}
        sheet.note("the step", "weight", "weight - lr * momentum_buffer", after, **known)
        return after
    after = weight.addcdiv(gradient, avg, value=-lr)
    known = {"weight": weight, "lr": lr, "gradient": gradient, "avg": avg}
    sheet.note("the step", "weight", "weight - lr * gradient / avg", after, **known)
    return after


def _coupled_decay(sheet: _Sheet, decay: float, weight: Tensor, gradient: Tensor) -> Tensor:
    if not decay:
        return gradient
    found = gradient.add(weight, alpha=decay)
    known = {"gradient": gradient, "weight_decay": decay, "weight": weight}
    sheet.note("weight decay, in the gradient", "gradient", "gradient + weight_decay * weight", found, **known)
    return found


def _decoupled_decay(sheet: _Sheet, decay: float, lr: float, weight: Tensor) -> Tensor:
    if not decay:
        return weight
    found = weight.mul(1 - lr * decay)
    known = {"weight": weight, "lr": lr, "weight_decay": decay}
    sheet.note("weight decay, apart from the gradient", "weight", "weight * (1 - lr * weight_decay)", found, **known)
    return found


def _kept(state: dict[str, Tensor], name: str, like: Tensor) -> Tensor:
    """These begin as zeros, where a momentum buffer of SGD begins as the first gradient."""
    return state.get(name, torch.zeros_like(like))


_RULES = {SGD: _sgd, Adam: _adam, RMSprop: _rmsprop}
