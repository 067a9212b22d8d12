"""Parts of documents: the person, where from, ATT&CK, and what stands above an incident that was judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Sequence

from busybody.profile.codec import clean
from busybody.signin import SignIn

Part = dict[str, Any]
FRAMEWORK = "MITRE ATT&CK"
OWN = "name", "email", "id", "full_name"  # of the source's own user.*
ANSWERED = {"malicious": "The person said it was not them", "benign": "Confirmed by the person"}
DECIDED = {
    "malicious": "An analyst said it was not the person",
    "benign": "An analyst confirmed it",
    "closed": "An analyst closed it",
}


def own_user(document: Mapping[str, Any]) -> dict[str, str]:
    """What a source's document says of the person under `user`, nested or dotted."""
    user = document.get("user")
    found = {}
    for name in OWN:
        value = user.get(name) if isinstance(user, Mapping) else document.get(f"user.{name}")
        if isinstance(value, list):
            value = value[0] if value else None
        if value and isinstance(value, (str, int)) and value is not True:
            found[name] = clean(str(value))
    return found


def user(principal: str, hash: str, own: Mapping[str, str]) -> Part:
    """`user` of a score: the name is the principal, by which one person is one whatever the source calls them."""
    part = {"name": principal, "hash": hash}
    local, _, domain = principal.rpartition("@")
    if local and domain:
        part.update(email=principal, domain=domain)
    for name in ("id", "full_name"):
        if name in own:
            part[name] = own[name]
    return part


def related(principal: str, own: Mapping[str, str]) -> list[str]:
    """Every name by which somebody may look for the person."""
    return list(dict.fromkeys([principal, *(own[name] for name in ("name", "email") if name in own)]))


def source(signin: SignIn) -> Part:
    """`source` of a score; empty where nothing is known."""
    part: Part = {}
    if signin.ip is not None:
        part["ip"] = signin.ip
    if signin.country is not None:
        geo = part["geo"] = {"country_iso_code": signin.country}
        if signin.region is not None:
            geo["region_name"] = signin.region
        if signin.city is not None:
            geo["city_name"] = signin.city
    if signin.lat is not None and signin.lon is not None:
        part.setdefault("geo", {})["location"] = {"lat": signin.lat, "lon": signin.lon}
    if signin.asn is not None:
        operator = part["as"] = {"number": signin.asn}
        if signin.as_org is not None:
            operator["organization"] = {"name": signin.as_org}
    return part


def threat(techniques: Sequence[str]) -> Part:
    """`threat`: techniques, and below them the sub-techniques, such as T1110.003 of T1110."""
    technique: Part = {"id": list(dict.fromkeys(one.partition(".")[0] for one in techniques))}
    below = [one for one in techniques if "." in one]
    if below:
        technique["subtechnique"] = {"id": below}
    return {"framework": FRAMEWORK, "technique": technique}


def judgement(verdict: Mapping[str, Any]) -> str:
    """Who said what of an incident."""
    if verdict["channel"] != "responder":
        return DECIDED[verdict["answer"]]
    return ANSWERED[verdict["answer"]] + ("" if verdict.get("verified") else ", but nothing proves it was them")


def cut(text: str, most: int) -> str:
    """At most so many characters, ending with a whole word and an ellipsis where something is left out."""
    if len(text) <= most:
        return text
    kept, _, rest = text[:most].rpartition(" ")
    return f"{(kept or rest[: most - 1]).rstrip(' ,;:.')}…"
