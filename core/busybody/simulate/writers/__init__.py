"""Sign-ins as their vendors write them: one small function per format, named in FORMATS.

A writer gets a SignIn and gives the record (a mapping, or a line of text), or None where the format cannot hold
it, such as a failure in a log of successes. Fields that are None are left out or null, as the vendor does.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Iterable, Iterator, Mapping, NamedTuple, Optional, Tuple, Union

from ...errors import PolicyError, shown
from ...signin import SignIn
from ..config import Event
from . import elastic, hosts, identity, services, splunk

Record = Union[Mapping[str, Any], str]
WITHHELD: Mapping[str, Mapping[str, Any]] = {
    "geo": dict.fromkeys(("country", "region", "city", "lat", "lon", "accuracy_km")),
    "class": {"network": None, "asn": None, "as_org": None, "flags": ()},
    "device": {"user_agent": None, "device": None, "version": None, "device_id": None},
    "session": {"session": None},
}


def own_id(signin: SignIn, _record: Record) -> str:
    return signin.id


class Format(NamedTuple):
    write: Callable[[SignIn], Optional[Record]]
    event_id: Callable[[SignIn, Any], str] = own_id  # the id under which a reader knows the record
    csv: Tuple[str, ...] = ()  # columns, where the file is CSV


FORMATS: Mapping[str, Format] = {
    "ecs": Format(elastic.ecs),
    "cim": Format(splunk.cim, csv=splunk.COLUMNS),
    "okta": Format(identity.okta),
    "entra": Format(identity.entra),
    "google_workspace": Format(identity.google_workspace, identity.google_id),
    "duo": Format(identity.duo),
    "auth0": Format(identity.auth0),
    "onelogin": Format(identity.onelogin, lambda signin, _: str(identity.number(signin))),
    "cloudtrail": Format(services.cloudtrail),
    "salesforce": Format(services.salesforce),
    "slack": Format(services.slack),
    "github": Format(services.github),
    "sshd": Format(hosts.sshd, lambda _signin, _record: ""),  # a syslog line has no id: labels name the line
    "windows": Format(hosts.windows, hosts.windows_id),
}


def format_named(name: str) -> Format:
    if name not in FORMATS:
        raise PolicyError(f"{shown(name)} is no format. Use one of {', '.join(FORMATS)}.", key="format")
    return FORMATS[name]


def lines(events: Iterable[Event], name: str, withhold: Iterable[str] = ()) -> Iterator[Tuple[str, str, Event]]:
    """(line of text without its end, event id, event) for every event that the format can hold."""
    form = format_named(name)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
    gone: Dict[str, Any] = {}
    for what in sorted(withhold):
        if what not in WITHHELD:
            raise PolicyError(f"{shown(what)} cannot be withheld. Use some of {', '.join(WITHHELD)}.", key="withhold")
        gone.update(WITHHELD[what])
    for event in events:
        signin = event.signin._replace(**gone) if gone else event.signin
        record = form.write(signin)
        if record is None:
            continue
        if isinstance(record, str):
            text = record
        elif form.csv:
            text = ",".join(splunk.cell(record.get(column)) for column in form.csv)
        else:
            text = encode(record)
        yield text, form.event_id(signin, record), event
