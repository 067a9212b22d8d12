"""Kibana's assets, through its own API: saved objects, connectors, alerting rules, detection rules.

Every change carries kbn-xsrf; a space other than the default one is a part of the path, behind Kibana's base path.
What is ours stands in our list (stored.py), as Kibana keeps no `_meta`.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from typing import Any, Collection, Iterator, Mapping
from urllib.parse import quote, urlsplit

import httpx

from ..assets import Body, folder, load
from ..cluster.tls import context
from ..errors import ClusterError
from .needed import DETECTION_RULE
from .plan import Wanted
from .stored import Absent, Asset, Ledger, Mark, digest_of

SECONDS = 60.0
ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
TITLE = re.compile(r'("(?:title|name)":"Busybody: [^"\\]*)')  # of the object itself; what is within is escaped
XSRF = {"kbn-xsrf": "busybody"}  # Kibana refuses a change without it
FIRST = (
    "tag",
    "index-pattern",
    "search",
    "visualization",
    "lens",
    "map",
    "dashboard",
)  # what others point at goes first
CREATED_ONLY = {
    "rule_type_id",
    "consumer",
    "enabled",
    "connector_type_id",
}  # cannot be changed, or is the user's to change
ACTION = {"id", "group", "params", "frequency", "alerts_filter", "use_alert_data_for_template", "uuid"}  # as PUT has it


class Kibana:
    """One space of one Kibana."""

    def __init__(self, url: str, space: str = "default", client: httpx.Client | None = None) -> None:
        """`url` with Kibana's base path, if it has one; the client brings credentials and trust."""
        self.space = space
        self._client = client or httpx.Client()
        self._base = url.rstrip("/") + ("" if space == "default" else f"/s/{quote(space, safe='')}")
        self.key = f"{urlsplit(url).netloc}{urlsplit(url).path.rstrip('/')}#{space}"  # in our list

    @classmethod
    def of(cls, config: Any, space: str | None = None) -> Kibana | None:
        """As configured, with the cluster's credentials where it has none of its own; None where no Kibana is."""
        own, cluster = config.kibana, config.cluster
        if not own.url:
            return None
        secrets = own if own.api_key or own.username else cluster
        auth = (secrets.username, secrets.password.reveal()) if secrets.username else None
        headers = {"Authorization": f"ApiKey {_encoded(secrets.api_key.reveal())}"} if secrets.api_key else {}
        name = "kibana.ca_file" if own.ca_file else "cluster.ca_file"
        trust = context(own.ca_file or cluster.ca_file, name=name)
        client = httpx.Client(auth=auth, headers=headers, verify=trust, timeout=SECONDS)
        return cls(own.url, space or own.space, client)

    def call(self, method: str, path: str, body: Any = None, *, files: Any = None) -> Any:
        """The decoded answer. Raises ClusterError with Kibana's status and its own words."""
        try:
            answer = self._client.request(method, self._base + path, json=body, files=files, headers=XSRF)
        except httpx.HTTPError as error:
            raise ClusterError(f"Kibana cannot be reached ({type(error).__name__}). Check kibana.url.") from error
        if answer.status_code >= 300:
            raise ClusterError(_said(answer), status=answer.status_code, source="kibana")
        if answer.headers.get("content-type", "").startswith("application/x-ndjson"):
            return [json.loads(line) for line in answer.text.splitlines() if line]
        try:
            return answer.json() if answer.content else None
        except ValueError as error:  # a page, for people
            what = answer.headers.get("content-type", "").partition(";")[0] or "something"
            told = (
                f"what answers at kibana.url is not Kibana's API: it gives {what[:40]}, as a page to sign in would be"
            )
            raise ClusterError(f"{told}. Check kibana.url and its credentials.", source="kibana") from error

    def found(self, path: str) -> Any:
        """What there is; None where there is nothing."""
        try:
            return self.call("GET", path)
        except ClusterError as error:
            if error.status == 404:
                return None
            raise

    def close(self) -> None:
        self._client.close()


