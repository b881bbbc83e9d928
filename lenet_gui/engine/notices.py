"""What a worker has to tell a person in words: failures, anomalies, and replays that differ. Refusals: `refusal`."""

from __future__ import annotations

import traceback

from lenet_gui.protocol import ExportReport, ExportScript, Incoming, Notice, Offer, RecoverOnCpu, SaveSession, Seek
from lenet_gui.protocol.results import ExportRun
from lenet_gui.protocol.tensors import ExportTensor


def failure(message: Incoming, error: Exception, device: str) -> Notice:
    """An exception of ours, or of a device that has failed."""
    advice, offers = "The program goes on. If it happens again, start a new run (Ctrl+N).", ()
    if device != "cpu":
        advice = f"{device} may have failed. The run can be replayed on the CPU, approximately."
        offers = (Offer("Go on from here on the CPU", RecoverOnCpu()),)
    words = f"{type(error).__name__}: {error}"
    details = "".join(traceback.format_exception(error))
    return Notice("failed", f"{type(message).__name__} failed", words, advice, details=details, offers=offers)


def unusable(message: Incoming, error: Exception) -> Notice:
    """Something that was asked for is not to be had; the error says why, in words."""
    if isinstance(message, SaveSession | ExportScript | ExportReport | ExportTensor | ExportRun):
        return Notice("note", "Nothing was written", str(error), "The session goes on as it is.")
    return Notice("note", "That cannot be used", str(error), "What was before stays in force.")


def anomaly(step: int) -> Notice:
    return Notice(
        "anomaly",
        f"The loss is no longer finite since step {step}",
        "The run was paused; nothing is lost, and Run goes on from here.",
        "Weights that are NaN stay NaN. Go back to before it, and choose a smaller learning rate.",
        offers=(Offer(f"Go to step {step - 1:,}", Seek(step - 1)),),
    )


def differs(step: int) -> Notice:
    """Going over the run again gave other bits than before."""
    return Notice(
        "differs",
        f"The replay differs from the run at step {step:,}",
        f"The loss of step {step:,} came out with other bits than when it was recorded. Another version of PyTorch, "
        "another processor, another number of threads or a GPU can do that.",
        "You are where you were, and nothing is lost. Places up to there are exact.",
        offers=(Offer(f"Go to step {step - 1:,}, the last that is the same", Seek(step - 1)),),
    )


def grown(step: int, branch: str, before: str) -> Notice:
    """The same commands gave other bits than before, and one went on from there."""
    return Notice(
        "differs",
        f"Step {step:,} came out with other bits than before",
        f"What is done from here on is a branch of its own, {branch}. Another version of PyTorch, another processor, "
        "another number of threads or a GPU can do that.",
        f"The run as it was is still there, in {before}.",
        offers=(Offer(f"Go to step {step - 1:,} of {before}", Seek(step - 1, before)),),
    )
