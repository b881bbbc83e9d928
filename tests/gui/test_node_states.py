"""What has happened to the nodes of the autograd graph at each place of a step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lenet_gui.gui.inside.node_states import NodeStates
from lenet_gui.protocol.trace import NodeRow, Part
from tests.gui import traces

LOSS = 12  # the node of LeNet's cross entropy, by its index


def test_a_node_is_there_when_its_operation_has_run():
    states = NodeStates(traces.lenet())
    # Operation 4 is the fifth of the forward, which is the second command.
    assert not states.at((1, 4))[4].there
    assert states.at((1, 5))[4].there
    assert not states.at((2, 0))[LOSS].there
    assert states.at((2, 1))[LOSS].there
    assert states.at((3, 0))[LOSS].there


def test_a_leaf_is_there_with_the_operation_that_reads_its_parameter():
    reply = traces.lenet()
    states = NodeStates(reply)
    fc1 = next(node for node, row in enumerate(reply.nodes) if row.parameter == "fc1.weight")
    assert not states.at((1, 7))[fc1].there
    assert states.at((1, 8))[fc1].there


def test_gradients_come_in_at_the_place_of_a_node_and_go_out_one_item_later():
    reply = traces.lenet()
    states = NodeStates(reply)
    for item, node in enumerate(reply.parts[3].items):
        before, at, behind = (states.at((3, one))[node] for one in (item - 1, item, item + 1))
        assert (before.next, before.received, before.gave, before.visited) == (False, False, False, False)
        assert (at.next, at.received, at.gave, at.visited) == (True, True, False, False)
        assert (behind.next, behind.received, behind.gave, behind.visited) == (False, True, True, True)


def test_behind_the_last_node_is_the_start_of_the_next_command():
    reply = traces.lenet()
    states = NodeStates(reply)
    assert all(state.gave and not state.next for state in states.at((4, 0)))


def test_of_two_backwards_the_gradients_of_the_second_do_not_stand_at_the_first():
    reply = traces.lenet()
    again = Part(4, "backward", "loss.backward()", reply.parts[3].items)
    states = NodeStates(replace(reply, parts=(*reply.parts[:4], again)))
    first, between, second = (states.at(place)[LOSS] for place in ((3, 0), (3, 5), (4, 0)))
    assert first.next
    assert not first.received
    assert between.visited
    assert not between.received
    assert second.next
    assert second.received
    assert states.run_to(LOSS, (3, 5)) == (4, 0)


def test_one_runs_to_a_node_that_lies_ahead_or_back_to_one_behind():
    states = NodeStates(traces.lenet())
    assert states.run_to(LOSS, (1, 0)) == (3, 0)
    assert states.run_to(LOSS, (5, 0)) == (3, 0)
    assert states.run_to(LOSS, None) == (3, 0)


def test_a_node_that_no_backward_reaches_never_runs():
    reply = traces.lenet(backward=False)
    states = NodeStates(reply)
    assert states.run_to(0, (2, 0)) is None
    assert not any(state.visited or state.received for state in states.at((9, 0)))


def test_until_the_step_is_known_nothing_has_happened():
    assert not any(any(state) for state in NodeStates(traces.lenet()).at(None))


def test_an_edge_to_nowhere_is_refused():
    reply = traces.lenet()
    damaged = NodeRow("ReluBackward0", 0, "", (99,), (), (), ())
    with pytest.raises(ValueError, match="not in it"):
        NodeStates(replace(reply, nodes=(damaged,)))
