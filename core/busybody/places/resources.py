"""Data files of the package: read where they lie on disk, or out of the archive that the package lives in."""

from __future__ import annotations

from typing import Any

from ..distinct import distinct
from ..errors import InputError


def read_bytes(file: str) -> bytes:
    """The content of a data file of this package, in an archive or not."""
    try:
        loader: Any = __loader__  # type: ignore[name-defined]  # set by the import system
        content = loader.get_data(file)
    except OSError as error:
        raise InputError(f"it cannot be read ({error}). Install the package anew.", source=file) from None
    return bytes(content)


def read_json(file: str) -> Any:
    """A JSON data file; duplicate keys are refused, since `json` would silently keep the last."""
    import json

    try:
        return json.loads(read_bytes(file), object_pairs_hook=distinct)
    except ValueError as error:
        raise InputError(f"{error}. Install the package anew.", source=file) from None
