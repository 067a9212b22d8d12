"""Models of older versions of the app, made into the current one by the first writer that meets them.

Schema 0 was one document per person in busybody_profiles: user, profile, updated; no commits, no population.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Callable, Dict, Mapping, Optional

from busybody.errors import StoreError, shown
from busybody.stores import Row

from .chain import PROFILES, SCHEMA
from .kvstore import Collection

if TYPE_CHECKING:
    from .writer import Writer

OF_0 = {"profile": {"$gt": ""}}  # today's documents have no such field
DEFAULT = "default"  # schema 0 had one model
BATCH = 1_000  # people


def is_old(profiles: Collection, model: str) -> bool:
    """Whether a model without commits was left by schema 0."""
    return model == DEFAULT and next(profiles.find(OF_0, limit=1), None) is not None


def schema_of(writer: Writer) -> int:
    """The schema of what is stored."""
    if writer.lease.base.number:
        return writer.lease.base.schema
    return 0 if is_old(writer.collection(PROFILES), writer.name) else SCHEMA


def migrate(writer: Writer) -> None:
    """Stages everything in the current form; it shows once the writer commits. Raises StoreError."""
    for step in range(schema_of(writer), SCHEMA):
        STEPS[step](writer)


def _from_0(writer: Writer) -> None:
    rows: Dict[str, Optional[Row]] = {}
    for old in writer.collection(PROFILES).find(OF_0):
        user, text = old.get("user"), old.get("profile")
        if not isinstance(user, str) or not user or not isinstance(text, str):
            told = f"the profile of schema 0 is of {shown(user)}, which is nobody. Delete that document; nothing was changed."
            raise StoreError(told, source=writer.name, key=str(old.get("_key")))
        rows[user] = Row(text, _time(old.get("updated")))
        if len(rows) >= BATCH:
            writer.stage(rows)
            rows.clear()
    writer.stage(rows)
    writer.afterwards.delete(PROFILES, OF_0)


def _time(value: object) -> float:
    """When a person was last seen, as well as schema 0 knew."""
    try:
        time = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0
    return time if math.isfinite(time) else 0.0


STEPS: Mapping[int, Callable[[Writer], None]] = {0: _from_0}
