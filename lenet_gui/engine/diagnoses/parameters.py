"""Parameters that cannot learn: no gradient comes to them, or no optimizer holds them."""

from __future__ import annotations

from collections.abc import Iterator

from lenet_gui.engine.diagnoses.moment import Moment, counted, listed
from lenet_gui.protocol.diagnoses import Diagnosis, Show


def look(moment: Moment) -> Iterator[Diagnosis]:
    """A parameter with `requires_grad` false is left out: it was frozen on purpose."""
    yield from _no_gradient(moment)
    yield from _not_held(moment)


def _no_gradient(moment: Moment) -> Iterator[Diagnosis]:
    backward = moment.finished("backward")
    if backward is None or ("of", "output") in backward.command.arguments:
        return
    without = [name for name in moment.parameters if moment.received(backward, name) is None]
    if not without or len(without) == len(moment.parameters):
        return
    used = {name for operation in moment.trace.operations for name in operation.tensors}
    unused = [name for name in without if name not in used]
    numbers = sum(moment.parameters[name].numel() for name in without)
    cut = listed([name for name in without if name in used], 6)
    rows = (
        ("without a gradient", listed(without, 6)),
        ("numbers in them", f"{numbers:,}"),
        (
            "used by this forward",
            cut or "none of them",
        ),
    )
    first = without[0]
    if first in unused:
        cause = (
            "The forward never uses it, so the loss does not depend on it. A layer that is made in __init__ and not "
            "called in forward looks just so."
        )
        code = f"x = self.{first.rpartition('.')[0] or first}(x)  # in forward, or remove the layer"
    else:
        cause = (
            "The forward uses it, but the graph is cut behind it: detach(), .data, .item(), numpy() or torch.no_grad() "
            "leave nothing to go back through."
        )
        code = "with torch.enable_grad():  # and no .detach(), .data or .item() between it and the loss"
    yield Diagnosis(
        "no_gradient",
        f"{listed(without, 2)} get{'s' if len(without) == 1 else ''} no gradient",
        f"The backward came to {len(moment.parameters) - len(without)} of {len(moment.parameters)} parameters; "
        f".grad of {counted(len(without), 'parameter')} with {numbers:,} numbers was not written.",
        rows,
        cause,
        code,
        Show(tensor=first, part="grad"),
    )


def _not_held(moment: Moment) -> Iterator[Diagnosis]:
    optimizer = moment.session.optimizer
    held = {id(one) for group in optimizer.param_groups for one in group["params"]}
    without = [name for name, one in moment.parameters.items() if id(one) not in held]
    if not without:
        return
    numbers = sum(moment.parameters[name].numel() for name in without)
    total = sum(one.numel() for one in moment.parameters.values())
    yield Diagnosis(
        "not_held",
        f"The optimizer does not hold {listed(without, 2)}",
        f"{len(without)} of {len(moment.parameters)} parameters, {numbers:,} of {total:,} numbers, "
        "are in none of its param_groups: step() never moves them.",
        (
            ("not held", listed(without, 6)),
            ("held by the optimizer", f"{len(held)} tensors"),
            ("numbers that never move", f"{numbers:,} of {total:,}"),
        ),
        "An optimizer moves the tensors that it was given when it was made. A layer that was left out, or replaced or "
        "added afterwards, is not among them.",
        f"optimizer = torch.optim.{type(optimizer).__name__}(net.parameters(), …)  # behind the last change of net",
        Show(tensor=without[0]),
    )
