"""Results for a window: what is asked for is written or loaded, with progress, and told in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lenet_gui.channel import Channel
from lenet_gui.engine.report import Report
from lenet_gui.engine.results import loading, weights
from lenet_gui.engine.results.log_csv import write_log
from lenet_gui.engine.session import Session
from lenet_gui.protocol import Command, Line, Notice, Offer, Progress
from lenet_gui.protocol.results import KINDS, ExportRun, LoadWeights


def export(channel: Channel, session: Session, report: Report, message: ExportRun) -> str:
    """Write it; what was done, in words. Raises ValueError with the reason why not; then nothing is there."""
    path, writers = Path(message.path), _writers(channel, session, report)
    if message.kind not in KINDS:
        raise ValueError(f"a run cannot be written as {message.kind!r}; it can as {', '.join(KINDS)}")
    try:
        whole = writers[message.kind](path)
    except OSError as error:
        words = error.strerror or error
        raise ValueError(f"{path} cannot be written ({words}): choose another folder, or make room") from error
    finally:
        channel.give(Progress("", 1, 1))
    if not whole:
        return "the export was cancelled"
    channel.give(Line("note", "", f"Written: {path}"))
    return f"written as {path}"


def load(channel: Channel, session: Session, message: LoadWeights, do: Callable[[Command], None]) -> str:
    """Load weights by a command of the journal, or tell what does not fit and offer what does. Raises ValueError."""
    path = Path(message.path)
    found = loading.fit(session.model, weights.read(path))
    if not found.fitting:
        raise ValueError(f"nothing in {path.name} fits this model: {loading.listed(found.problems)}")
    if found.problems and not message.fitting:
        count = len(found.fitting)
        again = LoadWeights(message.path, fitting=True)
        offer = Offer(f"Load the {count:,} that fit{'s' if count == 1 else ''}", again)
        words = f"{loading.listed(found.problems)}."
        advice = f"Nothing was loaded. {count:,} of its tensors fit by name and shape."
        channel.give(Notice("note", f"{path.name} does not fit the model whole", words, advice, offers=(offer,)))
        return "nothing was loaded"
    do(loading.command(session, found.fitting))
    return f"weights loaded from {path.name}"


def _writers(channel: Channel, session: Session, report: Report) -> dict[str, Callable[[Path], bool]]:
    """By kind. Imported as they are wanted: most of them bring much along."""

    def tensorboard(path: Path) -> bool:
        from lenet_gui.engine.results.tensorboard import write_events

        def between(done: int, total: int) -> bool:
            channel.give(Progress("Writing for TensorBoard", min(done, total - 1), total))
            return not channel.pausing

        if not report.in_run:
            report.frame("writing for TensorBoard", seeking=True)
        return write_events(session, path, between)

    def onnx(path: Path) -> bool:
        from lenet_gui.engine.results.onnx_file import write_onnx

        channel.give(Progress("Writing ONNX", 0, 0))
        write_onnx(session, path)
        return True

    def page(path: Path) -> bool:
        from lenet_gui.engine.results.page import write_page

        write_page(session, path)
        return True

    def save_weights(path: Path) -> bool:
        weights.save(session, path)
        return True

    def csv(path: Path) -> bool:
        write_log(session, path)
        return True

    return {"weights": save_weights, "onnx": onnx, "tensorboard": tensorboard, "csv": csv, "page": page}
