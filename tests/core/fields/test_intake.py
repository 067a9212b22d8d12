"""The record's word against the table's, ids, zones, people; and nothing that a record holds breaks the reader."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional

import pytest
from busybody.errors import RecordError
from busybody.fields.intake import Intake, Skipped
from busybody.places import NOWHERE, Place
from busybody.policy import Policy
from busybody.signin import FLAGS, METHODS, MFA_RESULTS, NETWORK_CLASSES, OUTCOMES, SignIn
from hypothesis import given
from hypothesis import strategies as st

TABLE = Place("GB", "England", "London", 51.5, -0.1, 30.0, 20712, "Andrews & Arnold", "residential")
UA = "Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0"


class OneTown:
    """A table in which every address is in London."""

    def __init__(self, place: Place = TABLE) -> None:
        self.place = place

    def locate(self, ip: str) -> Place:
        return self.place


def record(geo: Optional[Dict[str, Any]] = None, **changes: Any) -> Dict[str, Any]:
    source: Dict[str, Any] = {"ip": "81.2.69.142"}
    if geo is not None:
        source["geo"] = geo
    return {
        "@timestamp": "2025-03-03T08:15:00Z",
        "event": {"category": ["authentication"], "outcome": "success", "dataset": "app.auth"},
        "user": {"name": "Ana"},
        "source": source,
        **changes,
    }


def read(given_: Dict[str, Any], policy: Optional[Dict[str, Any]] = None, table: Place = TABLE) -> SignIn:
    found = Intake(Policy.from_mapping(policy or {}), OneTown(table)).read(given_)
    assert isinstance(found, SignIn), found
    return found


def place(signin: SignIn) -> Any:
    return signin.country, signin.city, signin.lat, signin.lon, signin.accuracy_km


def test_without_a_place_in_the_record_the_table_answers() -> None:
    found = read(record())
    assert place(found) == ("GB", "London", 51.5, -0.1, 30.0)
    assert (found.asn, found.as_org, found.network) == (20712, "Andrews & Arnold", "residential")


def test_what_the_record_says_wins() -> None:
    found = read(record({"country_iso_code": "DE", "city_name": "Berlin", "location": {"lat": 52.5, "lon": 13.4}}))
    assert place(found)[:4] == ("DE", "Berlin", 52.5, 13.4)
    assert found.accuracy_km is not None


def test_the_policy_may_prefer_the_table() -> None:
    given_ = record({"country_iso_code": "DE", "location": {"lat": 52.5, "lon": 13.4}})
    assert place(read(given_, {"geo": {"prefer": "table"}})) == ("GB", "London", 51.5, -0.1, 30.0)
    assert read(given_, {"geo": {"prefer": "table"}}, NOWHERE).country == "DE"


def test_a_country_gets_coordinates_of_the_table_only_where_they_agree() -> None:
    assert place(read(record({"country_iso_code": "GB"}))) == ("GB", "London", 51.5, -0.1, 30.0)
    assert place(read(record({"country_iso_code": "FR"}))) == ("FR", None, None, None, None)


def test_the_system_of_the_record_wins_and_its_name_is_not_the_tables() -> None:
    changed = record()
    changed["source"]["as"] = {"number": 24940}
    assert (read(changed).asn, read(changed).as_org) == (24940, None)
    changed["source"]["as"] = {"number": 24940, "organization": {"name": "Hetzner Online GmbH"}}
    assert (read(changed).as_org, read(changed).network) == ("Hetzner Online GmbH", "hosting")


def test_flags_and_lists_decide_the_class_before_the_table() -> None:
    row = {"_time": "1740989700", "user": "a", "action": "success", "src": "81.2.69.142", "is_tor": "true"}
    assert read(row).network == "tor"
    assert read(row).flags == ("tor",)
    assert read(row, {"networks": {"egress": ["81.2.69.0/24"]}}).network == "organisation"
    assert read(record(), {"networks": {"vpn": ["AS20712"]}}).network == "vpn"


def test_the_device_comes_from_the_user_agent() -> None:
    found = read(record(user_agent={"original": UA}))
    assert found.device is not None
    assert found.version == 136


def test_people_are_resolved_by_the_rules_of_their_source() -> None:
    policy = {"sources": {"app.auth": {"user_map": {"ana": "ana.smith"}, "user_domain": "example.com"}}}
    assert read(record(), policy).user == "ana.smith"
    assert read(record(user={"name": "BOB"}), policy).user == "bob@example.com"
    assert read(record(), {"identity": {"case_fold": False}}).user == "Ana"


def test_the_zone_of_the_source_counts_for_times_without_one() -> None:
    policy = {"sources": {"app.auth": {"timezone": "Europe/Berlin"}}}
    given_ = record(**{"@timestamp": "2025-03-03 09:15:00"})
    assert read(given_, policy).time == read(record()).time


def test_a_record_without_id_gets_one_of_its_content() -> None:
    first, second = read(record()), read(json.loads(json.dumps(record(), sort_keys=True)))
    assert first.id == second.id
    assert len(first.id) == 16
    assert first.raw_id is None
    assert read(record(user={"name": "bob"})).id != first.id


def test_source_and_extra_paths_are_kept() -> None:
    intake = Intake(Policy.default(), None, source="vpn", extra=["labels.site", "labels.none"])
    found = intake.read(record(labels={"site": "HQ"}))
    assert isinstance(found, SignIn)
    assert (found.source, found.extra) == ("vpn", {"labels.site": "HQ"})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"@timestamp": "1601-01-01T00:00:00Z"}, "time"),
        ({"@timestamp": "9999-12-31T23:59:59Z"}, "time"),
        ({"@timestamp": -5}, "time"),
        ({"@timestamp": "yesterday"}, "time"),
        ({"@timestamp": {"a": 1}}, "time"),
        ({"user": {"name": "x" * 5000}}, "user"),
    ],
)
def test_a_broken_signin_is_an_error_that_names_the_field(change: Dict[str, Any], field: str) -> None:
    intake = Intake(Policy.default(), None)
    with pytest.raises(RecordError) as caught:
        intake.read(record(**change))
    assert caught.value.key == field
    assert len(str(caught.value)) < 300
    assert isinstance(intake.read(record()), SignIn)


@pytest.mark.parametrize(
    ("source", "note"),
    [
        ({"as": {"number": -5}}, "source.as.number: -5 is no AS number: it is not between 1 and 4294967295; ignored"),
        ({"as": {"number": "net"}}, "source.as.number: 'net' is no AS number; ignored"),
        ({"as": {"number": 1e400}}, "source.as.number: inf is no AS number; ignored"),
        ({"geo": {"location": {"lat": 95, "lon": 1}}}, "source.geo.location: 95 is no latitude: it is not between -90 and 90; ignored"),
        ({"geo": {"location": {"lat": 1, "lon": 181}}}, "source.geo.location: 181 is no longitude: it is not between -180 and 180; ignored"),
        ({"geo": {"location": "nowhere, really"}}, "source.geo.location: 'nowhere' is no latitude; ignored"),
        ({"geo": {"location": True}}, "source.geo.location: True is no place; ignored"),
        ({"ip": "999.1.1.1"}, "source.ip: '999.1.1.1' is no address; ignored"),
        ({"ip": "fe80::gg"}, "source.ip: 'fe80::gg' is no address; ignored"),
        ({"ip": ["500.1.1.1"]}, "source.ip: '500.1.1.1' is no address; ignored"),
    ],
)  # fmt: skip
def test_a_side_field_that_cannot_be_meant_is_left_out_alone(source: Dict[str, Any], note: str) -> None:
    intake = Intake(Policy.default(), OneTown())
    given_ = record({"country_iso_code": "DE"})
    given_["source"] = {**given_["source"], **source, "geo": {**given_["source"]["geo"], **source.get("geo", {})}}
    found = [intake.read(given_) for _ in range(3)][-1]
    assert isinstance(found, SignIn)
    assert (found.user, found.outcome, found.country) == ("ana", "success", "DE")
    assert (found.lat, found.lon, found.accuracy_km) == (None, None, None)
    assert found.asn == (None if "ip" in source else TABLE.asn)
    told = intake.explain(given_)
    assert note in told.ignored
    assert sum(note in line.why for line in told.lines) >= 1
    assert told.result == "sign-in"


def test_one_coordinate_goes_with_the_other_and_a_radius_goes_alone() -> None:
    own = {
        "source": "own", "title": "Own", "documented_at": "here", "detect": {"path": "when", "exists": True},
        "fields": {"time": "when", "user": "who"},
        "places": [{"country": "land", "lat": "north", "lon": "east", "accuracy_km": "radius"}],
    }  # fmt: skip
    intake = Intake(Policy.from_mapping({"maps": [own]}), None)
    base = {"when": 1741000000, "who": "ana", "land": "DE", "north": 52.5, "east": 13.4, "radius": 7}

    def placed(**change: Any) -> Any:
        found = intake.read({**base, **change})
        assert isinstance(found, SignIn)
        return place(found)

    for _ in range(2):
        assert placed() == ("DE", None, 52.5, 13.4, 7.0)
        assert placed(north=-91) == ("DE", None, None, None, None)
        assert placed(east="far") == ("DE", None, None, None, None)
        assert placed(radius=1e9)[:4] == ("DE", None, 52.5, 13.4)
        assert placed(radius=1e9)[4] != 1e9
    lines = {line.field: line.why for line in intake.explain({**base, "north": -91}).lines}
    assert lines["lat"] == "north: -91 is no latitude: it is not between -90 and 90; ignored"
    assert lines["lon"] == "one coordinate alone is no place; ignored"


def test_an_absurd_version_of_a_browser_breaks_nothing() -> None:
    found = read(record(user_agent={"original": "Chrome/" + "9" * 400}))
    assert found.version is None or found.version < 10**4


def test_what_is_fine_is_not_noted() -> None:
    intake = Intake(Policy.default(), OneTown())
    assert intake.explain(record({"country_iso_code": "DE", "location": "52.5,13.4"})).ignored == ()
    assert intake.explain(record(source={"ip": "-", "as": {"number": "unknown"}})).ignored == ()


def test_records_that_are_nothing() -> None:
    intake = Intake(Policy.default(), None)
    assert intake.read({}) == Skipped("the record is empty")
    assert isinstance(intake.read({"a": 1}), Skipped)
    assert isinstance(intake.read(record(user={})), Skipped)


def test_what_is_remembered_does_not_change_the_answer() -> None:
    intake = Intake(Policy.default(), None)
    given_ = [record(event={"category": value, "outcome": "success"}) for value in ("authentication", ["authentication"], True, 1, 1.0, "1", ["x"], {"a": 1}, [1])]  # fmt: skip
    once = [Intake(Policy.default(), None).read(each) for each in given_]
    assert [intake.read(each) for each in given_ for _ in range(2)] == [each for each in once for _ in range(2)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["-", "81.2.69.142", "2025-03-03T08:15:00Z", "success", "authentication", "start"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "ip", "geo", "location", "lat", "lon", "category", "outcome", "type", "number", "a.b"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
INTAKE = Intake(Policy.default(), OneTown())


@given(
    st.dictionaries(
        st.sampled_from(["@timestamp", "event", "user", "source", "client", "user.name", "source.geo.location", "_time", "action", "src", "EventCode", "winlog", "Event", "message", "program"]),
        JSON,
        max_size=6,
    )
)  # fmt: skip
def test_any_record_is_a_signin_skipped_or_an_error(given_: Dict[str, Any]) -> None:
    try:
        found = INTAKE.read(given_)
    except RecordError as error:
        if not error.key:
            raise
        return
    if isinstance(found, Skipped):
        assert found.reason
        return
    assert found.outcome in OUTCOMES
    assert found.mfa in MFA_RESULTS
    assert found.method is None or found.method in METHODS
    assert found.network is None or found.network in NETWORK_CLASSES
    assert set(found.flags) <= set(FLAGS)
    assert found.user
    json.dumps(found, allow_nan=False).encode("utf-8")
    INTAKE.explain(given_)


def test_deep_records_do_not_break_the_reader() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(RecordError):
        Intake(Policy.default(), None).read(record(labels=deep))
    while isinstance(deep, dict):
        deep = deep.pop("a")  # taken apart step by step: freeing it at once would recurse as well


def test_explain_tells_every_field_and_what_nearly_fits() -> None:
    intake = Intake(Policy.default(), OneTown())
    found = intake.explain(record({"country_iso_code": "DE", "location": "52.5,13.4"}))
    lines = {line.field: line for line in found.lines}
    assert (found.map, found.result) == ("ecs", "sign-in")
    assert lines["ip"][1:4] == ("source.ip", "81.2.69.142", "81.2.69.142")
    assert lines["lat"][1:4] == ("source.geo.location", "52.5,13.4", 52.5)
    assert lines["asn"].value == 20712
    assert lines["asn"].path is None
    assert "table" in lines["asn"].why
    assert lines["user"].raw == "Ana"
    assert lines["user"].value == "ana"
    assert "user.email: not there" in lines["user"].why
    lost = intake.explain({"event": {"category": "authentication"}, "user": {"name": "ana"}})
    assert lost.map is None
    assert any("ecs" in near and "@timestamp" in near for near in lost.nearly)
    broken = intake.explain(record(**{"@timestamp": "never"}))
    assert broken.result.startswith("error: time")
