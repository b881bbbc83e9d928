"""The share of each sample of a batch in one number of a parameter's gradient."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from lenet_gui.engine.trial.batch_loss import BatchLoss

BATCH_NORM = (
    "Batch norm in train mode takes its mean and variance from the whole batch, so the samples are not independent: "
    "a share is what this number does to that sample's loss, with what it does to the batch's statistics included."
)
OTHERS = (
    "This model lets the samples of a batch depend on each other: a share is what this number does to that sample's "
    "loss, by way of the other samples too."
)


def shares(batch: BatchLoss, name: str, index: int, dtype: torch.dtype | None = None) -> Tensor:
    """[N] in double precision: d loss_i / d w for number `index` (flat) of a parameter, where sum(loss_i) is the loss.

    `dtype` is the precision to compute in, the model's own without one: there each ReLU and each maximum decides as it
    did in the run. Raises what the model raises.
    """
    value = batch.parameters[name] if dtype is None else batch.parameters[name].to(dtype)
    value = value.clone().requires_grad_()
    with batch.at_work(), torch.enable_grad():
        losses = batch.of_samples(batch.output({**batch.parameters, name: value}, dtype))
        if not losses.requires_grad:
            return torch.zeros(len(losses), dtype=torch.double)
        try:
            found = _all_at_once(losses, value, index)
        except RuntimeError:
            # An operation of the model's own whose backward has none itself.
            losses = batch.of_samples(batch.output({**batch.parameters, name: value}, dtype))
            found = _one_by_one(losses, value, index)
    return found.double().cpu()


def _all_at_once(losses: Tensor, value: Tensor, index: int) -> Tensor:
    """The gradient is linear in what each loss counts for: its own gradient by these weights is a row of shares."""
    weights = torch.zeros_like(losses, requires_grad=True)
    (gradient,) = torch.autograd.grad(losses, value, weights, create_graph=True)
    (found,) = torch.autograd.grad(gradient.reshape(-1)[index], weights)
    return found


def _one_by_one(losses: Tensor, value: Tensor, index: int) -> Tensor:
    rows = [torch.autograd.grad(one, value, retain_graph=True)[0].reshape(-1)[index] for one in losses]
    return torch.stack(rows)


def mixed(batch: BatchLoss) -> str:
    """Whether the samples of the batch depend on each other, in words; empty where they do not."""
    if batch.samples < 2:
        return ""
    try:
        depend = _depend(batch)
    except RuntimeError:
        depend = True  # it cannot be told; then rather say so
    if not depend:
        return ""
    norms = any(isinstance(one, _BatchNorm) and one.training for one in batch.model.modules())
    return BATCH_NORM if norms else OTHERS


def _depend(batch: BatchLoss) -> bool:
    """Whether the losses of the first half of the batch change with a sample of the second half."""
    given = batch.input().requires_grad_()
    half = batch.samples // 2
    with batch.at_work(), torch.enable_grad():
        # A copy, because some models write into their input.
        losses = batch.of_samples(batch.output(batch.parameters, batch=given.clone()))
        (gradient,) = torch.autograd.grad(losses[:half].sum(), given)
    return bool(gradient[half:].any())
