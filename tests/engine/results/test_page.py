"""The page about a run: whole, true to its numbers, and nothing in it can run or load anything."""

from __future__ import annotations

import csv
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.results.log_csv import write_log
from lenet_gui.engine.results.page import page
from lenet_gui.protocol import Notice, Run
from lenet_gui.protocol.results import ExportRun
from tests.engine.hosting import Host

HARM = "<script>alert('x')</script><img src=http://example.org/x onerror=alert(1)>"


class Elements(HTMLParser):
    """The elements with their attributes, and whether they are closed in order."""

    VOID = ("meta",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def session() -> Session:
    session = Session(Settings(batch_size=16, momentum=0.9, lr=0.01))
    session.run(90)
    found = session.evaluate()
    assert found is not None
    session.accuracies[session.branch, len(session.journal)] = found
    session.set(lr=0.02)
    session.add_bookmark(HARM)
    session.rename_branch("main", "a & b <i>")
    session.run(10)
    return session


def test_nothing_in_it_runs_or_is_loaded(session: Session) -> None:
    elements = Elements(page(session))
    assert not elements.open
    harmful = {"script", "img", "iframe", "link", "object", "embed", "form", "a", "i"}
    assert not {tag for tag, _ in elements.found} & harmful
    names = {name for _, attributes in elements.found for name in attributes}
    assert not {name for name in names if name.startswith("on")} | (names & {"src", "href", "style", "action"})
    text = page(session)
    assert "url(" not in text
    assert "@import" not in text
    assert HARM in unescape(text)
    assert "<script" not in text


def test_it_says_what_the_run_was(session: Session) -> None:
    text = unescape(re.sub(r"<[^>]+>", "\n", page(session)))
    lines = [line for line in text.splitlines() if line.strip()]
    assert "Net on digits, 100 steps" in lines
    accuracy = next(iter(session.accuracies.values()))
    assert f"{accuracy.correct} of 360" in lines
    assert lines[lines.index("momentum") + 1] == "0.9"
    assert lines[lines.index("lr") + 1] == "0.01, and 0.02 since it was set"
    assert lines[lines.index("fc1.weight") + 1 : lines.index("fc1.weight") + 3] == ["120×576", "69,120"]
    assert "(conv1): Conv2d(1, 6, kernel_size=(3, 3), stride=(1, 1))" in text
    assert session.script() in text
    assert f"{session.log.rows()[-1, 0]:.6g}" in text


def test_the_curve_goes_through_the_losses(session: Session) -> None:
    line = re.search(r'<polyline class="line" points="([^"]+)"', page(session))
    assert line is not None
    points = np.array([[*map(float, point.split(","))] for point in line[1].split()])
    losses = session.log.rows()[:, 0]
    assert len(points) == 100
    # Up is less: y falls as the loss rises, but for the spike that is cut off.
    inside = losses < np.quantile(losses, 0.98)
    assert np.corrcoef(points[inside, 1], losses[inside])[0, 1] < -0.999


def test_runs_without_a_step_a_finite_loss_or_a_source_have_a_page_too() -> None:
    assert "No step has been taken." in page(Session(Settings(data="random", batch_size=1)))
    broken = Session(Settings(batch_size=4, lr=1e30))
    broken.run(6)
    assert not Elements(page(broken)).open


def test_the_log_as_csv_is_the_log_to_the_bit(session: Session, tmp_path: Path) -> None:
    write_log(session, tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["step", "lr", *session.log.names, "epoch", "test_accuracy"]
    read = np.array([[float(cell or "nan") for cell in row[2:-2]] for row in rows], np.float32)
    assert np.array_equal(read, session.log.rows(), equal_nan=True)
    assert [row[0] for row in rows] == [str(step) for step in range(1, 101)]
    assert [row[1] for row in rows] == ["0.01"] * 90 + ["0.02"] * 10
    accuracy = next(iter(session.accuracies.values()))
    assert [(row[0], row[-2], row[-1]) for row in rows if row[-1]] == [("90", "1", f"{accuracy.correct / 360:.6g}")]


def test_a_window_writes_all_kinds_and_says_what_cannot_be_written(tmp_path: Path) -> None:
    names = {"weights": "a.pt", "onnx": "a.onnx", "csv": "a.csv", "page": "a.html", "tensorboard": "tb"}
    with Host(Settings(batch_size=4)) as host:
        host.do(Run(3))
        for kind, name in names.items():
            path = tmp_path / name
            assert host.do(ExportRun(kind, str(path))).reason == f"written as {path}"
            assert path.exists()
            wrong = tmp_path / "a.csv" / name
            assert host.do(ExportRun(kind, str(wrong))).reason == "refused"
            notice = host.of(Notice)[-1]
            assert (notice.kind, notice.title) == ("note", "Nothing was written")
            assert str(wrong) in notice.words
        assert host.do(ExportRun("pdf", str(tmp_path / "a.pdf"))).reason == "refused"
        assert {one.name for one in tmp_path.iterdir()} == {*names.values()}
