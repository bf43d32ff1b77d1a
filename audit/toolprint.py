"""The program's own digest, so that a run says exactly which code judged it. Stable."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import rfc8785

_CODE = {".py", ".toml", ".mako"}


@cache
def tool_digest() -> str:
    """Return SHA-256 over the sorted (path, SHA-256) of the package's own code and facts.

    Packaged policies are left out: the policy in force has a digest of its own.
    """
    root = Path(__file__).parent
    files = sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix in _CODE and path.is_file() and path.relative_to(root).parts[0] != "policies"
    )
    listed = [[name, hashlib.sha256((root / name).read_bytes()).hexdigest()] for name in files]
    # The SPDX list that tells licences from misspellings comes with this library, so it is part of what judges.
    listed.append(["license-expression", version("license-expression")])
    return hashlib.sha256(rfc8785.dumps(listed)).hexdigest()
