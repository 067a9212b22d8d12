"""What only administrators can write: settings in busybody_send.conf and secrets in storage/passwords.

The settings have a file of their own, since whoever may write busybody.conf changes a policy, and is not to choose
where a secret goes.
"""

from __future__ import annotations

from typing import Dict

from busybody.errors import InputError

from ..conf import SENDING, password, stanzas
from ..rest import Splunkd, SplunkdError

REALM = "busybody"


def settings(splunkd: Splunkd, stanza: str) -> Dict[str, str]:
    """A stanza of busybody_send.conf, as Splunk layers it; empty where there is none. Raises SplunkdError."""
    return {name: value.strip() for name, value in stanzas(splunkd, SENDING).get(stanza, {}).items()}


def secret(splunkd: Splunkd, name: str) -> str:
    """A password of the realm `busybody`; empty where none is stored. Raises SplunkdError, InputError for a broken one."""
    try:
        found = password(splunkd, REALM, name).strip()
    except SplunkdError as error:
        if error.status == 404:
            return ""
        raise
    if not found.isprintable():
        raise InputError(f"The secret {name} has a line break in it, or another control character. Store it again.")
    return found
