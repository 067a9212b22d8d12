"""A search head for the tests of the commands: a fake splunkd, and searches in this process or by the scripts in bin/.

head.run("busyscore", events, "update=true")              in process; driver.Outcome
head.script("busyscore", events, "update=true")           the script, as splunkd starts it
"""

from __future__ import annotations

import csv
import os
import sys
from functools import lru_cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import driver
import pytest
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.signin import SignIn
from busybody_splunk.chunks import Chunk
from busybody_splunk.launch import COMMANDS
from busybody_splunk.model import KVModel
from busybody_splunk.protocol import Messages, Search
from busybody_splunk.rest import Splunkd
from fake_splunkd import FakeSplunkd

Event = Mapping[str, Any]


class Head:
    """One search head."""

    def __init__(self, fake: FakeSplunkd, home: Path) -> None:
        self.fake, self.home = fake, home
        (home / "etc" / "auth").mkdir(parents=True)
        (home / "var" / "log" / "splunk").mkdir(parents=True)
        (home / "etc" / "auth" / "cacert.pem").write_bytes(Path(fake.ca_file).read_bytes())
        self.session_key = fake.session_key

    # Searches -------------------------------------------------------------------------------------------------

    def run(self, command: str, events: Sequence[Event] = (), *args: str, **how: Any) -> driver.Outcome:
        """In this process. `size` of a chunk; `preview`; `stop`: so many chunks, then the search is cancelled."""
        size, preview, stop = how.pop("size", 50_000), how.pop("preview", False), how.pop("stop", None)
        found = import_module("busybody_splunk.commands." + COMMANDS[command]).command()
        messages, said = Messages(), []
        metrics: Dict[str, Any] = {}
        rows: List[Dict[str, Any]] = []

        def hear() -> None:
            inspector = messages.taken()
            said.extend(inspector.get("messages", ()))
            metrics.update((name[7:], value) for name, value in inspector.items() if name.startswith("metric."))

        try:
            required = found.begin(self.search(command, args, **how), messages)
            hear()
            told = {"type": found.kind, "required_fields": required, "generating": found.generating}
            columns = driver._columns(events, found.kind, required)
            rejoined = found.kind in driver.REJOINED and required is not None and not found.generating
            columns = [*columns, "_chunked_idx"] if rejoined else columns
            parts = [] if found.generating else [events[at : at + size] for at in range(0, len(events), size)]
            for number, part in enumerate([*parts, ()]):
                if number == stop:
                    break
                sent = [{**event, "_chunked_idx": str(at)} for at, event in enumerate(part)] if rejoined else part
                body = driver.body_of(columns, sent)
                while True:
                    answer = found.take(Chunk(body, finished=number == len(parts), preview=preview))
                    hear()
                    got = list(driver.rows_of(b"".join(answer.pieces).decode("utf-8")))
                    rows += driver._rejoined(part, got) if rejoined else got
                    if not answer.more:
                        break
        finally:
            found.close()
        hear()
        return driver.Outcome(told, rows, [(level, text) for level, text in said], metrics, None, 0, "", [])

    def script(self, command: str, events: Sequence[Event] = (), *args: str, **how: Any) -> driver.Outcome:
        """The script in bin/, in a process of its own."""
        python = how.pop("python", sys.executable)
        script = driver.Script(driver.BIN / f"{command}.py", python, environment={"SPLUNK_HOME": str(self.home)})
        return driver.search(script, events, args=args, **{**self.told(command), **how})

    def told(self, command: str) -> Dict[str, Any]:
        return {
            "splunkd_uri": self.fake.uri, "session_key": self.session_key, "command": command,
            "dispatch_dir": str(self.home),
        }  # fmt: skip

    def search(self, command: str, args: Sequence[str], **how: Any) -> Search:
        told = {"username": "ana.admin", "sid": "1700000000.1", **self.told(command), **how}
        return Search(args=tuple(args), **told)

    # State ----------------------------------------------------------------------------------------------------

    @property
    def splunkd(self) -> Splunkd:
        return Splunkd(self.fake.uri, self.session_key, ca_file=self.fake.ca_file)

    def model(self, name: str = "default") -> KVModel:
        return KVModel(self.splunkd, name)

    def content(self, name: str = "default") -> Dict[str, Any]:
        """All that a model holds."""
        with self.model(name) as model:
            users = list(model.users())
            journals = {user: model.journal(user) for user in users}
            return {"profiles": model.profiles(users), "journals": journals, "population": model.population()}

    def number(self, name: str = "default") -> int:
        """Of the newest commit."""
        with self.model(name) as model:
            return model.head.number

    def notes(self, name: str = "default") -> Mapping[str, str]:
        with self.model(name) as model:
            return model.meta()

    def expire_leases(self) -> None:
        """As if their time had passed."""
        for row in self.fake.kv.collections.get("busybody_models", {}).values():
            if row.get("kind") == "lease":
                row["expires"] = 0.0

    def learn(self, signins: Sequence[SignIn], policy: Optional[Policy] = None, model: str = "default") -> None:
        """Straight into the model, as the core does it."""
        with self.model(model) as reader, reader.writer("the test", 60.0) as writer:
            scorer = Scorer(policy or Policy.default(), writer)
            for signin in signins:
                scorer.process(signin)
            scorer.save()

    def audit(self) -> List[str]:
        path = self.home / "var" / "log" / "splunk" / "busybody_audit.log"
        return path.read_text("utf-8").splitlines() if path.exists() else []


