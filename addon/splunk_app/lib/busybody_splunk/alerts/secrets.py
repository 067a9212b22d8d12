"""What only administrators can write: settings in busybody.conf and secrets in storage/passwords."""

from __future__ import annotations

from typing import Dict

from ..conf import password, stanzas
from ..rest import Splunkd, SplunkdError

REALM = "busybody"


def settings(splunkd: Splunkd, stanza: str) -> Dict[str, str]:
    """A stanza of busybody.conf, as Splunk layers it; empty where there is none. Raises SplunkdError."""
    return {name: value.strip() for name, value in stanzas(splunkd).get(stanza, {}).items()}


def secret(splunkd: Splunkd, name: str) -> str:
    """A password of the realm `busybody`; empty where none is stored. Raises SplunkdError."""
    try:
        return password(splunkd, REALM, name).strip()
    except SplunkdError as error:
        if error.status == 404:
            return ""
        raise
