"""Which map reads this record? All maps, compiled when first needed, the most specific that fits wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..errors import PolicyError
from . import schema
from .paths import Slots
from .reader import Reader
from .values import Convert

_SHAPES = 1024  # sets of top-level keys whose candidates are remembered
_LONGEST_SHAPE = 64  # keys; a CSV with more columns has one shape anyway


class Registry:
    """The packaged maps and a policy's own. `maps` are mappings, or paths of map files."""

    def __init__(self, maps: Sequence[Any], convert_ip: Convert, convert_time: Convert) -> None:
        own = [_own(raw, number) for number, raw in enumerate(maps)]
        readers = [Reader(found, convert_ip, convert_time) for found in (*own, *schema.packaged())]
        self.readers: List[Reader] = sorted(readers, key=lambda reader: reader.specificity)
        self._candidates: Dict[Tuple[str, ...], List[Reader]] = {}

    def find(self, record: Mapping[str, Any]) -> Tuple[Optional[Reader], Slots]:
        """The reader that fits and what it read, or (None, [])."""
        for reader in self.candidates(record):
            slots = reader.slots(record)
            if reader.detect.holds(slots):
                return reader, slots
        return None, []

    def candidates(self, record: Mapping[str, Any]) -> List[Reader]:
        """The readers that can fit a record with these top-level keys, most specific first."""
        shape = tuple(record)
        found = self._candidates.get(shape)
        if found is None:
            found = [
                reader
                for reader in self.readers
                if all(any(key in record for key in need) for need in reader.detect.needs)
            ]
            if len(self._candidates) >= _SHAPES:
                self._candidates.clear()
            if len(shape) <= _LONGEST_SHAPE or not self._candidates:
                self._candidates[shape] = found
        return found

    def of_source(self, source: str) -> Optional[Reader]:
        """The reader of a data set or map name."""
        for reader in self.readers:
            if source in (reader.map.source, reader.map.name):
                return reader
        return None


def _own(raw: Any, number: int) -> schema.FieldMap:
    if isinstance(raw, str):
        return schema.load(Path(raw).expanduser(), own=True)
    try:
        return schema.from_mapping(raw, f"maps[{number}]", own=True)
    except RecursionError as error:
        raise PolicyError("is nested too deeply", key=f"maps[{number}]") from error
