"""What splunkd hands to an alert action on standard input: one JSON object, whose values are strings."""

from __future__ import annotations

import json
from typing import Any, BinaryIO, Dict, Mapping, NamedTuple

from busybody.errors import InputError, shown

LARGEST = 64 << 20  # bytes; splunkd sends the first row only, so that anything near it is no payload


class Alert(NamedTuple):
    """One run of an alert action. Whatever splunkd leaves out, as `sendalert` does, is empty."""

    server_uri: str
    session_key: str
    results_file: str
    results_link: str
    sid: str
    search_name: str  # empty for an ad-hoc `sendalert`
    owner: str
    app: str
    settings: Mapping[str, str]  # the action's own param.*
    first_row: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Alert(sid={self.sid!r}, search_name={self.search_name!r})"  # no session key in a traceback

    def setting(self, name: str, default: str = "") -> str:
        """A parameter of the action without surrounding blanks; the default where it is absent or empty."""
        return self.settings.get(name, "").strip() or default


def read_alert(stream: BinaryIO) -> Alert:
    """The alert on the stream. Raises InputError where it is no payload of splunkd's."""
    raw = stream.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise InputError(f"The payload is larger than {LARGEST} bytes; splunkd sends none like it.", source="stdin")
    try:
        found = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        message = f"The payload is no JSON ({type(error).__name__}). alert_actions.conf needs payload_format = json."
        raise InputError(message, source="stdin") from None
    if not isinstance(found, dict):
        raise InputError(f"The payload is {shown(found)}, not an object.", source="stdin")
    missing = [name for name in ("server_uri", "session_key") if not isinstance(found.get(name), str)]
    if missing:
        raise InputError(
            "The payload lacks this key; only splunkd can start this script.", source="stdin", key=missing[0]
        )
    return Alert(
        **{name: _text(found, name) for name in Alert._fields[:8]},
        settings=_settings(found.get("configuration")),
        first_row=found["result"] if isinstance(found.get("result"), dict) else {},
    )


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _settings(found: Any) -> Dict[str, str]:
    if not isinstance(found, dict):
        return {}
    return {name: value if isinstance(value, str) else str(value) for name, value in found.items() if value is not None}
