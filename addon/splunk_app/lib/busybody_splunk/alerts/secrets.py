"""What only administrators can write: settings in busybody.conf and secrets in storage/passwords."""

from __future__ import annotations

from typing import Dict
from urllib.parse import quote

from ..rest import Splunkd, SplunkdError

APP = "/servicesNS/nobody/busybody/"
REALM = "busybody"


def settings(splunkd: Splunkd, stanza: str) -> Dict[str, str]:
    """A stanza of busybody.conf, as Splunk layers it; empty where there is none. Raises SplunkdError."""
    content = _content(splunkd, f"{APP}configs/conf-busybody/{quote(stanza, safe='')}")
    return {name: value.strip() for name, value in content.items() if isinstance(value, str)}


def secret(splunkd: Splunkd, name: str) -> str:
    """A password of the realm `busybody`; empty where none is stored. Raises SplunkdError."""
    found = _content(splunkd, f"{APP}storage/passwords/{REALM}%3A{quote(name, safe='')}%3A")
    value = found.get("clear_password")
    return value.strip() if isinstance(value, str) else ""


def _content(splunkd: Splunkd, path: str) -> Dict[str, object]:
    try:
        found = splunkd.get(path)
    except SplunkdError as error:
        if error.status == 404:
            return {}
        raise
    entries = found.get("entry") if isinstance(found, dict) else None
    content = entries[0].get("content") if entries else None
    return content if isinstance(content, dict) else {}
