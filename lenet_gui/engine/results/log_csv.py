"""The log of a run as CSV: a row a step, with nine digits, so that what is read back is the same float32."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

from lenet_gui.engine.results.by_step import accuracies, learning_rates, log_of
from lenet_gui.engine.storage.session_file import written_whole

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

BEFORE, BEHIND = ("step", "lr"), ("epoch", "test_accuracy")


def write_log(session: Session, path: Path) -> None:
    """Every step of the branch, counted from 1: `lr`, then the log's columns; `epoch` and `test_accuracy`, from 0 to 1,
    stand only where it was measured. What there was not is empty. Raises OSError; the file is then as it was before.
    """
    names, rows = log_of(session)
    measured = {one.step: one for one in accuracies(session)}
    with written_whole(path) as file:
        # Not closed by this: the file is brought to the disk after it.
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*BEFORE, *names, *BEHIND])
        for step, (lr, row) in enumerate(zip(learning_rates(session).tolist(), rows.tolist(), strict=True), 1):
            found = measured.get(step)
            last = ("", "") if found is None else (found.epoch + 1, f"{found.correct / max(found.total, 1):.6g}")
            writer.writerow([step, repr(lr), *("" if math.isnan(one) else f"{one:.9g}" for one in row), *last])
        text.flush()
        text.detach()
