"""Descent agrees with a plain search, whatever the graph, and ends however deep or tangled it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.descent import UNBOUNDED, Descent, Kin, graph, trace


def kin(parents: list[list[int]], own: list[int | None] | None = None, **given_: object) -> Kin:
    """Build a graph of records that are all synthetic and state nothing."""
    n = len(parents)
    blank = {"orphan": [False] * n, "step": [(1, 1)] * n, "start": [(1, 1)] * n}
    return Kin(own=own if own is not None else list(range(n)), parents=parents, **(blank | given_))


def sets_of(found: Descent) -> list[tuple[int, ...]]:
    """Ancestors of each node."""
    return [found.sets[place] for place in found.ancestors]


@st.composite
def graphs(draw: st.DrawFn) -> Kin:
    """Any small graph, cycles and shared ids included."""
    n = draw(st.integers(1, 9))
    edges = draw(st.lists(st.lists(st.integers(0, n - 1), max_size=3, unique=True), min_size=n, max_size=n))
    own = draw(st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=n, max_size=n))
    orphan = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    return kin(edges, own, orphan=orphan)


def reached(parents: list[list[int]], start: int) -> set[int]:
    """All nodes that a node leads to."""
    seen: set[int] = set()
    left = list(parents[start])
    while left:
        v = left.pop()
        if v not in seen:
            seen.add(v)
            left += parents[v]
    return seen


@given(graphs())
def test_a_walk_finds_what_a_search_from_every_node_finds(graph_: Kin) -> None:
    """Ancestors, missing parents and circles, of every node of every graph."""
    found = trace(graph_)
    for v, ancestors in enumerate(sets_of(found)):
        above = reached(graph_.parents, v)
        assert ancestors == tuple(sorted({graph_.own[w] for w in above} - {None}))
        assert found.orphan[v] == (graph_.orphan[v] or any(graph_.orphan[w] for w in above))
        assert found.cyclic[v] == (v in above)
        circles = {w for w in above | {v} if w in reached(graph_.parents, w)}
        assert found.tangled[v] == bool(circles)


@given(graphs(), st.randoms(use_true_random=False))
def test_the_numbering_of_nodes_changes_nothing(graph_: Kin, random: object) -> None:
    """Nodes in another order have the same ancestors and depths."""
    n = len(graph_.parents)
    order = list(range(n))
    random.shuffle(order)  # type: ignore[attr-defined]
    at = {v: place for place, v in enumerate(order)}
    moved = kin(
        [[at[w] for w in graph_.parents[v]] for v in order],
        [graph_.own[v] for v in order],
        orphan=[graph_.orphan[v] for v in order],
    )
    one, other = trace(graph_), trace(moved)
    for v in range(n):
        assert sets_of(one)[v] == sets_of(other)[at[v]]
        assert (one.orphan[v], one.tangled[v]) == (other.orphan[at[v]], other.tangled[at[v]])
        if not one.tangled[v]:
            assert (one.depth[v], one.low[v], one.high[v]) == (
                other.depth[at[v]],
                other.low[at[v]],
                other.high[at[v]],
            )


def test_depth_and_generation_follow_the_longest_way() -> None:
    """0 is a person's, 1 a model's of it, 2 a person's edit of that, 3 a model's of all of them."""
    found = trace(kin([[], [0], [1], [0, 1, 2]], step=[(0, 0), (1, 1), (0, 0), (1, 1)], start=[(0, 0)] * 4))

    assert found.depth == [0, 1, 2, 3]
    assert found.low == found.high == [0, 0, 1, 1]


def test_what_nobody_says_leaves_the_generation_open() -> None:
    """A record of unknown origin counts 0 or 1, one with parents that nobody lists any number."""
    found = trace(kin([[], [0], [], [2]], step=[(0, 1)] * 4, start=[(0, 1), (0, 0), (0, UNBOUNDED), (0, 0)]))

    assert list(zip(found.low, found.high, strict=True)) == [(0, 0), (0, 1), (0, 0), (0, UNBOUNDED)]


def test_an_id_that_two_records_share_speaks_for_both() -> None:
    """Node 2 stands for records 0 and 1, of which either may be the parent of 3."""
    found = trace(kin([[4], [], [0, 1], [2], []], [10, 11, None, 13, 14]))

    assert sets_of(found)[3] == (10, 11, 14)
    assert (found.depth[3], found.low[3], found.high[3]) == (2, 1, 2)


def test_depth_costs_no_recursion_and_breadth_no_square() -> None:
    """A chain of 50,000, and 20,000 children of one parent with as many namesakes."""
    n = 50_000
    chain = trace(kin([[], *([v] for v in range(n - 1))], [0] * n))
    assert (chain.depth[-1], sets_of(chain)[-1]) == (n - 1, (0,))
    wide = 20_000
    hub = 2 * wide
    broad = trace(kin([*([hub] for _ in range(wide)), *([] for _ in range(wide)), list(range(wide, hub))]))
    assert sets_of(broad)[0] == tuple(sorted(range(wide, hub)))[: graph.MOST_ANCESTORS]
    assert all(broad.orphan[:wide])


def test_more_ancestors_than_are_kept_are_not_all_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut short, a set keeps its smallest, and says that it is not whole to all that descend from it."""
    monkeypatch.setattr(graph, "MOST_ANCESTORS", 2)
    found = trace(kin([[], [0], [1], [2], [3], [0]], [5, 4, 3, 2, 1, 0]))

    assert sets_of(found) == [(), (5,), (4, 5), (3, 4), (2, 3), (5,)]
    assert found.orphan == [False, False, False, True, True, False]
