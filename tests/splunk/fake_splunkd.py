"""splunkd's REST as far as the app uses it: HTTPS, session, KV store, conf, passwords, with faults on demand.

with FakeSplunkd() as fake:                       # a thread in this process
    fake.uri, fake.session_key, fake.ca_file
    fake.kv.down = "KV Store initialization has not been completed yet."
    fake.fail(503, times=2)                       # the next two requests; also cut=True, silent=2.0, after=3

python tests/splunk/fake_splunkd.py               # a process; prints one JSON line: uri, session_key, ca_file
POST <uri>/control {"down": "…"}                  # the same for a process; {"fail": {...}}, {"reset": true}
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Type
from urllib.parse import parse_qs, unquote, urlsplit

sys.path.insert(0, str(Path(__file__).parent))  # as a process it is started by its path

import tls
from fake_access import Access, Session
from fake_atom import atom
from fake_conf import FakeConf
from fake_https import HttpsServer
from fake_kv import FakeKV, Limits, Refused

KEY = "session-of-the-tests"
LIMITED_KEY = "session-without-rights"
DATA = ["storage", "collections", "data"]


class Fault(NamedTuple):
    """What happens to requests instead of an answer."""

    status: int = 503
    text: str = "Service Unavailable"
    cut: bool = False  # the connection is closed without a reply
    late: bool = False  # with `cut`: after the request was carried out
    silent: float = 0.0  # seconds without a reply, then the answer


class Instance:
    """What splunkd knows and answers, without HTTP. `requests` has method and path of all that were served.

    `home`: of the Splunk whose lookup files it knows; SPLUNK_HOME where nobody says else.
    """

    def __init__(self, limits: Optional[Limits] = None) -> None:
        self.kv = FakeKV(limits or Limits())
        self.conf = FakeConf()
        self.access = Access()
        self.home: Optional[Path] = None
        self.session_key = KEY
        self.sessions = {
            KEY: ["busybody_write", "list_storage_passwords", "admin_all_objects"],
            LIMITED_KEY: ["search"],
        }
        self.roles = {KEY: ["admin"], LIMITED_KEY: ["busybody_user", "user"]}  # of others: user
        self.requests: List[str] = []
        self._faults: List[Optional[Fault]] = []

    def login(self, role: str) -> str:
        """The key of a session of somebody with that role, and with what it takes over from others."""
        key = f"session-of-{role}"
        self.roles[key] = sorted(self.access.inherited(role))
        self.sessions[key] = sorted(self.access.capabilities(self.roles[key]))
        return key

    def fail(self, status: int = 503, *, times: int = 1, after: int = 0, **what: Any) -> None:
        """After `after` more requests the next `times` ones meet the fault."""
        self._faults = [None] * after + [Fault(status, **what)] * times

    def fault(self) -> Optional[Fault]:
        return self._faults.pop(0) if self._faults else None

    def control(self, order: Dict[str, Any]) -> Dict[str, Any]:
        """What the control address does."""
        if order.get("reset"):
            self.kv.collections.clear()
            self.kv.down, self._faults = None, []
        if "down" in order:
            self.kv.down = order["down"]
        if "fail" in order:
            self.fail(**order["fail"])
        for name, documents in order.get("collections", {}).items():
            self.kv.save(name, documents)
        for place, stanza in order.get("conf", {}).items():  # "<layer>/<file>/<stanza>"
            layer, file, name = place.split("/", 2)
            self.conf.set(layer, file, name, stanza)
        return {"requests": len(self.requests), "collections": {k: len(v) for k, v in self.kv.collections.items()}}

    def served(self, method: str, target: str, authorization: str, body: bytes) -> Tuple[int, Any]:
        """Status and content of the reply: JSON, or XML as text where JSON was not asked for."""
        parts = urlsplit(target)
        asked = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        steps = [unquote(step) for step in parts.path.split("/") if step]
        kind, _, key = authorization.partition(" ")
        status, answer = 201 if method == "POST" else 200, None
        if kind not in ("Splunk", "Bearer") or key not in self.sessions:
            status, answer = 401, _messages("call not properly authenticated", "WARN")
        else:
            try:
                answer = self._answer(method, steps, asked, body, key)
            except Refused as error:
                status, answer = error.status, _messages(error.text)
        is_json = "json" in (asked.get("output_mode"), _form(body).get("output_mode"))
        if steps[3:6] == DATA or is_json or not isinstance(answer, dict):
            return status, answer
        return status, atom(parts.path, answer)

    def _answer(self, method: str, path: List[str], query: Dict[str, str], body: bytes, key: str) -> Any:
        """The reply as JSON. Raises Refused."""
        session = Session(self.roles.get(key, ["user"]), self.sessions[key])
        capabilities = session.capabilities
        if path[:1] == ["servicesNS"]:
            user, app, path = path[1], path[2], path[3:]
        elif path[:1] == ["services"]:
            user, app, path = "nobody", "-", path[1:]
        else:
            raise Refused(404, "Not Found")
        if path[:3] == DATA and len(path) > 3:
            self.access.demand(session, "read" if method == "GET" else "write", "collections", path[3])
            return self._data(method, path[3:], query, body)
        if path[:2] == ["data", "lookup-table-files"] and len(path) == 3 and method == "GET":
            home = self.home or Path(os.environ.get("SPLUNK_HOME", "/nowhere"))
            return self.access.lookup_file(session, home, user, app, path[2])
        if path == ["authentication", "current-context"] and method == "GET":
            content = {"username": "admin", "roles": session.roles, "capabilities": sorted(capabilities)}
            return {"entry": [{"name": "context", "acl": {}, "content": content}]}
        if path[:1] == ["properties"] and method == "GET" and len(path) == 2:
            return self.conf.properties(path[1])
        if path[:2] == ["storage", "passwords"]:
            return self.conf.passwords(method, path[2:], _form(body), capabilities)
        if path[:1] == ["configs"] and len(path) > 1 and path[1].startswith("conf-"):
            file, form = path[1][5:], _form(body)
            if method == "POST" and len(path) == 2:
                self.access.demand_app(session)
            elif method != "GET":
                self.access.demand(session, "write", file, path[2])
            return self.conf.serve(method, file, path[2:], query, form, partial(self.access.may, session, "read", file))
        raise Refused(404, "Not Found")

    def _data(self, method: str, path: List[str], query: Dict[str, str], body: bytes) -> Any:
        name, key = path[0], path[1] if len(path) > 1 else None
        asked = _json(query["query"], 400) if query.get("query") else None
        if method == "GET":
            if key is not None:
                return self.kv.get(name, key)
            skip, limit = int(query.get("skip", 0)), int(query.get("limit", 0))
            return self.kv.find(name, asked, query.get("fields", ""), query.get("sort", ""), skip, limit)
        if method == "POST":
            document = _json(body, 400)
            if key == "batch_save":
                return self.kv.save(name, document)
            if key == "batch_find":
                return [self.kv.find(name, one.get("query"), one.get("fields", "")) for one in document]
            return self.kv.insert(name, document) if key is None else self.kv.update(name, key, document)
        if method == "DELETE":
            if key is not None:
                return self.kv.delete_one(name, key)
            return self.kv.delete(name, asked)
        raise Refused(405, "Method Not Allowed")


class FakeSplunkd(Instance):
    """An instance on a port of its own."""

    def __init__(self, limits: Optional[Limits] = None, server: str = tls.SERVER) -> None:
        super().__init__(limits)
        self._server = HttpsServer("fake-splunkd-")
        self.wake = self._server.wake
        self.ca_file = str(tls.write(self._server.folder, server))
        self.uri = f"https://127.0.0.1:{self._server.open('server.pem', _handler(self))}"

    def __enter__(self) -> FakeSplunkd:  # noqa: PYI034  typing.Self came with 3.11
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()


def _json(text: Any, status: int) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Refused(status, "JSON in the request is invalid. ( JSON parse error )") from None


def _form(body: bytes) -> Dict[str, str]:
    """The fields of a form; none where the body is JSON."""
    if body[:1] in (b"{", b"["):
        return {}
    return {name: values[-1] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}


def _handler(fake: FakeSplunkd) -> Type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True
        wbufsize = -1

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path.partition("?")[0] == "/control":
                return self.reply(200, fake.control(json.loads(body)))
            fake.requests.append(f"{self.command} {self.path}")
            fault = fake.fault()
            if fault is not None and fault.silent:
                fake.wake.wait(fault.silent)
            elif fault is not None and fault.cut and not fault.late:
                return self.hang_up()
            elif fault is not None and not fault.cut:
                return self.reply(fault.status, _messages(fault.text))
            status, answer = fake.served(self.command, self.path, self.headers.get("Authorization") or "", body)
            return self.hang_up() if fault is not None and fault.cut else self.reply(status, answer)

        do_GET = do_POST = do_DELETE = do  # noqa: N815  the base class's names

        def reply(self, status: int, answer: Any) -> None:
            data = b"" if answer is None else (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            kind = "text/xml" if isinstance(answer, str) else "application/json"
            self.send_header("Content-Type", f"{kind}; charset=UTF-8")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Connection", "Close" if self.close_connection else "Keep-Alive")
            self.end_headers()
            self.wfile.write(data)

        def hang_up(self) -> None:
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
            """Nothing on stderr."""

    return Handler


def _messages(text: str, kind: str = "ERROR") -> Dict[str, Any]:
    return {"messages": [{"type": kind, "text": text}]}


def main() -> None:
    """Serve until standard input ends."""
    with FakeSplunkd() as fake:
        told = {"uri": fake.uri, "session_key": fake.session_key, "limited_key": LIMITED_KEY, "ca_file": fake.ca_file}
        print(json.dumps(told), flush=True)  # noqa: T201  for whoever started it
        sys.stdin.read()


if __name__ == "__main__":
    main()
