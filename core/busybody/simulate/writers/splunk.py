"""A CSV export of Splunk's Authentication data model, with `iplocation` and an ASN lookup behind it."""

from __future__ import annotations

from typing import Any, Dict

from ...signin import SignIn

COLUMNS = (
    "_time", "user", "src", "app", "action", "authentication_method", "user_agent", "session_id", "user_bunit",
    "mfa_result", "device_id", "src_asn", "src_as_org", "is_proxy", "City", "Region", "Country", "lat", "lon", "sourcetype", "tag", "event_hash",
)  # fmt: skip


def cim(signin: SignIn) -> Dict[str, Any]:
    return {
        "_time": f"{signin.time:.3f}",
        "user": signin.user,
        "src": signin.ip,
        "app": signin.app,
        "action": signin.outcome,
        "authentication_method": signin.method,
        "user_agent": signin.user_agent,
        "session_id": signin.session,
        "user_bunit": signin.group,
        "mfa_result": {"passed": "approved", "denied": "denied"}.get(signin.mfa),
        "device_id": signin.device_id,
        "src_asn": signin.asn,
        "src_as_org": signin.as_org,
        "is_proxy": "true" if "proxy" in signin.flags else None,
        "City": signin.city,
        "Region": signin.region,
        "Country": signin.country,
        "lat": None if signin.lat is None else f"{signin.lat:.5f}",
        "lon": None if signin.lon is None else f"{signin.lon:.5f}",
        "sourcetype": signin.source,
        "tag": "authentication",
        "event_hash": signin.id,
    }


def cell(value: Any) -> str:
    """A field of a CSV file as Splunk writes it: quoted where it must be."""
    if value is None:
        return ""
    text = str(value)
    if any(mark in text for mark in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text
