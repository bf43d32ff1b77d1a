"""What an audit costs: the rules over a table of lineage, and a whole run from JSON lines.

Two comparisons, each ours and the peer's in turn on the same bytes, medians and the ratio printed:

- the record rules of ``commercial-model`` in one scan, against ``bit_xor(hash(column))`` over the same columns;
- a whole ``audit run`` in a fresh process, against pyarrow's (lax) JSON reader in a fresh process.

Run: ``python tests/benchmarks/audit_run.py [ROWS]`` (default 200,000; the peak memory is the whole process's).
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from audit.language import counting_sql
from audit.policy import load_policy
from audit.records import COLUMNS

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5
MANIFEST = """\
[dataset]
id = "bench"
version = "1"
license = "CC-BY-4.0"
[[source]]
id = "s"
files = ["a.jsonl"]
[source.fields]
record_id = "id"
text = {user = "q", assistant = "a"}
teacher_model = "m"
generated_on = "d"
[source.values]
origin = "synthetic"
prompt_origin = "human"
method = "distilled"
teacher_access = "weights"
"""
_TYPES = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
}


def median(work: Callable[[], object], runs: int = RUNS) -> float:
    """Median seconds of several runs after one that is not counted."""
    work()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def rules(rows: int) -> None:
    """Compare one scan of all record rules with a bare aggregate over the columns that they read."""
    policy = load_policy("commercial-model")
    conditions = [policy.condition(r) for r in policy.rules if r.for_each == "record"]
    names = sorted(
        {c for p in conditions for part in (p.require, p.applies_to) if part for c in part.columns}
    )
    cells = []
    for index, name in enumerate(names):
        column = COLUMNS[name]
        values = [*column.values, "NOASSERTION", "NONE"] if column.is_text else []
        listed = ", ".join(f"'{v}'" for v in values)
        cells.append(
            f'LIST_VALUE({listed})[1 + CAST(hash(range + {index}) % {len(values)} AS BIGINT)] AS "{name}"'
            if values
            else f'CAST(NULL AS {_TYPES[column.kind]}) AS "{name}"'
        )
    engine = duckdb.connect(config={"threads": "1"})
    engine.execute(f"CREATE TABLE records AS SELECT 's' AS source_id, {', '.join(cells)} FROM range({rows})")
    bare = "SELECT " + ", ".join(f'bit_xor(hash("{n}"))' for n in ["source_id", *names]) + " FROM records"
    ours = median(lambda: engine.execute(counting_sql(conditions, "records")).fetchall())
    peer = median(lambda: engine.execute(bare).fetchall())
    print(f"{len(conditions)} record rules over {len(names)} columns, {rows:,} rows, one thread")
    print(f"  ours {ours:.3f} s, bit_xor(hash(column)) {peer:.3f} s, ratio {ours / peer:.2f}")


def whole(rows: int) -> None:
    """Compare a whole audit with reading the same file by pyarrow, each in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        delivery = Path(folder) / "delivery"
        delivery.mkdir()
        (delivery / "audit.toml").write_text(MANIFEST)
        models = ("deepseek-ai/DeepSeek-R1", "mistralai/Mixtral-8x7B-Instruct-v0.1")
        with (delivery / "a.jsonl").open("w") as file:
            for n in range(rows):
                row = {
                    "id": n, "q": f"Question {n}: " + "why is this so? " * 8, "a": f"Answer {n}: " + "because it is. " * 14,
                    "m": models[n % 2], "d": f"2025-{3 + n % 6:02d}-{1 + n % 28:02d}",
                }  # fmt: skip
                file.write(json.dumps(row) + "\n")
        size = (delivery / "a.jsonl").stat().st_size
        environment = os.environ | {"PYTHONPATH": str(ROOT), "AUDIT_HOME": str(Path(folder) / "home")}
        audit = [sys.executable, "-m", "audit", "run", str(delivery), "--policy", "commercial-model"]
        read = [sys.executable, "-c", f"import pyarrow.json as j; j.read_json({str(delivery / 'a.jsonl')!r})"]

        def run(command: list[str]) -> None:
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)

        ours, peer = median(lambda: run(audit), 3), median(lambda: run(read), 3)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"whole run, {rows:,} JSONL records, {size / 1e6:.0f} MB, two cores")
    print(
        f"  ours {ours:.2f} s ({rows / ours:,.0f} records/s), pyarrow's lax reader {peer:.2f} s, ratio {ours / peer:.1f}"
    )
    print(f"  peak memory of the largest process {peak:,.0f} MiB")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    rules(10 * count)
    whole(count)
