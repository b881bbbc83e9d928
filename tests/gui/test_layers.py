"""Graphs laid out in layers: what a person sees of chains, branches and long edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lenet_gui.gui.widgets.layers import laid_out, layered


def chain(length: int) -> list[tuple[int, ...]]:
    return [(index - 1,) for index in range(length)]


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """Up to 40 nodes in an order that is none of the graph's, each with up to four predecessors, some twice."""
    count = draw(st.integers(0, 40))
    names = draw(st.permutations(range(count)))
    inputs = [list[int]() for _ in range(count)]
    for node in range(count):
        before = draw(st.lists(st.integers(-2, node - 1), max_size=4))
        inputs[names[node]] = [names[one] if one >= 0 else one for one in before]
    return inputs


def test_a_chain_is_a_straight_line():
    assert layered(chain(13)) == tuple((index, 0) for index in range(13))


def test_nothing_and_a_single_node():
    assert layered([]) == ()
    assert laid_out([]).size == (0, 0)
    assert layered([(-1,)]) == ((0, 0),)
    assert laid_out([()]).size == (1, 1)


def test_a_skip_connection_leaves_the_main_chain_straight_and_runs_beside_it():
    # batch -> 0 conv -> 1 relu -> 2 conv -> 3 add, which takes 0 as well
    layers = laid_out([(-1,), (0,), (1,), (2, 0)])
    assert layers.cells == ((0, 0), (1, 0), (2, 0), (3, 0))
    assert layers.lanes == {(0, 3): 1}
    assert layers.size == (4, 2)


def test_of_nested_skips_the_inner_one_runs_inside():
    # A small U-Net: 0 and 1 go down, 2 is the bottom, 3 takes 1 again, 4 takes 0.
    layers = laid_out([(-1,), (0,), (1,), (2, 1), (3, 0)])
    assert [row for _, row in layers.cells] == [0] * 5
    assert layers.lanes == {(1, 3): 1, (0, 4): 2}


def test_a_diamond_has_its_shorter_side_on_another_row():
    # 0 -> 1 -> 2 -> 4 and 0 -> 3 -> 4: the edge from 3 goes on in the row of 3.
    layers = laid_out([(-1,), (0,), (1,), (0,), (2, 3)])
    assert layers.cells == ((0, 0), (1, 0), (2, 0), (1, 1), (3, 0))
    assert layers.lanes == {(3, 4): 1}


def test_a_loop_unrolled_is_a_line_with_its_inputs_beside_it():
    # Each turn makes its own input from the batch (even), and adds it to the state (odd).
    turns = 6
    inputs: list[tuple[int, ...]] = []
    for turn in range(turns):
        inputs += [(-1,), (2 * turn - 1, 2 * turn)]
    cells = layered(inputs)
    assert [cells[2 * turn + 1] for turn in range(turns)] == [(turn + 1, 0) for turn in range(turns)]
    assert {column for column, _ in cells[2::2]} == {0}


def test_a_weight_used_in_each_turn_has_one_lane():
    # The backward of such a loop: a chain of turns, and one leaf that all of them lead to.
    turns = 50
    inputs = [*chain(turns), tuple(range(turns))]
    layers = laid_out(inputs)
    assert layers.cells[turns] == (turns, 0)
    assert set(layers.lanes.values()) == {1}


def test_many_inputs_stand_under_each_other():
    cells = layered([()] * 30 + [tuple(range(30))])
    assert cells[30] == (1, 0)
    assert sorted(cells[:30]) == [(0, row) for row in range(30)]


def test_leaves_stand_beside_the_node_that_leads_to_them():
    # What the backward of a linear layer looks like: 0 -> 1 bias, 0 -> 2 (the way on), 0 -> 3 transpose -> 4 weight.
    cells = layered([(), (0,), (0,), (0,), (3,), (2,), (5,)])
    assert [cells[node] for node in (0, 2, 5, 6)] == [(0, 0), (1, 0), (2, 0), (3, 0)]
    assert cells[1][0] == cells[3][0] == 1
    assert cells[3][1] == cells[4][1]
    assert {cells[1][1], cells[3][1]} == {1, 2}


def test_a_short_branch_is_straight():
    # Two branches between a split and a sum, of three nodes and of one.
    layers = laid_out([(-1,), (0,), (1,), (2,), (0,), (3, 4)])
    assert [row for _, row in layers.cells] == [0, 0, 0, 0, 1, 0]


@pytest.mark.parametrize("inputs", [[(1,), (0,)], [(0,)], [(-1,), (0, 3), (1,), (2,)]])
def test_a_cycle_is_refused(inputs: list[tuple[int, ...]]):
    with pytest.raises(ValueError, match="cycle"):
        layered(inputs)


def test_an_edge_from_nowhere_is_refused():
    with pytest.raises(ValueError, match="not in it"):
        layered([(-1,), (7,)])


def test_the_same_node_twice_is_one_edge():
    assert layered([(-1,), (0, 0)]) == ((0, 0), (1, 0))


@given(graphs())
def test_columns_ascend_along_edges_and_no_two_are_in_one_cell(inputs: list[list[int]]):
    cells = layered(inputs)
    assert len(set(cells)) == len(cells) == len(inputs)
    for node, before in enumerate(inputs):
        furthest = max((cells[one][0] for one in before if one >= 0), default=-1)
        assert cells[node][0] == furthest + 1
    assert all(row >= 0 for _, row in cells)


@given(graphs())
def test_the_longest_path_lies_on_row_0_alone(inputs: list[list[int]]):
    cells = layered(inputs)
    straight = {column: node for node, (column, row) in enumerate(cells) if row == 0}
    assert sorted(straight) == list(range(max((column for column, _ in cells), default=-1) + 1))
    for column in range(1, len(straight)):
        assert straight[column - 1] in inputs[straight[column]]


@given(graphs())
def test_no_long_edge_runs_through_a_node(inputs: list[list[int]]):
    layers = laid_out(inputs)
    taken = set(layers.cells)
    long = {
        (one, node)
        for node, before in enumerate(inputs)
        for one in before
        if one >= 0 and layers.cells[node][0] - layers.cells[one][0] > 1
    }
    assert set(layers.lanes) == long
    for (one, node), row in layers.lanes.items():
        between = range(layers.cells[one][0] + 1, layers.cells[node][0])
        assert not taken & {(column, row) for column in between}


@given(graphs())
def test_the_same_graph_is_laid_out_the_same(inputs: list[list[int]]):
    assert laid_out(inputs) == laid_out([list(each) for each in inputs])


def test_a_dense_graph_of_500_nodes_is_laid_out_without_holes():
    inputs = [tuple({(7 * node + 13 * k * k) % node for k in range(8)}) if node else () for node in range(500)]
    layers = laid_out(inputs)
    assert len(set(layers.cells)) == 500
    rows = {row for _, row in layers.cells} | set(layers.lanes.values())
    assert rows == set(range(layers.size[1]))
