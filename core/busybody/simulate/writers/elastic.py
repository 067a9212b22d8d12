"""Elastic Common Schema 8, as a pipeline with the geoip processor writes it."""

from __future__ import annotations

from typing import Any, Dict

from ...signin import SignIn
from .times import iso


def ecs(signin: SignIn) -> Dict[str, Any]:
    """One document. Method, second factor and flags have no field in ECS; they go where our map looks for them."""
    source: Dict[str, Any] = {"ip": signin.ip, "address": signin.ip}
    if signin.country is not None:
        source["geo"] = {
            "country_iso_code": signin.country,
            "region_name": signin.region,
            "city_name": signin.city,
            "location": {"lat": signin.lat, "lon": signin.lon},
        }
    if signin.asn is not None:
        source["as"] = {"number": signin.asn, "organization": {"name": signin.as_org}}
    local, _, domain = signin.user.partition("@")
    document: Dict[str, Any] = {
        "@timestamp": iso(signin.time),
        "ecs": {"version": "8.17.0"},
        "event": {
            "id": signin.id,
            "kind": "event",
            "category": ["authentication"],
            "type": ["start"],
            "action": "user-login",
            "outcome": signin.outcome,
            "dataset": signin.source,
            "authentication_method": signin.method,
            "mfa": signin.mfa,
        },
        "user": {"name": local, "email": signin.user, "domain": domain, "group": {"name": signin.group}},
        "source": source,
        "related": {"user": [signin.user], "ip": [signin.ip]},
        "service": {"name": signin.app},
    }
    if signin.user_agent is not None:
        document["user_agent"] = {"original": signin.user_agent}
    if signin.device_id is not None:
        document["device"] = {"id": signin.device_id}
    if signin.session is not None:
        document["session"] = {"id": signin.session}
    return document
