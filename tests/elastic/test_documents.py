"""Documents, whole, as they go out: golden files, and each field in the templates' strict mappings."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest
from busybody.contracts import iso
from busybody.signin import Assessment, Finding, SignIn
from busybody_elastic import assets
from busybody_elastic.cluster.protocol import Item
from busybody_elastic.documents import Documents, person_id, stamp
from busybody_elastic.records import READER, Incoming
from busybody_elastic.results import dead

GOLDEN = Path(__file__).parent / "golden"
DAY = 86400.0
TIME = 1772000000.0
SIGNIN = SignIn(
    "e-1", TIME, "ana@example.com", "success", ip="203.0.113.9", subnet="203.0.113.0/24", network="hosting", country="BR",
    region="Bahia", city="Salvador", lat=-12.97, lon=-38.5, asn=64501, as_org="Nuvem Exemplo",
    user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", device="linux|firefox", app="mail", method="password",
    mfa="none", source="okta.system",
)  # fmt: skip
PREVIOUS = {
    "time": TIME - DAY, "country": "AT", "city": "Vienna", "lat": 48.2, "lon": 16.4, "asn": 64500, "as_org": "Donau Netz",
    "network": "residential", "ip": "198.51.100.4", "device": "windows|chrome", "app": "mail",
}  # fmt: skip
ODD = Assessment(
    "e-1", TIME, "ana@example.com", 91.23456789, "critical", 2.123456789012345, -6.9,
    (
        Finding("new_country", 4.5, {"country": "BR"}),
        Finding("legacy_method", 0.5, {"what": "IMAP"}, ("people.service",)),
    ),
    "withheld", PREVIOUS, "habit-1", "00112233445566aa", False, True, True, False, ("vip",),
)  # fmt: skip
PLAIN_SIGNIN = SignIn("e-2", TIME, "bo", "failure", source="sshd")
PLAIN = Assessment("e-2", TIME, "bo", 3.0, "none", -6.9, -6.9, (), "trusted", None, "habit-1")
SENTENCE = "Risk 91 (1 in 5,000 sign-ins here): first time from BR."
SOURCE = {"user": {"name": "ANA", "email": "ana.old@example.com", "id": ["00u1"], "full_name": "Ana Exemplo"}}
ORIGIN = Incoming(SOURCE, "f" * 64, READER, ".ds-logs-okta.system-default-2026.02.25-000001", "abc")
ROW = {"status": "open", "opened": TIME - 60.0, "last": TIME, "count": 2}
STANDING = {
    "user": "ana@example.com", "risk": 35.19, "level": "critical", "worst": 91.23, "last_seen": TIME, "frozen": False,
    "incidents": [
        {"id": "00112233445566aa", "event": "e-1", "status": "open", "risk": 91.23, "opened": TIME - 60.0, "last": TIME,
         "count": 2, "sentence": SENTENCE}
    ],
}  # fmt: skip
QUIET = {"user": "bo", "risk": 0.0, "level": "none", "worst": 0.0, "last_seen": None, "frozen": False, "incidents": []}
BEAT = {
    "entrances": ["reader"], "partitions": [0], "state": "ok", "lag_seconds": 1.5, "last_signin": TIME,
    "last_scored": TIME + 2.0, "scored": 10, "unscored": 0, "broken": 0, "skipped": 1, "epoch": 20509,
}  # fmt: skip
VERDICT = {
    "answer": "malicious", "verified": True, "channel": "responder", "by": "ana@example.com",
    "time": "2026-02-25T06:20:00.000Z", "state": "malicious",
}  # fmt: skip
MADE = Documents("t", "node-1", kibana="https://kibana.example.com/")


def score(signin=SIGNIN, assessment=ODD, sentence=SENTENCE, origin=ORIGIN):
    body = MADE.busybody(signin, assessment, sentence, origin, 20509)
    return MADE.score(signin, assessment, body, TIME + 2.0, origin.document)


def alert(**changes):
    return MADE.alert(score(origin=ORIGIN._replace(**changes)), 2, ROW, TIME + 3.0)


DOCUMENTS = {
    "score": (score, "busybody-score"),
    "score-plain": (lambda: score(PLAIN_SIGNIN, PLAIN, ""), "busybody-score"),
    "alert": (alert, "busybody-alert"),
    "alert-backfill": (lambda: alert(quiet=True), "busybody-alert"),
    "alert-malicious": (lambda: MADE.judged(alert(), VERDICT, TIME + 9.0), "busybody-incident"),
    "alert-benign": (
        lambda: MADE.judged(alert(), {**VERDICT, "answer": "benign", "state": "benign"}, TIME + 9.0),
        "busybody-incident",
    ),
    "digest": (
        lambda: MADE.digest("backfill-1", TIME - DAY, TIME, 12345, {"high": 1, "medium": 2}, TIME),
        "busybody-alert",
    ),
    "risk": (lambda: MADE.risk("ana@example.com", STANDING, TIME + 60.0, "incident", TIME + 90.0), "busybody-risk"),
    "risk-none": (lambda: MADE.risk("bo", QUIET, TIME + 60.0, "decay"), "busybody-risk-latest"),
    "dead": (
        lambda: dead("logs-busybody.score-t", score(), Item(400, "document_parsing_exception: x")),
        "busybody-dead",
    ),
    "heartbeat": (lambda: MADE.heartbeat(TIME + 3.0, BEAT), "busybody-heartbeat"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_golden(name):
    """BUSYBODY_GOLDEN=write makes them anew; look at the difference."""
    made = DOCUMENTS[name][0]()
    path = GOLDEN / f"{name}.json"
    if os.environ.get("BUSYBODY_GOLDEN") == "write":
        path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert made == json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_is_mapped(name):
    """The mappings are strict: a field that they lack would be refused."""
    make, template = DOCUMENTS[name]
    mappings = assets.for_namespace(template, "t")["template"]["mappings"]
    assert list(unmapped(make(), mappings["properties"])) == []


def unmapped(value, properties, path=""):
    for name, inner in value.items():
        field = properties.get(name)
        if field is None:
            yield f"{path}{name}"
        elif field.get("enabled") is not False and "properties" in field:
            for item in inner if isinstance(inner, list) else [inner]:
                yield from unmapped(item, field["properties"], f"{path}{name}.")


def test_numbers_of_the_model_are_not_rounded():
    body = score()["busybody"]
    assert (body["risk"], body["log_odds"]) == (ODD.risk, ODD.log_odds)


def test_a_sign_in_is_not_counted_twice_by_anybodys_rules():
    assert "category" not in score()["event"]


def test_a_person_is_found_by_every_name_of_the_source():
    found = score()
    assert found["related"]["user"] == ["ana@example.com", "ANA", "ana.old@example.com"]
    assert {name: found["user"][name] for name in ("name", "email", "domain", "id", "full_name")} == {
        "name": "ana@example.com", "email": "ana@example.com", "domain": "example.com", "id": "00u1",
        "full_name": "Ana Exemplo",
    }  # fmt: skip
    dotted = score(PLAIN_SIGNIN, PLAIN, "", ORIGIN._replace(document={"user.name": "CORP\\bo", "user.id": 501}))
    assert dotted["related"]["user"] == ["bo", "CORP\\bo"]
    assert {**dotted["user"], "hash": ""} == {"name": "bo", "hash": "", "id": "501"}


@pytest.mark.parametrize("odd", [{"user": "bo"}, {"user": {"name": {"a": 1}, "id": None, "email": []}}, {"user": []}])
def test_whatever_a_source_calls_user_is_survived(odd):
    found = score(PLAIN_SIGNIN, PLAIN, "", ORIGIN._replace(document=odd))
    assert (found["related"]["user"], {*found["user"]}) == (["bo"], {"name", "hash"})


def test_a_sign_ins_risk_is_not_the_persons():
    disowned = MADE.judged(alert(), VERDICT, TIME + 9.0)
    assert not [one for one in (score(), alert(), disowned) if "risk" in one["user"]]


def test_sub_techniques_stand_below_their_technique():
    assert score()["threat"]["technique"] == {"id": ["T1078"], "subtechnique": {"id": ["T1078.004"]}}


def test_a_risk_is_the_sum_and_its_norm_as_in_elastics_engine():
    document = MADE.risk("ana@example.com", STANDING, TIME, "incident", TIME + 90.0)
    risk = document["user"]["risk"]
    assert (risk["static_score"], risk["calculated_score"]) == (pytest.approx(35.19 * 2.5924, abs=0.01),) * 2
    assert (risk["static_score_norm"], risk["calculated_score_norm"], risk["category_1_score"]) == (35.19,) * 3
    assert (risk["category_1_count"], risk["static_level"], risk["calculated_level"]) == (1, "critical", "Low")
    assert (document["@timestamp"], document["event"]["ingested"]) == (iso(TIME), iso(TIME + 90.0))


def test_a_long_sentence_is_cut_at_a_word():
    row = {**STANDING["incidents"][0], "sentence": "never used before: " * 30}
    risk = MADE.risk("bo", {**STANDING, "incidents": [row]}, TIME, "incident")["user"]["risk"]
    told = risk["inputs"][0]["description"]
    assert len(told) <= 200
    assert told.endswith((" never…", " used…", " before…"))


@pytest.mark.parametrize(
    ("channel", "answer", "verified", "words"),
    [
        ("responder", "malicious", True, "The person said it was not them: Risk 91"),
        ("responder", "malicious", False, "The person said it was not them, but nothing proves it was them: Risk 91"),
        ("responder", "benign", True, "Confirmed by the person: Risk 91"),
        ("index", "malicious", False, "An analyst said it was not the person: Risk 91"),
        ("kibana", "benign", False, "An analyst confirmed it: Risk 91"),
        ("kibana", "closed", False, "An analyst closed it: Risk 91"),
    ],
)
def test_a_judged_incident_says_who_said_what(channel, answer, verified, words):
    verdict = {**VERDICT, "channel": channel, "answer": answer, "verified": verified, "state": answer}
    assert MADE.judged(alert(), verdict, TIME)["message"].startswith(words)


def test_what_pages_always_has_a_severity():
    plain = MADE.alert(score(SIGNIN, ODD._replace(level="none", risk=12.0)), 1, None, TIME)
    assert plain["event"]["severity"] == 21
    assert "severity" not in score(PLAIN_SIGNIN, PLAIN, "")["event"]


def test_a_back_fill_is_no_alert():
    assert (alert()["event"]["kind"], alert(quiet=True)["event"]["kind"]) == ("alert", "event")


def test_no_name_stands_in_a_url():
    url = alert()["event"]["url"]
    assert url.startswith("https://kibana.example.com/app/dashboards#/view/busybody_default.t_person?")
    assert "ana@" not in url


def test_a_revision_leaves_the_one_before_as_it_was():
    first = alert()
    before = json.dumps(first)
    MADE.judged(first, VERDICT, TIME)
    MADE.alert(first, 3, ROW, TIME)
    assert json.dumps(first) == before


def test_a_persons_id_tells_nobody_who_it_is():
    assert person_id("ana") == person_id("ana") != person_id("bo")


def test_times_are_spelled_as_the_core_spells_them():
    random = Random(7)
    times = [random.uniform(0.0, 4e9) for _ in range(20_000)]
    times += [minute * 60.0 + rest for minute in range(5) for rest in (0.0, 59.9994, 59.9999996, 1e-7, 0.0005)]
    assert [stamp(time) for time in times] == [iso(time) for time in times]