class SavedObject:
    """A data view, dashboard, search or tag."""

    needs = idle = ""

    def __init__(self, kibana: Kibana, ledger: Ledger, body: Body) -> None:
        self.kind: str = "data view" if body["type"] == "index-pattern" else body["type"]
        self.name: str = body["id"]
        self.digest = digest_of(body)
        self._kibana, self._ledger, self._body = kibana, ledger, body
        self.listed = f"{kibana.key}/{body['type']}/{body['id']}"

    def find(self) -> Mark | None:
        wanted = [{"type": self._body["type"], "id": self._body["id"]}]
        try:
            self._kibana.call("POST", "/api/saved_objects/_export", {"objects": wanted, "excludeExportDetails": True})
        except ClusterError as error:
            if error.status == 400 and "Error fetching objects" in str(error):  # an export names what it does not find
                return None
            raise
        return self._ledger.mark(self.listed)

    def write(self, found: Mark | None) -> str:
        file = ("busybody.ndjson", json.dumps(self._body).encode() + b"\n", "application/x-ndjson")
        overwrite = "true" if found else "false"
        done = self._kibana.call("POST", f"/api/saved_objects/_import?overwrite={overwrite}", files={"file": file})
        if not done["success"]:
            reasons = ", ".join(sorted({str(row["error"]["type"]) for row in done.get("errors", ())}))
            raise ClusterError(f"Kibana does not take it: {reasons}.", source="kibana")
        self._ledger.enter(self.listed, self.digest)
        return ""

    def remove(self) -> None:
        self._kibana.call("DELETE", f"/api/saved_objects/{self._body['type']}/{self._body['id']}?force=true")
        self._ledger.strike(self.listed)


class Ruled:
    """A connector, an alerting rule (by id in the path) or a detection rule (by rule_id)."""

    needs = idle = ""

    def __init__(
        self, kibana: Kibana, ledger: Ledger, kind: str, name: str, path: str, body: Body, digest: str = "",
        connectors: Collection[str] = (),
    ) -> None:  # fmt: skip
        """`connectors`: ids of ours; a rule's actions by others are somebody's own."""
        self.kind, self.name, self.digest = kind, name, digest or digest_of(body)
        self._kibana, self._ledger, self._path, self._body = kibana, ledger, path, body
        self.listed, self._connectors = f"{kibana.key}{path}", connectors

    def find(self) -> Mark | None:
        return None if self._kibana.found(self._path) is None else self._ledger.mark(self.listed)

    def write(self, found: Mark | None) -> str:
        detection = "?rule_id=" in self._path
        if found is None:
            self._kibana.call("POST", self._path.partition("?")[0], self._body)
        elif detection:  # what is not named stays: whether it is on, its actions and exceptions are the user's
            self._kibana.call("PATCH", self._path.partition("?")[0], _all_but(self._body, {"enabled", "actions"}))
        else:
            body = _all_but(self._body, CREATED_ONLY)
            if "actions" in body:
                body["actions"] = [*body["actions"], *self._added()]
            self._kibana.call("PUT", self._path, body)
        self._ledger.enter(self.listed, self.digest)
        return ""

    def _added(self) -> list[Body]:
        """The actions that people added."""
        actions = (self._kibana.found(self._path) or {}).get("actions", ())
        added = [action for action in actions if action["id"] not in self._connectors]
        return [{name: value for name, value in action.items() if name in ACTION} for action in added]

    def remove(self) -> None:
        self._kibana.call("DELETE", self._path)
        self._ledger.strike(self.listed)


def kibana_assets(
    kibana: Kibana | None, ledger: Ledger, wanted: Wanted, *, watched: bool = False
) -> Iterator[Asset | Absent]:  # fmt: skip
    """Everything for one space, in the order in which it must be installed. `watched`: the cluster has our watches."""
    if kibana is None:
        yield Absent("Kibana", "assets", "no Kibana is configured (kibana.url)")
        return
    yield from saved_objects(kibana, ledger, wanted)
    yield from alerting(kibana, ledger, wanted, told(wanted) if watched else set())
    for body in detection_rules():
        path = f"/api/detection_engine/rules?rule_id={quote(body['rule_id'], safe='')}"
        # one rule for all namespaces: its links lead to the dashboards of the one that brought it
        yield Ruled(kibana, ledger, DETECTION_RULE, body["rule_id"], path, _linked(body, wanted), digest_of(body))