@lru_cache(maxsize=4)
def simulated(people: int = 40, days: int = 14) -> Tuple[Dict[str, str], ...]:
    """Sign-ins of an organisation with attacks among them, by time, as Splunk's CIM has them."""
    from busybody.simulate import Organisation, generate

    return tuple(events_of([event.signin for event in generate(Organisation(people=people, days=days, seed=5))]))


START = 1772409600.0  # Monday 2 March 2026, 00:00 UTC
DAY = 86400.0
HOME = {
    "src": "203.0.113.10", "src_asn": "64510", "src_as_org": "Tejo Cable", "Country": "PT", "City": "Lisbon", "lat": "38.72",
    "lon": "-9.14", "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
}  # fmt: skip
FAR = {
    "src": "198.51.100.99", "src_asn": "64540", "src_as_org": "Rack Farm", "Country": "JP", "City": "Sapporo", "lat": "43.06",
    "lon": "141.35", "user_agent": "curl/8.5.0", "is_proxy": "true",
}  # fmt: skip


def event(user: str = "ana", day: float = 0.0, hour: float = 9.0, **fields: str) -> Dict[str, str]:
    """One sign-in as the data model has it; from HOME, where nothing else is said."""
    time = START + day * DAY + hour * 3600.0
    told = {
        "_time": f"{time:.3f}",
        "user": user,
        "action": "success",
        "app": "mail",
        "sourcetype": "test",
        **HOME,
        **fields,
    }
    return {"event_hash": f"{user}-{time:.0f}-{told['src']}", **told}


def habit(user: str = "ana", days: int = 15) -> List[Dict[str, str]]:
    """A sign-in every morning from day 0."""
    return [event(user, day, 9.0 + day % 3 / 10) for day in range(days)]


@lru_cache(maxsize=1)
def _interpreters() -> Mapping[str, Any]:
    spec = spec_from_file_location("busybody_build", driver.ROOT / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = module_from_spec(spec)
    sys.modules[spec.name] = build
    spec.loader.exec_module(build)
    found: Mapping[str, Any] = build.interpreters()
    return found


def interpreter(version: str) -> str:
    """A Python of that version, such as 3.9. Absent, it skips aloud, and fails in CI."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = _interpreters().get(version)
    if found is not None:
        return str(found.path)
    absent = f"no Python {version} here, which Splunk ships: the commands are NOT tested on it"
    if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
        pytest.fail(absent)
    pytest.skip(absent)


def csv_file(path: Path, events: Sequence[Event]) -> Path:
    """The events as a CSV export."""
    names = list(dict.fromkeys(name for event in events for name in event))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(events)
    return path


def events_of(signins: Sequence[SignIn]) -> List[Dict[str, str]]:
    """As Splunk's CIM has them."""
    from busybody.simulate.writers.splunk import cim

    rows = [cim(signin) for signin in signins]
    return [{name: str(value) for name, value in row.items() if value is not None} for row in rows]


@pytest.fixture
def head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Head]:
    monkeypatch.setenv("SPLUNK_HOME", str(tmp_path / "splunk"))
    with FakeSplunkd() as fake:
        yield Head(fake, tmp_path / "splunk")
