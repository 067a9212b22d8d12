"""splunkd's conf files and stored passwords as REST shows them, in memory; default and local layered key by key."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence

from fake_kv import Refused

Stanza = Dict[str, str]
LAYERS = ("default", "local")  # the later one wins
FLAGS = {"disabled": "0", "eai:appName": "busybody", "eai:userName": "nobody"}


class FakeConf:
    """Conf files by layer, and the passwords of one app."""

    def __init__(self) -> None:
        self.layers: Dict[str, Dict[str, Dict[str, Stanza]]] = {layer: {} for layer in LAYERS}
        self.secrets: Dict[str, Dict[str, str]] = {}

    def set(self, layer: str, file: str, stanza: str, settings: Stanza) -> None:
        """Writes a stanza into `default` or `local` of <file>.conf."""
        self.layers[layer].setdefault(file, {}).setdefault(stanza, {}).update(settings)

    def merged(self, file: str) -> Dict[str, Stanza]:
        """Every stanza but [default], whose settings reach into all the others."""
        common: Stanza = {}
        stanzas: Dict[str, Stanza] = {}
        for layer in LAYERS:
            common.update(self.layers[layer].get(file, {}).get("default", {}))
            for name in self.layers[layer].get(file, {}):
                stanzas.setdefault(name, {})
        stanzas.pop("default", None)
        for name, stanza in stanzas.items():
            stanza.update(common)
            for layer in LAYERS:
                stanza.update(self.layers[layer].get(file, {}).get(name, {}))
        return stanzas

    def serve(
        self,
        method: str,
        file: str,
        path: Sequence[str],
        query: Dict[str, str],
        form: Stanza,
        may_read: Callable[[str], bool],
    ) -> Any:
        """/configs/conf-<file>[/<stanza>]. What a session may not read is not there for it."""
        stanzas = {name: stanza for name, stanza in self.merged(file).items() if may_read(name)}
        if method == "POST":
            name = path[0] if path else form.pop("name", "")
            if path and name not in stanzas:
                raise Refused(404, f"Could not find object id={name}")
            if not path and name in stanzas:
                raise Refused(409, f"An object with name={name} already exists")
            form.pop("output_mode", None)
            self.set("local", file, name, form)
            return _entries({name: self.merged(file)[name]})
        if path:
            if path[0] not in stanzas:
                raise Refused(404, f"Could not find object id={path[0]}")
            if method == "DELETE":
                self.layers["local"].get(file, {}).pop(path[0], None)
                return _entries({})
            return _entries({path[0]: stanzas[path[0]]})
        count, offset = int(query.get("count", 30)), int(query.get("offset", 0))  # REST gives 30 unless asked
        names = sorted(stanzas)[offset : offset + count if count > 0 else None]
        return _entries({name: stanzas[name] for name in names}, total=len(stanzas))

    def properties(self, file: str) -> Any:
        """/properties/<file>, the one address that says 404 for a file that nobody has."""
        if not any(file in layer for layer in self.layers.values()):
            raise Refused(404, f"{file} does not exist")
        return _entries({name: {} for name in self.merged(file)})

    def passwords(self, method: str, path: Sequence[str], form: Stanza, capabilities: Sequence[str]) -> Any:
        """/storage/passwords[/<realm>:<name>:]."""
        if not {"list_storage_passwords", "admin_all_objects"} & set(capabilities):
            raise Refused(403, "You (user=analyst) do not have permission to perform this operation")
        if method == "POST" and not path:
            key = f"{form.get('realm', '')}:{form['name']}:"
            if key in self.secrets:
                raise Refused(409, f"Cannot perform action POST without a target name to act on: {key}")
            self.secrets[key] = {
                "realm": form.get("realm", ""),
                "username": form["name"],
                "clear_password": form["password"],
            }
            return _entries({key: self.secrets[key]})
        if path:
            if path[0] not in self.secrets:
                raise Refused(404, f"Could not find object id={path[0]}")
            if method == "DELETE":
                del self.secrets[path[0]]
                return _entries({})
            if method == "POST":
                self.secrets[path[0]]["clear_password"] = form["password"]
            return _entries({path[0]: self.secrets[path[0]]})
        return _entries(self.secrets)


def _entries(stanzas: Dict[str, Stanza], total: int = -1) -> Any:
    entries: List[Dict[str, Any]] = [
        {"name": name, "acl": {"app": "busybody", "owner": "nobody", "sharing": "app"}, "content": {**FLAGS, **content}}
        for name, content in stanzas.items()
    ]
    return {
        "entry": entries,
        "paging": {"total": total if total >= 0 else len(entries), "perPage": 30, "offset": 0},
        "messages": [],
    }
