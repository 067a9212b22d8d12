"""Who may do what at the fake splunkd: the app's own default.meta and authorize.conf, by Splunk's rules of access.

Reading takes the right to the app, to the kind of thing and to the thing itself; writing the right to the thing, and
adding or removing one that to write the app. `admin_all_objects` takes none of them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Set

import conf_files
from fake_kv import Refused

ROOT = Path(__file__).resolve().parents[2]
META = ROOT / "addon" / "splunk_app" / "metadata" / "default.meta"
BUILT_IN = {  # of the roles that Splunk has by itself, as far as the app meets them
    "user": {"search"},
    "power": {"search", "schedule_search"},
    "admin": {"search", "admin_all_objects", "list_storage_passwords"},
    "sc_admin": {"search", "list_storage_passwords"},
}
DENIED = "You do not have permission to perform this operation"


class Session(NamedTuple):
    """Of whoever asks."""

    roles: List[str]
    capabilities: List[str]


class Access:
    """The rights of one app's things."""

    def __init__(self) -> None:
        self._meta = _read(META)
        self._roles = {name[5:]: stanza for name, stanza in _authorize().items() if name.startswith("role_")}

    def inherited(self, role: str) -> Set[str]:
        """The role with those that it takes over, and theirs."""
        if role not in self._roles and role not in BUILT_IN:
            raise KeyError(role)
        imported = self._roles.get(role, {}).get("importRoles", "").split(";")
        return {role}.union(*(self.inherited(other.strip()) for other in imported if other.strip()))

    def capabilities(self, roles: Iterable[str]) -> Set[str]:
        found: Set[str] = set()
        for role in roles:
            found |= BUILT_IN.get(role, set())
            found |= {key for key, value in self._roles.get(role, {}).items() if value == "enabled"}
        return found

    def may(self, session: Session, what: str, kind: str, name: str) -> bool:
        """Whether the session may read or write that thing of that kind."""
        if "admin_all_objects" in session.capabilities:
            return True
        layers = list(self._layers(kind, name))
        roles = {"*", *session.roles}
        return all(roles & layer["read"] for layer in layers) and bool(what == "read" or roles & layers[-1]["write"])

    def demand(self, session: Session, what: str, kind: str, name: str) -> None:
        """Raises Refused, 403."""
        if not self.may(session, what, kind, name):
            raise Refused(403, DENIED)

    def demand_app(self, session: Session) -> None:
        """Raises Refused where the session may not add to the app."""
        self.demand(session, "write", "", "")

    def lookup_file(self, session: Session, home: Path, user: str, app: str, name: str) -> Any:
        """/data/lookup-table-files/<name>: the file as this user finds it from this app."""
        etc = home / "etc"
        own = etc / "users" / user / app / "lookups" / name
        if own.is_file():
            return _entry(own, app, user)
        for place in (app, "busybody"):
            path = etc / "apps" / place / "lookups" / name
            is_ours = place == "busybody"
            is_seen = place == app or self._meta.get(f"lookups/{name}", {}).get("export") == "system"
            if path.is_file() and is_seen and (not is_ours or self.may(session, "read", "lookups", name)):
                return _entry(path, place, "nobody")
        raise Refused(404, f"Could not find object id={name}")

    def _layers(self, kind: str, name: str) -> Iterator[Dict[str, Set[str]]]:
        """The rules that hold for a thing, the nearest one last."""
        for stanza in dict.fromkeys(("", kind, f"{kind}/{name}")):
            rule = self._meta.get(stanza, {}).get("access")
            if rule is not None:
                found = re.findall(r"(read|write)\s*:\s*\[([^\]]*)\]", rule)
                yield {what: {role.strip() for role in roles.split(",")} for what, roles in found}


def _entry(path: Path, app: str, owner: str) -> Any:
    content = {"eai:data": str(path), "eai:appName": app, "eai:userName": owner}
    return {"entry": [{"name": path.name, "acl": {"app": app, "owner": owner}, "content": content}], "messages": []}


@lru_cache(maxsize=2)
def _read(path: Path) -> Dict[str, Dict[str, str]]:
    return conf_files.read(path)


def _authorize() -> Dict[str, Dict[str, str]]:
    return _read(ROOT / "default" / "authorize.conf")
