"""The files around the scripts agree with them: conf, spec, forms, time limits, and the scripts themselves as processes."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Callable, Dict, List, Set

import pytest
from alerting import OWNER_KEY, World, alert, dispatch, scored, write_results
from busybody_splunk.alerts import ask, https, links, relay, script, slack
from conftest import ROOT
from fake_responder import FakeResponder
from fake_slack import FakeSlack
from packaged import unpacked

APP = ROOT / "addon" / "splunk_app"
ACTIONS = (slack.ACTION, ask.ACTION)
USED = re.compile(r'(?:alert\.setting|_count\(alert\.setting)\("(\w+)"')


class Conf(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


def conf(path: Path) -> Conf:
    found = Conf(delimiters=("=",), comment_prefixes=("#",), strict=True, allow_no_value=True)
    found.read(path, "utf-8")
    return found


def parameters(action: str) -> Set[str]:
    """The public parameters that alert_actions.conf declares."""
    section = conf(ROOT / "default" / "alert_actions.conf")[action]
    return {key[6:] for key in section if key.startswith("param.") and not key.startswith("param._")}


def used(*files: str) -> Set[str]:
    folder = APP / "lib" / "busybody_splunk" / "alerts"
    return {name for file in files for name in USED.findall((folder / f"{file}.py").read_text("utf-8"))}


def test_every_parameter_is_used_and_every_used_one_declared() -> None:
    assert used("slack") == parameters("busybody_slack")
    assert used("ask", "findings") == parameters("busybody_ask")


@pytest.mark.parametrize("action", ACTIONS)
def test_specs_and_forms_know_the_same_parameters(action: str) -> None:
    spec = (APP / "README" / "alert_actions.conf.spec").read_text("utf-8").split(f"[{action}]")[1].split("\n[")[0]
    assert set(re.findall(r"^param\.(?!_)(\w+) = ", spec, re.M)) == parameters(action)
    saved = (APP / "README" / "savedsearches.conf.spec").read_text("utf-8")
    assert set(re.findall(rf"^action\.{action}\.param\.(\w+) = ", saved, re.M)) == parameters(action)
    form = Form((ROOT / "default" / "data" / "ui" / "alerts" / f"{action}.html").read_text("utf-8"))
    assert {name.rsplit(".", 1)[1] for name in form.names} <= parameters(action)
    assert all(name.startswith(f"action.{action}.param.") for name in form.names)
    assert form.labels == form.ids
    assert not form.tags & {"script", "iframe", "object", "link", "style"}


@pytest.mark.parametrize("action", ACTIONS)
def test_the_stanza_has_what_splunk_and_enterprise_security_need(action: str) -> None:
    section = conf(ROOT / "default" / "alert_actions.conf")[action]
    assert section["is_custom"] == "1"
    assert section["payload_format"] == "json"
    assert section["python.required"] == "3.9,3.13"
    assert (APP / "appserver" / "static" / section["icon_path"]).is_file()
    assert (ROOT / "bin" / f"{action}.py").is_file()
    about = json.loads(section["param._cam"])
    assert {"category", "task", "subject", "technology", "supports_adhoc", "drilldown_uri"} <= set(about)
    assert set(about["technology"][0]) == {"vendor", "product", "version"}


def test_the_time_that_a_script_takes_is_within_what_splunkd_leaves_it() -> None:
    for action in ACTIONS:
        limit = conf(ROOT / "default" / "alert_actions.conf")[action]["maxtime"]
        seconds = int(limit[:-1]) * {"s": 1, "m": 60}[limit[-1]]
        assert relay.TIMEOUT < seconds - script.SECONDS[action] <= 20
    assert https.TIMEOUT < https.DEADLINE < relay.TIMEOUT


def test_the_handler_is_reached_where_the_script_knocks() -> None:
    found = conf(ROOT / "default" / "restmap.conf")["script:busybody_send"]
    assert f"/services{found['match']}" == "/services/busybody/send"
    assert (found["capability.post"], found["passSystemAuth"], found["passPayload"]) == (
        "busybody_send",
        "true",
        "true",
    )
    module, name = found["handler"].split(".")
    assert f"class {name}(" in (ROOT / "bin" / f"{module}.py").read_text("utf-8")
    assert "capability::busybody_send" in conf(ROOT / "default" / "authorize.conf")


def test_the_link_to_the_person_leads_to_a_page_of_the_app() -> None:
    pages = (ROOT / "default" / "data" / "ui" / "nav" / "default.xml").read_text("utf-8")
    assert f'<view name="{links.PERSON_VIEW}"/>' in pages


@pytest.fixture(scope="module")
def app() -> Path:
    """The built app, as Splunk unpacks it."""
    return unpacked()


def start(app: Path, name: str, arguments: List[str], stdin: bytes, **env: str) -> subprocess.CompletedProcess[bytes]:
    """A script of the app, in a Python that knows nothing else."""
    command = [sys.executable, "-I", "-S", "-B", str(app / "bin" / name), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, env=env, timeout=60, check=False)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_scripts_run_alone_and_say_what_is_wrong(app: Path, action: str, tmp_path: Path) -> None:
    done = start(app, f"{action}.py", [], b"")
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(b"ERROR Splunk starts this script with the argument --execute.")
    path = write_results(dispatch(tmp_path) / "r.csv.gz", [scored()])
    found = alert("https://127.0.0.1:1", path, None, {}, "secret-session", None)
    done = start(app, f"{action}.py", ["--execute"], json.dumps(found).encode(), SPLUNK_HOME=str(tmp_path))
    assert done.returncode == 2
    assert b"was not told" in done.stderr
    assert b"secret-session" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.fixture
def handler(app: Path, tmp_path: Path) -> Callable[[str], str]:
    """The app's own handler, each call in a process of its own, beside the module that Splunk's Python offers it."""
    package = tmp_path / "python" / "splunk" / "persistconn"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "application.py").write_text("class PersistentServerConnectionApplication(object):\n    pass\n")
    code = (
        "import sys, json; sys.path[:0] = sys.argv[1:3]; import busybody_send; "
        "print(json.dumps(busybody_send.Send('', '').handle(sys.stdin.read())))"
    )
    command = [sys.executable, "-I", "-S", "-B", "-c", code, str(app / "bin"), str(package.parent.parent)]
    return lambda call: (
        subprocess.run(command, input=call, capture_output=True, timeout=60, check=True, encoding="utf-8").stdout
    )


def test_the_handler_answers_splunks_persistent_process(handler: Callable[[str], str]) -> None:
    assert json.loads(handler("{}"))["status"] == 405


def test_the_built_app_posts_and_asks(
    app: Path, handler: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = write_results(dispatch(tmp_path) / "r.csv.gz", [scored("alice"), scored("bób")])
    with World(tmp_path, monkeypatch) as world, FakeSlack() as channel, FakeResponder() as responder:
        world.splunk.handle = handler
        world.secret("slack_token", channel.token)
        world.secret("responder_key", responder.key)
        world.conf("slack", api=channel.api, ca_file=channel.ca_file, channel="#security")
        world.conf("responder", url=responder.url, ca_file=responder.ca_file)
        stdin = json.dumps(alert(world.splunk.uri, rows, None, {}, OWNER_KEY, None)).encode()
        for action in ACTIONS:
            done = start(app, f"{action}.py", ["--execute"], stdin, SPLUNK_HOME=str(tmp_path / "home"))
            assert (done.returncode, done.stderr) == (0, b"INFO sent=2 failed=0 rows=2\n")
            assert len(world.modalert(action)) == 2
        assert [post["text"].split(":")[0] for post in channel.posts] == ["Critical 97 · alice", "Critical 97 · bób"]
        assert responder.people == ["alice", "bób"]


class Form(HTMLParser):
    """Names, ids, labels and tags of a form."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: Set[str] = set()
        self.ids: Set[str] = set()
        self.labels: Set[str] = set()
        self.tags: Set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        found: Dict[str, str] = dict(attrs)  # type: ignore[call-overload]
        self.tags.add(tag)
        if tag in ("input", "textarea", "select"):
            self.names.add(found["name"])
            self.ids.add(found["id"])
        if tag == "label":
            self.labels.add(found["for"])
