"""Who descends from whom: what follows for each record from the parents that it names.

A graph of whole numbers in, one answer a record out; nothing here knows records, tables or texts.
``numbering`` numbers records and the ids that several records share, ``trace`` walks the graph once,
and ``Descent`` says for each node its ancestors' lineages, whether some parent is missing, whether it
is its own ancestor and how deep it stands. Cycles are walked as one. Pure; experimental.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

UNBOUNDED = 1 << 40
"""Stands for a generation of which nothing says how high it is; no chain is as long."""
MOST_ANCESTORS = 1_000
"""Most distinct lineages that are kept of one record's ancestors."""
ENTRIES = 50_000_000
"""Most entries that all such sets may hold together; so many nodes that this is less for each keep fewer."""
FEWEST = 16
"""What is kept for each in any case."""

Unite = Callable[[set[tuple[int, int | None]]], tuple[int, bool]]
"""(Place of a set, one lineage more) for each parent -> place of the union, and whether it was cut short."""


@dataclass(frozen=True)
class Kin:
    """The graph: nodes are records, or ids that several records share and that stand for all of them."""

    own: Sequence[int | None]
    """For each node the ordinal of its own lineage; none for a shared id."""
    parents: Sequence[Sequence[int]]
    """For each node the nodes it leads to: of a record its parents, of a shared id its bearers."""
    orphan: Sequence[bool]
    """For each node whether it names a parent that is not there."""
    step: Sequence[tuple[int, int]]
    """For each node by how much it raises the generation of its children: at least, at most."""
    start: Sequence[tuple[int, int]]
    """For each node without parents the generation that its children count from: at least, at most."""


@dataclass
class Descent:
    """What follows for each node."""

    sets: list[tuple[int, ...]]
    """Distinct sets of ancestors' lineages, each sorted; the first is empty."""
    ancestors: list[int]
    """For each node the place of its ancestors in ``sets``."""
    orphan: list[bool]
    """Whether a parent of it, or of an ancestor, is not there, or there were more ancestors than are kept."""
    cyclic: list[bool]
    """Whether it is its own ancestor."""
    tangled: list[bool]
    """Whether it, or an ancestor, is its own ancestor: then no depth follows."""
    depth: list[int]
    """Longest chain of parents; 0 where none is there. Meaningless where ``tangled``."""
    low: list[int]
    """Least generation that the parents allow, the node itself not counted. Meaningless where ``tangled``."""
    high: list[int]
    """Greatest such generation, ``UNBOUNDED`` where nothing says."""


def trace(kin: Kin) -> Descent:
    """Walk the graph once, ancestors first; time grows with nodes and edges, however deep chains are."""
    n = len(kin.own)
    sets: list[tuple[int, ...]] = [()]
    found = Descent(sets, [0] * n, list(kin.orphan), [False] * n, [False] * n, [0] * n, [0] * n, [0] * n)
    # Counts alone decide what is kept, so that no order of rows can change it.
    most = min(MOST_ANCESTORS, max(FEWEST, ENTRIES // max(1, n)))
    known: dict[tuple[int, ...], int] = {(): 0}
    united: dict[frozenset[tuple[int, int | None]], tuple[int, bool]] = {}

    def unite(parts: set[tuple[int, int | None]]) -> tuple[int, bool]:
        """Number the union of sets, each with one lineage more; most records repeat what was united before."""
        key = frozenset(parts)
        answer = united.get(key)
        if answer is None:
            whole: set[int] = {own for _, own in key if own is not None}
            whole.update(*(sets[place] for place, _ in key))
            # The smallest of a union of smallest ones are the smallest of all.
            kept = tuple(sorted(whole)[:most])
            place = known.setdefault(kept, len(sets))
            if place == len(sets):
                sets.append(kept)
            answer = united[key] = place, len(whole) > most
        return answer

    for group in _groups(kin.parents):
        _settle(group, kin, found, unite)
    return found


def _settle(group: list[int], kin: Kin, found: Descent, unite: Unite) -> None:
    """Conclude nodes that are each other's ancestors, or a single one, all others before them being known."""
    inside = set(group)
    cyclic = len(group) > 1 or group[0] in kin.parents[group[0]]
    outside = [w for v in group for w in kin.parents[v] if w not in inside]
    parts = {(found.ancestors[w], kin.own[w]) for w in outside}
    if cyclic:
        # Everybody in a circle descends from everybody in it.
        parts |= {(0, kin.own[v]) for v in group}
    ancestors, cut = unite(parts) if parts else (0, False)
    orphan = cut or any(kin.orphan[v] for v in group) or any(found.orphan[w] for w in outside)
    tangled = cyclic or any(found.tangled[w] for w in outside)
    for v in group:
        found.ancestors[v], found.orphan[v] = ancestors, orphan
        found.cyclic[v], found.tangled[v] = cyclic, tangled
    if not tangled:
        _measure(group[0], kin, found)


def _measure(v: int, kin: Kin, found: Descent) -> None:
    """Find depth and generation of one node."""
    shared = kin.own[v] is None
    parents = kin.parents[v]
    if not parents:
        return
    found.depth[v] = max(found.depth[w] for w in parents) + (0 if shared else 1)
    lows, highs = [], []
    for w in parents:
        if kin.own[w] is None:
            # A shared id already speaks for its bearers as parents.
            low, high = found.low[w], found.high[w]
        elif kin.parents[w]:
            low, high = found.low[w] + kin.step[w][0], found.high[w] + kin.step[w][1]
        else:
            low, high = kin.start[w]
        lows.append(low)
        highs.append(high)
    # Where bearers of one id differ, either may be the parent.
    found.low[v] = min(lows) if shared else max(lows)
    found.high[v] = min(max(highs), UNBOUNDED)


def _groups(edges: Sequence[Sequence[int]]) -> list[list[int]]:
    """Strongly connected components, each after all that it leads to (Tarjan 1972, without recursion)."""
    index, lowest = [-1] * len(edges), [0] * len(edges)
    waiting = bytearray(len(edges))
    stack: list[int] = []
    work: list[tuple[int, Iterator[int]]] = []
    groups: list[list[int]] = []
    order = count()

    def enter(v: int) -> None:
        index[v] = lowest[v] = next(order)
        waiting[v] = 1
        stack.append(v)
        work.append((v, iter(edges[v])))

    for root in range(len(edges)):
        if index[root] < 0:
            enter(root)
        while work:
            v, rest = work[-1]
            for w in rest:
                if index[w] < 0:
                    enter(w)
                    break
                if waiting[w] and index[w] < lowest[v]:
                    lowest[v] = index[w]
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[v])
                if lowest[v] == index[v]:
                    groups.append(_cut(stack, v))
                    for w in groups[-1]:
                        waiting[w] = 0
    return groups


def _cut(stack: list[int], v: int) -> list[int]:
    """Take everything from ``v`` on off the stack."""
    group = [stack.pop()]
    while group[-1] != v:
        group.append(stack.pop())
    return group
