"""What goes into the pipe between the two processes comes out as it was, and what stays the same stays one object."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pickle import UnpicklingError

import numpy as np
import pytest

from lenet_gui.protocol import Line, Run
from lenet_gui.wire import Reader, Writer
from tests.alike import alike
from tests.gui import frames


def crossed(*values: object) -> tuple[list, list[int]]:
    """What comes out at the other end, and how many bytes each took."""
    stream, sizes = BytesIO(), []
    writer = Writer(stream)
    for value in values:
        before = stream.tell()
        writer.write(value)
        sizes.append(stream.tell() - before)
    stream.seek(0)
    reader = Reader(stream)
    return [reader.read() for _ in values], sizes


def test_values_come_one_by_one_as_they_were() -> None:
    sent = [Run(3), [Line("note", "a", "b"), frames.fresh()], [frames.running(5)], [], Run(None, 2.5)]
    assert all(alike(tuple(one), tuple(other)) if isinstance(one, list) else one == other
               for one, other in zip(crossed(*sent)[0], sent, strict=True))  # fmt: skip


def test_what_a_frame_has_of_the_one_before_is_the_same_object_and_costs_nothing() -> None:
    first = frames.fresh()
    second = replace(first, reason="again")
    third = replace(first, samples=replace(first.samples, predictions=(1, 2, 3)))
    ((one,), (two,), (three,)), sizes = crossed([first], [second], [third])
    assert two.samples is one.samples
    assert two.parameters is one.parameters
    assert three.samples is not one.samples
    assert three.samples.images is one.samples.images
    assert three.samples.predictions == (1, 2, 3)
    assert sizes[1] < sizes[0] / 2


def test_what_only_looks_the_same_and_was_changed_comes_anew() -> None:
    first = frames.fresh()
    other = replace(first, samples=replace(first.samples, images=first.samples.images + np.float32(1)))
    ((one,), (two,)), _ = crossed([first], [other])
    assert two.samples.images is not one.samples.images
    assert alike(two, other)


def test_a_pipe_that_breaks_off_says_so() -> None:
    stream = BytesIO()
    Writer(stream).write(Run(3))
    with pytest.raises(EOFError):
        Reader(BytesIO(b"")).read()
    with pytest.raises((EOFError, UnpicklingError)):
        Reader(BytesIO(stream.getvalue()[:-3])).read()
