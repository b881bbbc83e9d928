"""Whether one tensor was made of another, read off the graph that autograd built."""

from __future__ import annotations

from torch import Tensor

MOST = 5000
"""Nodes that are looked at; of a larger graph it is taken to be so."""


def reaches(end: Tensor, start: Tensor) -> bool:
    """Whether `end` comes from `start`. Without a graph there is nothing to read, and then it does not."""
    if end is start:
        return True
    first, goal = end.grad_fn, start.grad_fn
    if first is None or goal is None:
        return False
    seen, waiting = {first}, [first]
    while waiting:
        node = waiting.pop()
        if node is goal:
            return True
        if len(seen) > MOST:
            return True
        for child, _ in node.next_functions:
            if child is not None and child not in seen:
                seen.add(child)
                waiting.append(child)
    return False
