"""The store: every run ever saved, its aggregates and its ``run.json``, in one database.

Stands above evaluate and the decision, below the pipeline; exports and the dashboard read it, facts
never do. Domain objects go in, frozen dataclasses come out: the table rows of ``store.rows`` never
travel, because they do not validate. No record and no record's text is kept here (design law 7), only
counts, the run's document, and the answers and permissions that people filed. Interface stable; tables change only by a migration.
"""

from __future__ import annotations

from audit.store.answers import KeptAnswers
from audit.store.home import DEFAULT_HOME, resolve_home
from audit.store.runs import DatasetSummary, Interval, RunSummary, Store, StoredRun

__all__ = [
    "DEFAULT_HOME",
    "DatasetSummary",
    "Interval",
    "KeptAnswers",
    "RunSummary",
    "Store",
    "StoredRun",
    "resolve_home",
]