def saved_objects(kibana: Kibana, ledger: Ledger, wanted: Wanted) -> Iterator[Asset | Absent]:
    """The lines of the NDJSON files, except for their summary. Ids and titles tell spaces and namespaces apart."""
    rows = []
    for path in sorted(folder("kibana").glob("*.ndjson")):
        text = wanted.filled(path.read_text("utf-8"))
        if wanted.namespace != "default":
            text = TITLE.sub(rf"\g<1> ({wanted.namespace})", text)
        rows += [row for row in map(json.loads, text.splitlines()) if "type" in row]
    rows.sort(key=lambda row: FIRST.index(row["type"]) if row["type"] in FIRST else len(FIRST) - 1)
    return (SavedObject(kibana, ledger, row) for row in rows)


def told(wanted: Wanted) -> set[str]:
    """The types of connectors whose work the watches do. Two notes of whom was told would silence each other."""
    slack, responder = {".slack"} if wanted.channel else set(), {".webhook"} if wanted.responder else set()
    return slack | responder | ({".index"} if wanted.channel or wanted.responder else set())


def alerting(kibana: Kibana, ledger: Ledger, wanted: Wanted, by_watches: set[str]) -> Iterator[Asset | Absent]:
    """Connectors, then the rules that name them; a rule goes without the actions of a connector that is absent.

    What watches tell already (`by_watches`: types of connectors), rules do not tell again.
    """
    absent, ours = set(), set()
    for asset in _files("alerting/connectors", kibana, wanted):
        name, connector = asset["body"]["name"], asset["path"].rpartition("/")[2]
        ours.add(connector)
        if asset["body"]["connector_type_id"] in by_watches:
            absent.add(connector)
        if asset["body"]["connector_type_id"] in by_watches and asset.get("secrets"):
            yield Absent("connector", name, "watches tell the same")
        elif asset.get("secrets"):  # made by somebody who knows them, under the id that the rules name
            if kibana.found(asset["path"]) is None:
                absent.add(connector)
                needs = " and ".join(asset["secrets"])
                yield Absent("connector", name, f"it needs {needs}, which is yours to give: POST {asset['path']}")
        else:
            yield Ruled(kibana, ledger, "connector", name, asset["path"], asset["body"])
    for asset in _files("alerting/rules", kibana, wanted):
        body = dict(asset["body"])
        body["actions"] = [action for action in body.get("actions", ()) if action["id"] not in absent]
        yield Ruled(kibana, ledger, "alerting rule", body["name"], asset["path"], body, connectors=ours)


def detection_rules() -> Iterator[Body]:
    yield from map(load, sorted(folder("rules").glob("*.json")))


def _linked(rule: Body, wanted: Wanted) -> Body:
    """With links that know Kibana's base path and space."""
    below = urlsplit(wanted.front).path
    text = json.dumps(wanted.filled(rule)).replace("](/app/", f"]({below}/app/")
    filled: Body = json.loads(text)
    return filled


def _files(name: str, kibana: Kibana, wanted: Wanted) -> Iterator[Body]:
    """Bodies with their path. Ids are one space's alone, and each namespace has rules of its own."""
    own = f"{kibana.space}/{wanted.namespace}"
    for path in sorted(folder(name).glob("*.json")):
        text = json.dumps(wanted.filled(load(path)))
        if own != "default/default":
            text = ID.sub(lambda found: str(uuid.uuid5(uuid.UUID(found[0]), own)), text)
        yield json.loads(text)


def _all_but(body: Mapping[str, Any], keys: set[str]) -> Body:
    return {key: value for key, value in body.items() if key not in keys}


def _encoded(key: str) -> str:
    """An API key as the header wants it; it is given so, or as id:key."""
    return base64.b64encode(key.encode()).decode() if ":" in key else key


def _said(answer: httpx.Response) -> str:
    try:
        words = answer.json().get("message", "")
    except (ValueError, AttributeError):
        words = ""
    return f"Kibana refuses ({answer.status_code}): {str(words)[:300] or answer.reason_phrase}"
