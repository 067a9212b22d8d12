"""The write-ahead log: what a commit changes of people, in documents that hold until the profiles' own have it.

The head names each commit's documents by number, token and count. A token is random, so what an owner wrote who then
lost the partition is never taken for the commit of that number which came true.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from busybody.errors import StoreError
from busybody.stores import Row

from ..cluster.protocol import Cluster
from .sealed import RESTORE, seal, unseal

SIZE = 1 << 20  # characters of one document
Cell = tuple[str, str]  # profile or journal, person
Changed = dict[Cell, tuple[int, Row | None]]  # with the number of the commit
Commit = Sequence[Any]  # number, token, documents


def write(
    number: int, changed: Mapping[Cell, Row | None], partition: int
) -> tuple[list[Commit], list[tuple[str, dict[str, Any]]]]:
    """What the head says of a commit, and the documents (id, source) to be written before."""
    if not changed:
        return [], []
    token = secrets.token_hex(8)
    documents = [
        (
            f"wal-{partition}-{number}-{token}-{part}",
            {"kind": "wal", "partition": partition, **seal(text, f"{number}-{part}")},
        )
        for part, text in enumerate(_parts(changed))
    ]
    return [[number, token, len(documents)]], documents


def _parts(changed: Mapping[Cell, Row | None]) -> Iterator[str]:
    rows: list[Any] = []
    size = 0
    for (kind, user), row in changed.items():
        rows.append([kind, user, row])
        size += len(user) + (len(row.text) if row else 0)
        if size >= SIZE:
            yield json.dumps(rows, ensure_ascii=False)
            rows, size = [], 0
    if rows:
        yield json.dumps(rows, ensure_ascii=False)


def read(cluster: Cluster, index: str, commits: Iterable[Commit], where: str) -> Changed:
    """What these commits changed, the later over the earlier. Raises StoreError where a document is damaged."""
    changed: Changed = {}
    partition = where.rpartition(" ")[2]
    for number, token, count in commits:
        names = [f"wal-{partition}-{number}-{token}-{part}" for part in range(count)]
        documents = cluster.mget(index, names)
        for part, name in enumerate(names):
            if name not in documents:
                raise StoreError(f"commit {number} of the log is missing. {RESTORE}", source=where)
            text = unseal(documents[name].source, f"{number}-{part}", where, f"commit {number} of the log")
            for kind, user, row in json.loads(text):
                changed[kind, user] = number, None if row is None else Row(*row)
    return changed


def ids(commits: Iterable[Commit], partition: int) -> set[str]:
    """The documents of these commits."""
    return {f"wal-{partition}-{number}-{token}-{part}" for number, token, count in commits for part in range(count)}
