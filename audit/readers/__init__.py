"""Readers: vendor bytes in, Arrow out, through a child process with limits.

``read_delivery`` is the only way in. It leaves Parquet shards that we wrote ourselves, the rejected
rows with their reasons, and a ledger in which records in are always audited plus rejected. To add a
format, add a ``Rows`` class, an entry in ``rows.FORMATS`` and a branch in ``child``; to add a known export, an entry in
``presets.PRESETS``. Experimental; the shapes of shards and rejects are stable.
"""

from audit.readers.delivery import Delivery, DeliveryFile, scan_delivery
from audit.readers.limits import Limits
from audit.readers.presets import PRESETS, Preset
from audit.readers.protocol import REJECT_SCHEMA, SHARD_SCHEMA
from audit.readers.reading import Progress, Reading, Step, read_delivery
from audit.readers.reasons import Reason

__all__ = [
    "PRESETS",
    "REJECT_SCHEMA",
    "SHARD_SCHEMA",
    "Delivery",
    "DeliveryFile",
    "Limits",
    "Preset",
    "Progress",
    "Reading",
    "Reason",
    "Step",
    "read_delivery",
    "scan_delivery",
]
