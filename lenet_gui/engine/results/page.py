"""A run on one page of HTML: settings, curves, the model, what is wrong, the script. Nothing is loaded, nothing runs.

Everything that a person or a model may have named is escaped. The curves are drawn in `page_curve`.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from lenet_gui.engine.diagnoses.diagnose import diagnose
from lenet_gui.engine.results.by_step import accuracies, log_of
from lenet_gui.engine.results.page_curve import accuracy_curve, loss_curve
from lenet_gui.engine.storage.session_file import written_whole
from lenet_gui.engine.storage.stored import versions
from lenet_gui.settings import SETTING_NAMES, Settings

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

# A page that somebody else wrote into could load nothing either.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1c2430; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid #d5dbe3; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .15rem 1.2rem .15rem 0; vertical-align: top; }
th { font-weight: 600; color: #55606e; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
pre { font: 12.5px/1.45 ui-monospace, monospace; background: #f4f6f9; padding: .8rem; overflow-x: auto; }
svg { max-width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: #55606e; }
svg .axis { stroke: #d5dbe3; fill: none; } svg .line { stroke: #2563c9; fill: none; stroke-width: 1.3; }
svg .band { fill: #2563c9; fill-opacity: .16; stroke: none; } svg .dot { fill: #2563c9; }
@media (prefers-color-scheme: dark) {
  body { color: #dfe4ec; background: #14181f; } h2, svg .axis { border-color: #333c4a; stroke: #333c4a; }
  th, svg text { color: #98a3b3; fill: #98a3b3; } pre { background: #1c222c; }
  svg .line { stroke: #6ea0f5; } svg .band, svg .dot { fill: #6ea0f5; }
}
"""
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def write_page(session: Session, path: Path) -> None:
    """Write the page about the branch and this place of it. Raises OSError; the file is then as it was before."""
    text = page(session)
    with written_whole(path) as file:
        file.write(text.encode("utf-8", "replace"))


def page(session: Session) -> str:
    """The page as text."""
    _, rows = log_of(session)
    measured = accuracies(session)
    title = f"{type(session.model).__name__} on {session.settings.data}, {session.steps:,} steps"
    parts = [
        _paragraph(_summary(session)),
        _section("Loss", loss_curve(rows[:, 0]) if len(rows) else _paragraph("No step has been taken.")),
        _section("Test accuracy", _accuracy(measured)),
        _section("Settings", _table((), _settings(session))),
        _section("What is wrong", _findings(session)),
        _section("Model", _code(repr(session.model))),
        _section(
            "Parameters", _table(("name", "shape", "numbers", "norm", "norm of the gradient"), _parameters(session))
        ),
        _section("Bookmarks", _table(("step", "branch", "note"), _bookmarks(session))),
        _section("The run as a script", _script(session)),
        _section("Made with", _table((), _versions(session))),
    ]
    return PAGE.format(policy=POLICY, title=escape(title), style=STYLE, body="\n".join(parts))


def _summary(session: Session) -> str:
    _, rows = log_of(session)
    words = f"Branch {session.branch.name} of {len(session.branches)}, at step {session.steps:,}"
    words += f" of {session.branch.journal.steps:,}" if session.ahead else ""
    if session.steps and len(rows):
        words += f". The loss there is {rows[session.steps - 1, 0]:.6g}"
    if measured := accuracies(session):
        newest = measured[-1]
        words += f"; measured last, {newest.correct:,} of {newest.total:,} test images were right"
    return words + "."


def _accuracy(measured: list) -> str:
    if not measured:
        return _paragraph("It was not measured.")
    rows = [
        (str(one.epoch + 1), f"{one.step:,}", f"{one.correct:,} of {one.total:,}", f"{one.correct / one.total:.2%}")
        for one in measured
        if one.total
    ]
    return accuracy_curve(measured) + _table(("epoch", "step", "right", "accuracy"), rows)


def _settings(session: Session) -> list[tuple[str, str]]:
    start, now = session.journal.settings, session.settings
    return [
        (
            name,
            value
            if value == here.get(name)
            else f"{value}, and {here.get(name, 'PyTorch’s default')} since it was set",
        )
        for here in [_plain(now)]
        for name, value in (
            _plain(start) | {new: "PyTorch’s default" for new in here if new not in _plain(start)}
        ).items()
    ]


def _plain(settings: Settings) -> dict[str, str]:
    own = {name: getattr(settings, name) for name in SETTING_NAMES} | dict(settings.options)
    return {name: "none" if value == "" else str(value) for name, value in own.items()}


def _findings(session: Session) -> str:
    try:
        found = diagnose(session)
    except Exception as error:  # a step that cannot be gone over again, on a device that failed
        return _paragraph(f"This step could not be looked at: {error}")
    if not found:
        return _paragraph("Nothing was found at this step.")
    return "\n".join(
        f"<h3>{escape(one.title)}</h3>\n{_paragraph(one.evidence)}\n{_paragraph(one.cause)}"
        + (_code(one.code) if one.code else "")
        for one in found
    )


def _parameters(session: Session) -> Iterable[tuple[str, ...]]:
    state = session.stepper.state()
    for name, live in session.model.named_parameters():
        value, gradient = state.get(name), state.get(f"{name}.grad")
        norms = [
            "None" if one is None else f"{torch.linalg.vector_norm(one.detach()):.6g}" for one in (value, gradient)
        ]
        yield name, "×".join(map(str, live.shape)), f"{live.numel():,}", *norms


def _bookmarks(session: Session) -> list[tuple[str, ...]]:
    return [(f"{one.branch.journal.steps_at(one.place):,}", one.branch.name, one.note) for one in session.bookmarks]


def _script(session: Session) -> str:
    try:
        return _code(session.script())
    except ValueError as error:
        return _paragraph(f"It cannot be told as a script: {error}.")


def _versions(session: Session) -> list[tuple[str, str]]:
    told = [(name, str(value)) for name, value in versions(session).items()]
    return [*told, ("system", platform.platform()), ("written", time.strftime("%Y-%m-%d %H:%M"))]


def _section(title: str, inside: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{inside}"


def _paragraph(words: str) -> str:
    return f"<p>{escape(words)}</p>"


def _code(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Columns of numbers stand to the right."""
    rows = list(rows)
    if not rows:
        return _paragraph("None.")
    sides = [' class="number"' if all(row[at][:1].isdigit() for row in rows) else "" for at in range(len(rows[0]))]
    lines = []
    if head:
        lines.append("".join(f"<th{side}>{escape(cell)}</th>" for side, cell in zip(sides, head, strict=True)))
    for row in rows:
        first = "td" if head else "th"
        cells = [f"<{first}{sides[0] if head else ''}>{escape(row[0])}</{first}>"]
        cells += [f"<td{side if head else ''}>{escape(c)}</td>" for side, c in zip(sides[1:], row[1:], strict=True)]
        lines.append("".join(cells))
    return "<table>\n" + "\n".join(f"<tr>{line}</tr>" for line in lines) + "\n</table>"
