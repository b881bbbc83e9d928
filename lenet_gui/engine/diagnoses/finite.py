"""Numbers that are not finite any more: in the loss, the gradients or the parameters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lenet_gui.engine.diagnoses.moment import Moment, counted, listed, number
from lenet_gui.engine.stops.origin import Origin
from lenet_gui.protocol.diagnoses import Diagnosis, Show


def look(moment: Moment) -> Iterator[Diagnosis]:
    bad = bad_tensors(moment)
    if not bad:
        return
    session = moment.session
    losses = session.log.rows(0)[:, 0]
    steps = np.flatnonzero(~np.isfinite(losses))
    first = int(steps[0]) if len(steps) else None
    rows = (("not finite", listed(bad, 4)), *_log(losses, first))
    since = "in this step" if first is None or first >= session.steps else f"since step {first + 1:,}"
    behind = None if first is None or first >= session.steps else session.journal.place_of_step(first + 1)
    name = bad[0].removesuffix(".grad")
    yield Diagnosis(
        "not_finite",
        "Numbers are not finite any more",
        f"{listed(bad)} {'has' if len(bad) == 1 else 'have'} NaN or Inf, {since}. "
        "Look closer to find the operation at which it began.",
        rows,
        "Once one number is NaN or Inf, everything computed from it is too, and after one step all weights are. "
        "Mostly a learning rate that is too high, a division by 0, or the logarithm of 0.",
        "torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)  # or a lower learning rate; log(x + 1e-8)",
        Show(behind, tensor=name, part="grad" if bad[0] != name else "value"),
    )


def bad_tensors(moment: Moment) -> list[str]:
    """The names of what has NaN or Inf: the loss first, then gradients and parameters."""
    tensors = [(f"{name}.grad", one) for name, one in moment.gradients().items() if one is not None]
    tensors += [(name, one) for name in moment.parameters if (one := moment.state.get(name)) is not None]
    tensors = [(name, one.detach()) for name, one in tensors if one.is_floating_point()]
    sums = [] if not tensors else torch._foreach_norm([one for _, one in tensors])  # pyright: ignore[reportPrivateImportUsage]
    # A norm can overflow where all numbers are finite: only then are they looked at one by one.
    bad = [name for (name, one), total in zip(tensors, sums, strict=True) if not _finite(total) and not _finite(one)]
    loss = moment.session.last_loss
    return ["loss", *bad] if loss is not None and not _finite(loss.detach()) else bad


def began(moment: Moment, origin: Origin) -> Diagnosis:
    """The same, where it is known at which operation it began."""
    step = moment.session.journal.steps_at(origin.place) + 1
    return Diagnosis(
        "not_finite",
        "Here the numbers stopped being finite",
        f"{origin.words}.",
        (("first in step", f"{step:,}"), ("not finite by now", counted(len(bad_tensors(moment)), "tensor"))),
        "This is the first operation of the run whose result was NaN or Inf. What went in tells why: a division by 0, "
        "the logarithm of 0, or numbers that had grown too large.",
        "torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)  # or a lower learning rate; log(x + 1e-8)",
        Show(origin.place, origin.item),
    )


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())


def _log(losses: np.ndarray, first: int | None) -> tuple[tuple[str, str], ...]:
    if first is None:
        return ()
    last = (("last finite loss", f"{number(float(losses[first - 1]))} (step {first:,})"),) if first else ()
    return *last, ("first loss that is not", f"{losses[first]} (step {first + 1:,})")
