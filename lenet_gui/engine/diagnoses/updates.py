"""The size of what a step does to a weight beside the weight itself: far from a thousandth it learns badly."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from lenet_gui.engine.diagnoses.cycle import optimizer_line
from lenet_gui.engine.diagnoses.moment import Moment, norm, number
from lenet_gui.engine.diagnoses.progress import guess
from lenet_gui.protocol.diagnoses import Diagnosis, Show

USUAL = 1e-3
"""CS231n, "Neural Networks Part 3": ‖update‖ / ‖weight‖ should be somewhere around it (also Karpathy's own advice)."""
LARGE = 1e-1
SMALL = 1e-6
"""Far from it: a hundred times more, a thousand times less. The presets here stay between 1e-4 and 5e-2."""
WARM_UP = 4
"""Steps after which it counts: RMSprop's and Adam's averages start at 0, and their first steps are large."""
STILL_HIGH = 0.5
"""Of the loss of guessing: with less, small updates are what a training that is nearly done has."""


def look(moment: Moment) -> Iterator[Diagnosis]:
    """The median over the weights, of the newest step."""
    updates = [one for one in moment.updates() if one.before.ndim > 1 and one.gradient is not None]
    if not updates or moment.session.steps < WARM_UP or moment.item:
        return
    sizes = {one.parameter: (norm(one.after - one.before), norm(one.before)) for one in updates}
    ratios = {name: change / before for name, (change, before) in sizes.items() if before}
    middle = statistics.median(ratios.values()) if ratios else USUAL
    loss, unlearned = moment.session.last_loss, guess(moment.session)
    slow = middle < SMALL and middle > 0 and loss is not None and loss.item() > STILL_HIGH * unlearned
    if not (middle > LARGE or slow):
        return
    factor = middle / USUAL
    rate = moment.session.lr
    rows = (("median over the weights", number(middle)), ("usual", f"{USUAL:g}"), ("learning rate", f"{rate:g}"))
    rows += tuple((f"‖update‖ / ‖{name}‖", number(value)) for name, value in ratios.items())
    worst = max(ratios, key=lambda name: ratios[name])
    show = Show(tensor=worst, part="update")
    if not slow:
        yield Diagnosis(
            "large_updates",
            "A step changes the weights too much",
            f"The last step changed each weight by {100 * middle:.0f} % of its size, "
            f"{factor:,.0f} times the usual 0.1 %.",
            rows,
            "Updates as large as the weights themselves overwrite what was learned. The learning rate is too high for "
            "this optimizer, or the gradients are too large.",
            optimizer_line(moment, rate / factor),
            show,
        )
    else:
        yield Diagnosis(
            "small_updates",
            "A step hardly changes the weights",
            f"The last step changed them by {number(middle)} of their size, {1 / factor:,.0f} times less than usual, "
            f"and the loss is still {number(loss.item() if loss is not None else 0.0)}.",
            rows,
            "At this pace the weights need a very long time to go anywhere. The learning rate is too low, or the "
            "gradients are nearly 0.",
            optimizer_line(moment, min(rate / factor, 1.0)),
            show,
        )
