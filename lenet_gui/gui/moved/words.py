"""The answers of the panel as rich text, in the colours of now. No widget here."""

from __future__ import annotations

import math
from html import escape

import numpy as np

from lenet_gui.gui import theme
from lenet_gui.protocol.moved import Arithmetic, CheckReply, SampleShares

NOTHING_ADDED = "The newest backward left it without a gradient: the loss does not depend on it."
ROUNDING = 1e-5
"""Of the sum of absolute values: how far the shares may be from PyTorch's gradient before it is worth a word."""


def number(value: float | None) -> str:
    """With the digits of a float32."""
    return "None" if value is None else str(np.float32(value))


def arithmetic(found: Arithmetic) -> str:
    """The lines, one below the other: what it is for, the formula, its numbers, the result."""
    step = f"step {found.step:,}"
    told = f"Moved by {step}" if found.taken else f"Will be moved by {step}"
    change = float(np.float32(found.after) - np.float32(found.before))
    parts = [
        _paragraph(f"{_bold(told)} &nbsp;{_muted(escape(found.rule))}"),
        _paragraph(f"{number(found.before)} → {_bold(number(found.after))} &nbsp;change {change:+.6g}"),
    ]
    if found.words:
        parts.append(_paragraph(escape(found.words)))
    for line in found.lines:
        name = escape(line.name)
        rows = [_muted(escape(line.about)), f"{name} = {escape(line.formula)}"]
        if line.numbers not in (line.formula, line.digits):
            rows.append(f"{_indent(line.name)} = {escape(line.numbers)}")
        rows.append(f"{_indent(line.name)} = {_bold(escape(line.digits))}")
        parts.append(_paragraph("<br>".join(rows)))
    if found.lines:
        parts.append(_paragraph(_ending(found)))
    return _page(parts)


def _ending(found: Arithmetic) -> str:
    if found.same:
        return _ink("ok", f"PyTorch's new value, to the last bit: {number(found.after)}")
    return _ink("error", f"PyTorch has {number(found.after)}: the lines end in other bits.")


def gradient(found: SampleShares) -> str:
    """Where the gradient comes from, in a few lines above the table of the samples."""
    if found.added is None:
        return _page([_paragraph(NOTHING_ADDED)])
    parts = []
    if found.earlier is not None:
        sum_ = f"{number(found.earlier)} (there before) + {number(found.added)} (this backward)"
        parts.append(f"gradient {_bold(number(found.now))} = {sum_}")
    else:
        parts.append(f"gradient {_bold(number(found.added))}, all of this backward")
    expected = np.float32(found.earlier or 0) + np.float32(found.added)
    if found.now is not None and np.float32(found.now) != expected:
        parts.append(_ink("place", f"It was changed since, and is {number(found.now)} now."))
    total, size = math.fsum(found.shares), math.fsum(np.abs(found.shares))
    parts.append(f"shares sum to {total:.9g}" + (f"; in double {found.double:.9g}" if found.double is not None else ""))
    if abs(total - found.added) > ROUNDING * size:
        parts.append("They cancel out: what is left of the gradient is rounding.")
    if found.mixed:
        parts.append(_muted(escape(found.mixed)))
    return _page([_paragraph("<br>".join(parts))])


def check(found: CheckReply) -> str:
    """Both numbers and how far they are apart."""
    if found.words:
        return _page([_paragraph(escape(found.words))])
    rows = [
        ("finite difference", f"{found.difference:.10g}", ""),
        ("autograd, double", f"{found.double:.10g}", apart(found.difference, found.double)),
    ]
    if found.shown is not None:
        rows.append(("PyTorch, this run", number(found.shown), apart(found.difference, found.shown)))
    lines = [f"{_muted(name)} &nbsp;{_bold(value)} &nbsp;{error}" for name, value, error in rows]
    parts = [_paragraph("<br>".join(lines))]
    formula = f"(loss(v + h) - loss(v - h)) / 2h, h = {found.step:.3g}: same batch, same draws, in double precision"
    parts.append(_paragraph(_muted(formula)))
    if found.shown is None:
        parts.append(_paragraph("No backward of this loss has come to it yet."))
    if found.switches:
        said = "Between v - h and v + h the loss bends; these decide otherwise on the two sides:"
        parts.append(_paragraph("<br>".join([_ink("error", said), *map(escape, found.switches)])))
    return _page(parts)


def apart(one: float, other: float) -> str:
    """The relative error: |one - other| / the larger of both."""
    largest = max(abs(one), abs(other))
    if not largest:
        return "both are 0"
    return f"relative error {abs(one - other) / largest:.1e}"


def _page(parts: list[str]) -> str:
    return "".join(parts)


def _paragraph(words: str) -> str:
    return f"<p style='margin-top: 0px; margin-bottom: {2 * theme.UNIT}px'>{words}</p>"


def _bold(words: str) -> str:
    return f"<b>{words}</b>"


def _ink(role: str, words: str) -> str:
    return f"<span style='color: {theme.colour(role).name()}'>{words}</span>"


def _muted(words: str) -> str:
    return _ink("muted", words)


def _indent(name: str) -> str:
    return "&nbsp;" * len(name)
