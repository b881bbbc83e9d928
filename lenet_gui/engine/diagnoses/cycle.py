"""What the order of the phases tells: gradients that were not zeroed, a step without a backward, eval mode."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from lenet_gui.engine.choices.optimizers import arguments
from lenet_gui.engine.diagnoses.moment import MOST, Moment, counted, listed, norm, number
from lenet_gui.protocol.diagnoses import Diagnosis, Show

DIFFERENT_IN_EVAL = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase)
"""The layers that do something else in eval mode (PyTorch: `nn.Module.eval`)."""


def look(moment: Moment) -> Iterator[Diagnosis]:
    yield from _not_zeroed(moment)
    yield from _no_backward(moment)
    yield from _eval_mode(moment)


def _not_zeroed(moment: Moment) -> Iterator[Diagnosis]:
    """From the journal, since the gradients were last zeroed; https://docs.pytorch.org on `Optimizer.zero_grad`."""
    since: list[tuple[int, str]] = []
    for place, name in moment.phases():
        if name == "zero_grad":
            break
        since.append((place, name))
    since.reverse()
    backwards = [place for place, name in since if name == "backward"]
    steps = [place for place, name in since if name == "step"]
    if len(backwards) < 2:
        return
    behind_a_step = next((place for place in backwards if steps and place > steps[0]), None)
    at_least = "at least " if len(since) == MOST else ""
    show = 1 + (backwards[-1] if behind_a_step is None else behind_a_step)
    rows = _added(moment)
    share = "".join(f"; {label} {value}" for label, value in rows)
    rows = (
        ("backward passes added up", f"{at_least}{len(backwards):,}"),
        ("steps since zero_grad", f"{at_least}{len(steps):,}"),
        *rows,
    )
    largest = _largest(moment)
    if behind_a_step is None:
        yield Diagnosis(
            "accumulation",
            f"Gradients of {len(backwards)} backward passes are added up",
            f"{counted(len(backwards), 'backward')} since zero_grad and no step between them{share}.",
            rows,
            "Each backward() adds to .grad. If you mean to accumulate gradients over several passes, this is right; "
            "divide each loss by their number, so that the sum is their mean. If not, zero the gradients in between.",
            f"(loss / {len(backwards)}).backward()  # or optimizer.zero_grad() before it",
            Show(show, tensor=largest, part="grad"),
            "note",
        )
        return
    yield Diagnosis(
        "not_zeroed",
        "The gradients were not zeroed before backward",
        f".grad holds {at_least}{counted(len(backwards), 'backward pass').replace('passs', 'passes')}, "
        f"those of steps already taken too{share}.",
        rows,
        "backward() adds to .grad. Without zero_grad() each step also repeats the gradients of the steps before it, "
        "so it goes further and in another direction than the loss of this batch asks for.",
        "optimizer.zero_grad()  # in each step, before loss.backward()",
        Show(show, tensor=largest, part="grad"),
    )


def _added(moment: Moment) -> tuple[tuple[str, str], ...]:
    """How much of the gradient the newest backward brought, of the parameter with the largest one."""
    name, backward = _largest(moment), moment.finished("backward")
    total = moment.state.get(f"{name}.grad")
    newest = moment.received(backward, name) if backward is not None else None
    if total is None or newest is None or newest.is_meta:
        return ()
    return (f"‖{name}.grad‖", number(norm(total))), ("of the newest backward alone", number(norm(newest)))


def _largest(moment: Moment) -> str:
    """The weight that a person looks at first: the first that has a gradient."""
    return next((name for name in moment.weights if moment.state.get(f"{name}.grad") is not None), "")


def _no_backward(moment: Moment) -> Iterator[Diagnosis]:
    step = moment.finished("step")
    if step is None:
        return
    before = [name for place, name in moment.phases() if place < step.place]
    reason = next((name for name in before if name in ("zero_grad", "backward", "step")), "start")
    if reason == "backward":
        return
    updates = moment.updates()
    there = [one for one in updates if one.gradient is not None]
    moved = sum(bool((one.after != one.before).any()) for one in updates)
    rows = (
        ("parameters with a gradient", f"{len(there)} of {len(updates)}"),
        ("parameters that moved", f"{moved} of {len(updates)}"),
        ("last phase that wrote gradients", "none" if reason == "start" else reason),
    )
    first = next(iter(moment.weights), "")
    show = Show(step.place + 1, tensor=first, part="grad")
    if reason == "step":
        yield Diagnosis(
            "stale_step",
            "A step without a backward used old gradients again",
            f"Two steps and no backward between them: {moved} of {len(updates)} parameters moved, "
            "by the gradients of the step before.",
            rows,
            "The gradients stay where they are after step(). Another step() without a backward() goes on in the same "
            "direction, though the weights, and with them the slope, have changed.",
            "loss.backward()  # before each optimizer.step()",
            show,
        )
        return
    why = "None" if not there else "0"
    yield Diagnosis(
        "no_backward",
        "A step was taken without a backward",
        f"Every .grad was {why} when step() came: {moved} of {len(updates)} parameters moved.",
        rows,
        "zero_grad() empties the gradients and only backward() fills them. A step() between the two finds none"
        + (", and skips every parameter." if not moved else ", and moves only by what the optimizer remembers."),
        "loss.backward()  # after zero_grad(), before optimizer.step()",
        show,
    )


def _eval_mode(moment: Moment) -> Iterator[Diagnosis]:
    backward, model = moment.finished("backward"), moment.session.model
    if backward is None or model.training:
        return
    affected = [path for path, one in model.named_modules() if isinstance(one, DIFFERENT_IN_EVAL)]
    rows = (("net.training", "False"), ("dropout and batch norm layers", str(len(affected))))
    if affected:
        yield Diagnosis(
            "eval_mode",
            "The model is trained in eval mode",
            f"net.training is False while backward ran; it changes what {listed(affected)} do.",
            rows,
            "In eval mode dropout drops nothing and batch norm uses its stored statistics, which then never follow "
            "the data. It is meant for measuring, and is often left on after an evaluation.",
            "net.train()  # before training goes on",
            Show(backward.place + 1),
        )
    else:
        yield Diagnosis(
            "eval_mode",
            "The model is trained in eval mode",
            "net.training is False while backward ran; no layer of this model does anything else because of it.",
            rows,
            "Without dropout and batch norm both modes compute the same, so nothing is lost here. With such a layer "
            "the training would be another one.",
            "net.train()  # before training goes on",
            None,
            "note",
        )


def optimizer_line(moment: Moment, lr: float) -> str:
    """The line that makes this optimizer, with another learning rate."""
    settings = moment.session.settings
    words = "".join(f", {name}={value}" for name, value in arguments(settings).items())
    return f"optimizer = torch.optim.{settings.optimizer}(net.parameters(), lr={number(lr)}{words})"
