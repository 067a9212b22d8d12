"""The commands as they are in the packed app: alone on the path, on every Python that Splunk ships, and they leave the app as it is."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterator, List

import driver
import pytest
from busybody_splunk.launch import COMMANDS
from fake_splunkd import FakeSplunkd
from packaged import CACHE, ROOT, unpacked
from searching import Head, events_of

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
# As good as alone; what is compiled goes elsewhere, so that the app's folder shows what the app itself writes.
FLAGS = ("-I", "-S", "-X", f"pycache_prefix={CACHE / 'pycache'}")
SHIPPED = ("3.9", "3.13")  # by the Splunk versions of today


@lru_cache(maxsize=1)
def pythons() -> Dict[str, str]:
    """The Pythons that Splunk ships, as far as this machine has them, and the running one."""
    spec = importlib.util.spec_from_file_location("busybody_build", ROOT / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = build
    spec.loader.exec_module(build)
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {name: str(one.path) for name, one in build.interpreters().items() if name in (*SHIPPED, running)}


@pytest.fixture(params=[*(pytest.param(version, marks=pytest.mark.slow) for version in SHIPPED), "running"])
def python(request: pytest.FixtureRequest) -> str:
    if request.param == "running":
        return sys.executable
    found = pythons().get(request.param)
    if found is None:
        absent = f"no Python {request.param} here, which Splunk ships: the app is NOT tested on it"
        if IN_CI:
            pytest.fail(absent)
        pytest.skip(absent)
    return found


@pytest.fixture
def head(tmp_path: Path) -> Iterator[Head]:
    with FakeSplunkd() as fake:
        yield Head(fake, tmp_path / "splunk")


@lru_cache(maxsize=1)
def month() -> List[Dict[str, str]]:
    """Sign-ins of a dozen people in two weeks, oldest first, as Splunk's data model has them."""
    from busybody.simulate.config import Organisation
    from busybody.simulate.stream import generate

    return events_of([event.signin for event in generate(Organisation(people=12, days=14, seed=11, warmup=4))])


class Packed:
    """Searches by the scripts of the packed app."""

    def __init__(self, head: Head, python: str) -> None:
        self._head, self._python = head, python

    def search(self, command: str, events: Any = (), *args: str) -> driver.Outcome:
        script = driver.Script(
            unpacked() / "bin" / f"{command}.py",
            self._python,
            flags=(*FLAGS, "-W", "error"),
            path=(),
            environment={"SPLUNK_HOME": str(self._head.home)},
        )
        told = {**self._head.told(command), "username": "ana.admin"}
        found = driver.search(script, events, args=args, **told)
        assert found.error is None, found.error
        assert found.exit_code == 0, found.log
        assert found.said("ERROR") == []
        return found


def digest() -> str:
    """Of the app's folder; what Python compiled is not of our making."""
    total = hashlib.sha256()
    for path in sorted(path for path in unpacked().rglob("*") if "__pycache__" not in path.parts):
        if path.is_file():
            total.update(f"{path.relative_to(unpacked())}\0{path.stat().st_mode}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def test_a_fortnight_from_training_to_an_answer(head: Head, python: str) -> None:
    before = digest()
    app, events = Packed(head, python), month()
    half = len(events) // 2
    (trained,) = app.search("busytrain", events[:half]).rows
    assert int(str(trained["people"])) > 5
    scored = app.search("busyscore", events[half:], "update=true", "cursor=true").rows
    assert len(scored) == len(events) - half
    assert all(0.0 <= float(str(row["busy_risk"])) <= 100.0 for row in scored if "busy_risk" in row)
    odd = max(scored, key=lambda row: float(str(row.get("busy_risk", 0))))
    user = str(odd["user"])
    assert app.search("busyprofile", (), f"user={user}").rows
    assert {row["user"] for row in app.search("busyrisk", (), "all=true").rows} == {row["user"] for row in events}
    (cursor,) = app.search("busycursor").rows
    assert str(cursor["search"]).startswith("_index_earliest=")
    (answer,) = app.search(
        "busyverdict", (), f"user={user}", f"event_id={odd['busy_event_id']}", "verdict=benign", "anyway=true"
    ).rows
    assert str(answer["done"]).startswith("taken")
    assert len(head.audit()) == 3
    assert digest() == before, "the app's own folder was written into"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_and_a_bad_option_are_answered_before_anything_else(command: str, tmp_path: Path) -> None:
    """Without a splunkd: the parsing start has no side effects."""
    for word, said in (("help", f"usage: | {command}"), ("sesame=open", "sesame")):
        script = driver.Script(unpacked() / "bin" / f"{command}.py", flags=("-I", "-S", "-B"), path=())
        with driver.Process(script) as process:
            reply = process.getinfo(args=[word], command=command, dispatch_dir=str(tmp_path))
            replies = [reply, process.execute(b"", finished=True)]  # busyscore says it with the first chunk
            told = [message for one in replies if one is not None for message in one.messages]
            assert any(level == "ERROR" and said in text for level, text in told), told
