"""What PyTorch refuses, explained: its own words, what they mean here, what to do. Rolling back is elsewhere."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lenet_gui.protocol import Command, Notice, Offer, RecoverOnCpu

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


class Refused(Exception):
    """A command was refused: the state is as before, nothing was journaled. `notice` says why and what to do."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.words)
        self.notice = notice


# What PyTorch's message contains, and what to do about it.
ADVICE = (
    (
        "backward through the graph a second time",
        "The backward before this one freed the graph. Press Forward and Loss again; or, to go backward twice through "
        "one graph, choose retain_graph=True for the first Backward.",
    ),
    ("name 'output' is not defined", "Nothing has gone forward yet, so there is no output. Press Forward first."),
    ("name 'loss' is not defined", "No loss has been taken yet. Press Forward, then Loss."),
    (
        "modified by an inplace operation",
        "After this forward a weight was changed, by Step or by hand, so its graph no longer fits. "
        "Press Forward and Loss again.",
    ),
    (
        "does not require grad",
        "Nothing behind this tensor asks for a gradient. Press Forward and Loss in a model with trainable parameters.",
    ),
    (
        "Expected more than 1 value per channel",
        "Batch norm in train mode needs more than one value a channel. Choose a larger batch, or eval mode.",
    ),
    (
        "name 'target' is not defined",
        "This optimizer takes the loss again itself, and there is none yet: press Forward, then Loss.",
    ),
    ("name 'scheduler' is not defined", "No scheduler is chosen. Choose one among the parameters."),
    ("number of total steps", "This scheduler has come to its end. Choose another one, or none, and go on."),
    ("out of memory", "There is not enough memory for this batch. Choose a smaller batch size."),
    (
        "to match target batch_size",
        "The output and the target are not of the same batch. Press Forward again, then Loss.",
    ),
)


def explain(error: Exception, command: Command, session: Session, left_behind: tuple[str, ...]) -> Notice:
    """The notice for a command that raised `error` and was rolled back."""
    words = f"{type(error).__name__}: {error}"
    advice = next((advice for part, advice in ADVICE if part in words), "The state is as it was before.")
    offers: tuple[Offer, ...] = ()
    arguments = dict(command.arguments)
    if command.name == "forward" and isinstance(error, IndexError):
        advice = f"The batch has {len(session.input)} samples, counted from 0. Choose one of them."
    elif command.name == "forward" and "sample" in arguments and not arguments.get("unsqueeze"):
        sample = list(session.input.shape[1:])
        advice = (
            f"The network was given one sample, {sample}, without the batch dimension, and takes its first dimension "
            f"for the batch. unsqueeze(0) makes it {[1, *sample]}, a batch of one."
        )
        again = Command.of("forward", sample=arguments["sample"], unsqueeze=True)
        offers = (Offer("Forward with unsqueeze(0)", again),)
    elif command.name == "put":
        advice = "The batch stays as it was."
    elif command.name == "load_weights":
        advice = "The weights stay as they were."
    elif command.name in ("set", "edit"):
        advice = "The value before stays in force."
    elif command.name == "reload":
        advice = "The model stays as it was."
    elif command.name == "forward":
        advice = " ".join([_where(error, command, session), advice]).strip()
    if session.settings.device != "cpu":
        offers = (*offers, Offer("Go on from here on the CPU", RecoverOnCpu()))
        advice += f" If {session.settings.device} itself has failed, the run can be replayed on the CPU (approximate)."
    return Notice("refused", f"PyTorch refused {command.name}", words, advice, left_behind, offers=offers)


def _where(error: Exception, command: Command, session: Session) -> str:
    """The line of the model's file that raised, and the shapes of all that the forward came to before."""
    from lenet_gui.engine.models import forward  # which replays, and can come only after this

    file, line = forward.line_of(error)
    told = f"It was raised in line {line} of {file}." if line else ""
    with suppress(Exception):  # it is done once more, and on a device that has failed nothing can be
        so_far = forward.up_to_the_failure(session, command)
        told += f" Up to there came: {' → '.join(so_far)}." if so_far else ""
    return told
