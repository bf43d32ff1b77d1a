"""Numbering of lineages: distinct declared lineages, and distinct ones with their ancestors.

The statements that the corpus runs on its ``received`` table, and the walk between them. A delivery in
which no record names a parent costs one look at one empty column. Leaves the tables ``lineages``,
``parents`` (record, parent id, whether it is there) and ``traced`` (what follows for each
record that takes part). Experimental.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from audit.descent.graph import UNBOUNDED, Descent, Kin, trace
from audit.records import UNREADABLE

_STEPS = {"human": (0, 0), "synthetic": (1, 1), "mixed": (1, 1)}
"""By how much a record of each origin raises the generation of what is made from it; else by 0 or 1."""
_TRACED = pa.schema(
    [
        ("node", pa.int64()),
        ("lineage", pa.int64()),
        ("orphan", pa.bool_()),
        ("cyclic", pa.bool_()),
        ("tangled", pa.bool_()),
        ("depth", pa.int64()),
        ("low", pa.int64()),
        ("high", pa.int64()),
    ]
)
_KEY = [("source_id", pa.string()), ("file", pa.string()), ("row", pa.int64())]
_TRACED_RECORDS = pa.schema([pa.field(*key) for key in _KEY] + list(_TRACED))
_PARENTS = pa.schema([("record_id", pa.string()), *_KEY, ("parent_id", pa.string()), ("found", pa.bool_())])
_NUMBERED = pa.schema(
    [
        ("lineage", pa.int64()),
        ("own", pa.int64()),
        ("ancestors", pa.list_(pa.int64())),
        ("orphan", pa.bool_()),
        ("records", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Engine:
    """What the corpus lends: its engine, without saying which it is."""

    execute: Callable[[str], None]
    fetch: Callable[[str], pa.Table]
    add: Callable[[str, pa.Table], None]
    """Keep a table of ours under a name, in the place of an earlier one."""


def number_lineages(engine: Engine, columns: Sequence[str]) -> None:
    """Number the distinct lineages of ``received``; ``columns`` are the quoted names that make one.

    Own lineages are numbered in the order of their columns, and lineages in the order of own lineage,
    ancestors and orphan flag, so that numbers do not depend on the order of the rows.
    """
    chosen = ", ".join(columns)
    order = ", ".join(f"{column} NULLS FIRST" for column in columns)
    grouped = f"(SELECT {chosen}, COUNT(*) AS records FROM received GROUP BY {chosen})"
    own = f"SELECT ROW_NUMBER() OVER (ORDER BY {order}) - 1 AS own, * FROM {grouped}"
    if engine.fetch("SELECT 1 AS one FROM received WHERE LEN(parent_ids) > 0 LIMIT 1").num_rows:
        engine.execute(f"CREATE OR REPLACE TABLE own_lineages AS {own}")
        _trace(engine, columns)
        return
    engine.execute(
        "CREATE OR REPLACE TABLE lineages AS SELECT own AS lineage, own, CAST([] AS BIGINT[]) AS ancestors, "
        f"FALSE AS orphan, {chosen}, records FROM ({own})"
    )
    engine.add("parents", _PARENTS.empty_table())
    engine.add("traced", _TRACED_RECORDS.empty_table())


def same_lineage(columns: Sequence[str], left: str, right: str) -> str:
    """Return the condition that two tables agree in all of these quoted columns, unknown ones included."""
    return " AND ".join(f"{left}.{c} IS NOT DISTINCT FROM {right}.{c}" for c in columns)


def _trace(engine: Engine, columns: Sequence[str]) -> None:
    """Walk the graph of those that name or are named, and number what comes of it."""
    # What could not be read names nobody, even where a record calls itself so.
    engine.execute(
        'CREATE OR REPLACE TABLE parents AS SELECT record_id, source_id, file, "row", parent_id, '
        f"parent_id <> '{UNREADABLE}' AND parent_id IN (SELECT record_id FROM received) AS found "
        'FROM (SELECT record_id, source_id, file, "row", UNNEST(parent_ids) AS parent_id '
        "FROM received WHERE LEN(parent_ids) > 0)"
    )
    engine.execute(
        'CREATE OR REPLACE TABLE members AS SELECT ROW_NUMBER() OVER () - 1 AS node, r.source_id, r.file, r."row", '
        "r.record_id, o.own, r.origin, r.generation, COALESCE(r.parents, 0) > 0 AND r.parent_ids IS NULL AS unlisted "
        f"FROM received r JOIN own_lineages o ON {same_lineage(columns, 'r', 'o')} "
        "WHERE LEN(r.parent_ids) > 0 OR r.record_id IN (SELECT parent_id FROM parents WHERE found)"
    )
    # An id that several records share is a node of its own that leads to each, so that a thousand children
    # of a thousand namesakes are two thousand edges and not a million.
    engine.execute(
        "CREATE OR REPLACE TABLE shared AS SELECT record_id, (SELECT COUNT(*) FROM members) - 1 "
        "+ ROW_NUMBER() OVER () AS node FROM (SELECT record_id FROM members "
        "WHERE record_id IN (SELECT parent_id FROM parents WHERE found) GROUP BY record_id HAVING COUNT(*) > 1)"
    )
    members = engine.fetch("SELECT own, origin, generation, unlisted FROM members ORDER BY node")
    bearers = engine.fetch("SELECT node FROM shared")
    edges = engine.fetch(
        "SELECT c.node AS child, t.node AS parent FROM parents e JOIN members c "
        'ON e.source_id = c.source_id AND e.file = c.file AND e."row" = c."row" '
        "JOIN (SELECT record_id, node FROM shared UNION ALL SELECT record_id, node FROM members "
        "WHERE record_id NOT IN (SELECT record_id FROM shared)) t ON t.record_id = e.parent_id WHERE e.found "
        "UNION ALL SELECT s.node, m.node FROM shared s JOIN members m ON s.record_id = m.record_id"
    )
    missing = engine.fetch(
        "SELECT DISTINCT c.node FROM parents e JOIN members c "
        'ON e.source_id = c.source_id AND e.file = c.file AND e."row" = c."row" WHERE NOT e.found'
    )
    kin = _kin(members, bearers.num_rows, edges, missing)
    found = trace(kin)
    own = engine.fetch("SELECT own, records FROM own_lineages")
    numbers, table = _numbered(found, members["own"].to_pylist(), own)
    engine.add("numbered", table)
    chosen = ", ".join(f"o.{c}" for c in columns)
    engine.execute(
        f"CREATE OR REPLACE TABLE lineages AS SELECT n.lineage, n.own, n.ancestors, n.orphan, {chosen}, n.records "
        "FROM numbered n JOIN own_lineages o ON n.own = o.own"
    )
    size = members.num_rows
    # A node's own origin counts where the generation is stated of the record with itself.
    highs = [min(h + s[1], UNBOUNDED) for h, s in zip(found.high[:size], kin.step[:size], strict=True)]
    arrays = [range(size), numbers, found.orphan, found.cyclic, found.tangled, found.depth, found.low, highs]
    engine.add(
        "traced_nodes",
        pa.table([pa.array(a[:size], f.type) for a, f in zip(arrays, _TRACED, strict=True)], schema=_TRACED),
    )
    engine.execute(
        'CREATE OR REPLACE TABLE traced AS SELECT m.source_id, m.file, m."row", t.* FROM members m '
        "JOIN traced_nodes t ON m.node = t.node"
    )
    for scratch in ("own_lineages", "members", "shared", "numbered", "traced_nodes"):
        engine.execute(f"DROP TABLE {scratch}")


def _kin(members: pa.Table, shared: int, edges: pa.Table, missing: pa.Table) -> Kin:
    """Turn the tables into the graph."""
    size = members.num_rows
    parents: list[list[int]] = [[] for _ in range(size + shared)]
    for child, parent in zip(edges["child"].to_pylist(), edges["parent"].to_pylist(), strict=True):
        parents[child].append(parent)
    orphan = [False] * (size + shared)
    for node in missing["node"].to_pylist():
        orphan[node] = True
    step = [_STEPS.get(origin, (0, 1)) for origin in members["origin"].to_pylist()]
    start = [
        _start(stated, raised, unlisted=unlisted)
        for stated, raised, unlisted in zip(
            members["generation"].to_pylist(), step, members["unlisted"].to_pylist(), strict=True
        )
    ]
    nobody = [(0, 0)] * shared
    own: list[int | None] = [*members["own"].to_pylist(), *[None] * shared]
    return Kin(own, parents, orphan, [*step, *nobody], [*start, *nobody])


def _start(stated: int | None, raised: tuple[int, int], *, unlisted: bool) -> tuple[int, int]:
    """Return the generation that children of a record without listed parents count from.

    A generation that it states is believed, as one that counts the record itself or one that does not.
    """
    if stated is not None:
        return stated, min(stated + raised[1], UNBOUNDED)
    return (raised[0], UNBOUNDED) if unlisted else raised


def _numbered(found: Descent, own_of: Sequence[int], own: pa.Table) -> tuple[list[int], pa.Table]:
    """Number lineages with their ancestors; return each member's number, and the table of them all."""
    sets = found.sets
    keys = list(zip(own_of, found.ancestors, found.orphan, strict=False))
    counted = Counter(keys)
    taking_part = Counter(own_of)
    for one, records in zip(own["own"].to_pylist(), own["records"].to_pylist(), strict=True):
        if rest := records - taking_part[one]:
            counted[one, 0, False] += rest
    ordered = sorted(counted, key=lambda key: (key[0], sets[key[1]], key[2]))
    number = {key: place for place, key in enumerate(ordered)}
    table = pa.table(
        [
            pa.array(range(len(ordered)), pa.int64()),
            pa.array([o for o, _, _ in ordered], pa.int64()),
            pa.array([sets[s] for _, s, _ in ordered], pa.list_(pa.int64())),
            pa.array([orphan for _, _, orphan in ordered], pa.bool_()),
            pa.array([counted[key] for key in ordered], pa.int64()),
        ],
        schema=_NUMBERED,
    )
    return [number[key] for key in keys], table
