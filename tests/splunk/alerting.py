"""An alert action from end to end in one process: splunkd with Busybody's handler, a clock that only the code moves.

world = World(tmp_path)                              # as a context manager: a Splunk, its home, its log folder
world.secret("slack_token", TOKEN); world.conf("slack", api=slack.api, ca_file=slack.ca_file)
done = world.act("busybody_slack", rows, channel="#security")
done.code, done.lines, world.clock.slept
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

import tls
from busybody_splunk.alerts import handler, script
from busybody_splunk.alerts.tries import Clock
from fake_kv import Refused
from fake_splunkd import FakeSplunkd

OWNER_KEY = "session-of-an-ordinary-owner"
SYSTEM_KEY = "token-of-splunkd-itself"
SID = "scheduler__ana__search__RMD5f2f82c6b0b712cbb_at_1763609700_42"
LINK = f"https://splunk.example.com:8000/en-US/app/search/@go?sid={SID}"


class Splunk(FakeSplunkd):
    """The fake splunkd with Busybody's REST handler and saved searches."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions[OWNER_KEY] = ["busybody_send", "search"]
        self.sessions[SYSTEM_KEY] = ["list_storage_passwords", "admin_all_objects"]
        self.searches: Dict[str, Dict[str, str]] = {}
        self.handle: Callable[[str], str] = lambda call: json.dumps(handler.handle(call))  # or another process

    def _answer(self, method: str, path: List[str], query: Dict[str, str], body: bytes, key: str) -> Any:
        if path == ["services", "busybody", "send"]:
            if "busybody_send" not in self.sessions[key]:
                raise Refused(403, "You do not have permission to perform this operation")
            return self._send(method, body)
        if path[3:5] == ["saved", "searches"]:
            if path[5] not in self.searches:
                raise Refused(404, f"Could not find object id={path[5]}")
            return {"entry": [{"name": path[5], "content": self.searches[path[5]]}]}
        return super()._answer(method, path, query, body, key)

    def _send(self, method: str, body: bytes) -> Any:
        call = {
            "output_mode": "json",
            "method": method,
            "server": {"rest_uri": self.uri, "hostname": "search-head"},
            "session": {"user": "ana", "authtoken": OWNER_KEY},
            "system_authtoken": SYSTEM_KEY,
            "payload": body.decode("utf-8"),
        }
        reply = json.loads(self.handle(json.dumps(call)))
        if reply["status"] >= 400:
            raise Refused(reply["status"], reply["payload"]["messages"][0]["text"])
        return reply["payload"]


class FakeClock:
    """Time passes by sleeping alone; randomness is always the middle."""

    def __init__(self) -> None:
        self.slept: List[float] = []

    def clock(self) -> Clock:
        return Clock(lambda: sum(self.slept), self.slept.append, lambda: 0.5)


class Done(NamedTuple):
    code: int
    lines: List[str]

    @property
    def log(self) -> str:
        return "\n".join(self.lines)


class World:
    """One search head in a folder of its own."""

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.splunk = Splunk()
        self.logs = folder / "home" / "var" / "log" / "splunk"
        self.logs.mkdir(parents=True)
        auth = folder / "home" / "etc" / "auth"
        auth.mkdir(parents=True)
        (auth / "cacert.pem").write_text(tls.CA, "ascii")
        monkeypatch.setenv("SPLUNK_HOME", str(folder / "home"))

    def __enter__(self) -> World:  # noqa: PYI034  typing.Self came with 3.11
        self.splunk.__enter__()
        return self

    def __exit__(self, *what: object) -> None:
        self.splunk.__exit__(*what)

    def conf(self, stanza: str, **settings: str) -> None:
        self.splunk.conf.set("local", "busybody_send", stanza, settings)

    def secret(self, name: str, value: str) -> None:
        found = {"realm": "busybody", "username": name, "clear_password": value}
        self.splunk.conf.secrets[f"busybody:{name}:"] = found

    def act(self, action: str, rows: Any, *, key: str = OWNER_KEY, payload: Any = None, **settings: str) -> Done:
        """Run the action on the rows, which are written into a results file, or on a path of one."""
        path = rows if isinstance(rows, Path) else write_results(dispatch(self.folder) / "results.csv.gz", rows)
        first = rows[0] if isinstance(rows, list) and rows else None
        return self.run(action, json.dumps(alert(self.splunk.uri, path, first, settings, key, payload)).encode())

    def run(self, action: str, stdin: bytes, arguments: Sequence[str] = ("--execute",)) -> Done:
        stderr = io.StringIO()
        code = script.run(action, arguments, io.BytesIO(stdin), stderr, self.clock.clock())
        return Done(code, stderr.getvalue().splitlines())

    def modalert(self, action: str) -> List[str]:
        """The lines that Enterprise Security reads."""
        path = self.logs / f"{action}_modalert.log"
        return path.read_text("utf-8").splitlines() if path.exists() else []


def alert(
    uri: str, path: Path, first: Any, settings: Mapping[str, str], key: str, more: Optional[Dict[str, Any]]
) -> Dict[str, Any]:
    """A payload as splunkd writes it."""
    found: Dict[str, Any] = {
        "app": "search",
        "owner": "ana",
        "results_file": str(path),
        "results_link": LINK,
        "search_uri": "/servicesNS/ana/search/saved/searches/Odd+sign-ins",
        "server_host": "search-head",
        "server_uri": uri,
        "session_key": key,
        "sid": SID,
        "search_name": "Odd sign-ins",
        "configuration": dict(settings),
        **({"result": first} if first else {}),
    }
    found.update(more or {})
    return {name: value for name, value in found.items() if value is not None}


def dispatch(folder: Path) -> Path:
    """Where splunkd puts the results of the search."""
    found = folder / "dispatch" / SID
    found.mkdir(parents=True, exist_ok=True)
    return found


def write_results(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """A results file: gzip CSV, lists as multivalue fields in pairs of columns."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if names:
            writer.writerow([*names, *(f"__mv_{name}" for name in names)])
        for row in rows:
            cells = [row.get(name, "") for name in names]
            plain = ["\n".join(cell) if isinstance(cell, list) else cell for cell in cells]
            writer.writerow([*plain, *(multivalue(cell) for cell in cells)])
    return path


def multivalue(cell: Any) -> str:
    """What stands in __mv_X."""
    return ";".join("$" + part.replace("$", "$$") + "$" for part in cell) if isinstance(cell, list) else ""


def scored(user: str = "alice@example.com", risk: float = 97.0, **more: Any) -> Dict[str, Any]:
    """A row as `busyscore` writes it."""
    level = "critical" if risk >= 90 else "high" if risk >= 70 else "medium" if risk >= 40 else "low"
    row: Dict[str, Any] = {
        "_time": "1763609529.25",
        "user": user,
        "src": "203.0.113.7",
        "app": "okta",
        "action": "success",
        "City": "Wellington",
        "Country": "New Zealand",
        "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
        "busy_risk": f"{risk:.2f}",
        "busy_level": level,
        "busy_sentence": f"Risk {risk:.0f} (1 in 9,000 sign-ins here): 18,400 km in 40 min; first sign-in from New Zealand.",
        "busy_findings": ["impossible_travel", "new_country"],
        "busy_techniques": ["T1078", "T1078.004"],
        "busy_previous_time": "1763607129",
        "busy_previous_country": "NO",
        "busy_previous_city": "Oslo",
        "busy_previous_ip": "198.51.100.4",
        "busy_previous_device": "macos-desktop-safari",
        "busy_incident": "5f2c91d0",
        "busy_event_id": "e-1",
    }
    return {**row, **more}
