"""Every format that the simulator writes is read back as what was simulated, as far as the format can hold it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Dict, List, Tuple, Type

import pytest
from busybody.errors import BusybodyError, InputError, PolicyError
from busybody.fields.containers import records
from busybody.fields.intake import Intake
from busybody.places import Locator
from busybody.policy import Policy
from busybody.signin import SignIn
from busybody.simulate import ATTACKS, Event, Organisation, generate, run, write
from busybody.simulate.writers import FORMATS, lines

CONFIG = Organisation(people=60, days=13, seed=5, attacks=dict.fromkeys(ATTACKS, 0.1))
ALWAYS = ("id", "user", "outcome", "ip", "subnet")
PLACE = ("country", "city", "lat", "lon")
HELD: Dict[str, Tuple[str, ...]] = {  # what the format holds of a sign-in, beside ALWAYS
    "ecs": (
        *PLACE, "region", "asn", "as_org", "user_agent", "device", "version", "device_id", "app", "session", "method",
        "mfa", "group", "source",
    ),
    "cim": (*PLACE, "region", "asn", "as_org", "device", "version", "device_id", "app", "session", "group", "source"),
    "okta": (*PLACE, "region", "asn", "as_org", "device", "version", "app", "session"),
    "entra": (*PLACE, "region", "asn", "device", "version", "device_id", "app"),
    "google_workspace": ("asn", "country"),
    "duo": ("country", "city", "device", "version", "device_id", "app", "mfa"),
    "auth0": (*PLACE, "device", "version", "app"),
    "onelogin": ("app",),
    "cloudtrail": ("device", "version"),
    "salesforce": (*PLACE, "region", "app", "session"),
    "slack": ("device", "version", "session"),
    "github": ("device", "version", "country"),
    "sshd": (),
    "windows": (),
}  # fmt: skip


@pytest.fixture(scope="module")
def events() -> List[Event]:
    found = list(generate(CONFIG))
    attacks = [event for event in found if event.truth.attack]
    return sorted(found[:250] + attacks[:250], key=lambda event: event.signin.time)


def read_back(text: List[str], form: str) -> List[Any]:
    policy = Policy.default()
    intake = Intake(policy, Locator(policy), reference_time=CONFIG.start + 40 * 86400)
    header = [",".join(FORMATS[form].csv)] if FORMATS[form].csv else []
    stream = io.BytesIO(("\n".join(header + text) + "\n").encode())
    return [intake.read(record.value) for record in records(stream, f"{form}.log") if record.value is not None]


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_a_written_signin_reads_back_as_itself(form: str, events: List[Event]) -> None:
    written = list(lines(events, form))
    got = read_back([text for text, _, _ in written], form)
    assert len(got) == len(written) > 20
    for (text, event_id, event), back in zip(written, got):
        assert isinstance(back, SignIn), (back, text)
        expected = event.signin._replace(id=event_id or back.id)
        local = form in ("sshd", "windows")
        if local:
            expected = expected._replace(user=expected.user.partition("@")[0])
        coarse = form in ("sshd", "cloudtrail", "slack")
        assert abs(back.time - expected.time) < (1.0 if coarse else 0.002)
        held = HELD[form]
        if form == "duo" and "tool" in (expected.device or ""):  # Duo knows browsers only
            held = tuple(field for field in held if field not in ("device", "version"))
        for field in (*ALWAYS, *held):
            assert getattr(back, field) == getattr(expected, field), (field, text)


@pytest.mark.parametrize("form", ["ecs", "okta", "entra", "google_workspace", "auth0", "onelogin", "cim", "duo"])
def test_a_refused_second_factor_reads_back_as_refused(form: str, events: List[Event]) -> None:
    denied = [event for event in events if event.signin.mfa == "denied"]
    assert denied
    for back in read_back([text for text, _, _ in lines(denied, form)], form):
        assert (back.outcome, back.mfa) == ("failure", "denied")


@pytest.mark.parametrize("form", ["ecs", "okta", "entra", "google_workspace", "auth0", "onelogin", "cim", "cloudtrail"])
def test_a_passed_second_factor_reads_back_as_passed(form: str, events: List[Event]) -> None:
    passed = [e for e in events if e.signin.mfa == "passed" and e.signin.method == "password"]
    assert passed
    for back in read_back([text for text, _, _ in lines(passed, form)], form):
        assert (back.outcome, back.mfa) == ("success", "passed")


def test_the_scorers_own_table_sees_the_same_world_when_geography_is_withheld(events: List[Event]) -> None:
    got = read_back([text for text, _, _ in lines(events, "ecs", withhold=("geo", "class"))], "ecs")
    same = sum(
        back.country == event.signin.country and back.asn == event.signin.asn for back, event in zip(got, events)
    )
    network = sum(back.network in (event.signin.network, None) for back, event in zip(got, events))
    assert same / len(events) > 0.98
    assert network / len(events) > 0.95  # None: small networks that the table knows nothing of


def test_what_is_withheld_is_not_written(events: List[Event]) -> None:
    for text, _, _ in lines(events[:50], "ecs", withhold=("geo", "class", "device", "session")):
        record = json.loads(text)
        assert not {"user_agent", "device", "session"} & set(record)
        assert set(record["source"]) == {"ip", "address"}


def test_labels_stand_apart_and_name_id_and_line(tmp_path: Any) -> None:
    log, labels = tmp_path / "log.csv", tmp_path / "labels.csv"
    written = write(CONFIG, str(log), "cim", str(labels))
    with open(log, newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    with open(labels, newline="", encoding="utf-8") as stream:
        truth = list(csv.DictReader(stream))
    assert len(rows) == len(truth) == written.events
    assert [row["event_hash"] for row in rows] == [row["event_id"] for row in truth]
    assert [int(row["line"]) for row in truth] == list(range(2, len(rows) + 2))
    assert sum(row["attack"] == "1" for row in truth) == written.attacks > 0
    assert len({row["incident"] for row in truth if row["victim"] == "1"}) == written.incidents > 0
    assert "naive" not in log.read_text(encoding="utf-8")


def test_run_is_the_command(tmp_path: Any) -> None:
    log, labels = tmp_path / "log.jsonl", tmp_path / "labels.jsonl"
    written = run(people=20, days=3, seed=1, output=str(log), labels=str(labels), attacks=("none",))
    assert written.attacks == 0
    assert len(log.read_text(encoding="utf-8").splitlines()) == written.events
    first = json.loads(labels.read_text(encoding="utf-8").splitlines()[0])
    assert first["attack"] is False
    assert first["line"] == 1


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"format": "xml"}, PolicyError, "format: 'xml' is no format. Use one of ecs"),
        ({"withhold": ("name",)}, PolicyError, "withhold: 'name' cannot be withheld. Use some of geo"),
        ({"attacks": ("flood",)}, PolicyError, "attacks: 'flood' is no attack"),
        ({"output": "/nowhere/at/all"}, InputError, "/nowhere/at/all: cannot be written"),
    ],
)
def test_a_wrong_argument_is_named(
    change: Dict[str, Any], error: Type[BusybodyError], words: str, tmp_path: Any
) -> None:
    arguments = {"people": 5, "days": 1, "output": str(tmp_path / "log"), **change}
    with pytest.raises(error) as caught:
        run(**arguments)
    assert str(caught.value).startswith(words)
