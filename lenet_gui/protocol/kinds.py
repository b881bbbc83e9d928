"""What the way between the window and the worker has to know of a value, without knowing every class there is."""

from __future__ import annotations


class Long:
    """A control that may take long: a pause ends it."""

    __slots__ = ()


class Answer:
    """What a request is answered with, at once or later."""

    __slots__ = ()


class NewestOnly:
    """Of each class that is one the newest value counts: it takes the place of one that nobody has taken yet.

    Anything else is lossless, and comes in order.
    """

    __slots__ = ()
