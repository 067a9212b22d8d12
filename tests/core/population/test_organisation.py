"""The organisation's tables: what one hour teaches takes effect in a later one; bounded, decaying, the same after JSON."""

from __future__ import annotations

import json
from typing import Any, Dict

import pytest
from builders import (
    DAY,
    FAR,
    HOME,
    HOTEL,
    LAPTOP,
    OFFICE,
    PHONE_NET,
    STRANGE,
    adversarial,
    at,
    company,
    live,
    model,
    population_of,
    settled,
    signin,
)
from busybody.decay import Decay
from busybody.errors import ModelError
from busybody.population import Organisation
from busybody.population.delta import TABLES, Delta
from busybody.population.organisation import BOUNDS, EGRESS, EGRESS_DAYS, GROUP_BOUND, GROUPS, SHARED_BY
from busybody.signin import NETWORK_CLASSES


def taught(days: int = 1, **fields: Any) -> Organisation:
    organisation = Organisation(Decay(30.0))
    delta = Delta()
    delta.people = 1
    for day in range(days):
        delta.note_values(signin(day, 9, **{**HOME, **LAPTOP, **fields}), int(at(day) // DAY), "ana")
    organisation.apply(delta, int(at(days) // DAY))
    return organisation


@pytest.mark.parametrize("table", TABLES)
def test_base_of_an_unknown_value_is_a_probability(table: str) -> None:
    for organisation in (Organisation(Decay(30.0)), taught(30)):
        assert 0.0 < organisation.base(table, "never seen", None, 64.0) < 1.0


def test_base_is_close_to_one_share_for_each_class() -> None:
    organisation = Organisation(Decay(30.0))
    assert sum(organisation.base("class", name, None, 64.0) for name in NETWORK_CLASSES) == pytest.approx(1.0, abs=0.05)


def test_common_value_is_likelier_than_a_rare_one_and_than_before() -> None:
    fresh, organisation = Organisation(Decay(30.0)), taught(30)
    for table, value in (
        ("class", "residential"),
        ("country", "PT"),
        ("asn", HOME["asn"]),
        ("device", LAPTOP["device"]),
        ("hour", 9),
    ):
        here = organisation.base(table, value, None, 64.0)
        assert here > fresh.base(table, value, None, 64.0), table
        assert here > organisation.base(table, "never seen", None, 64.0), table


def test_some_of_the_mass_always_stays_on_the_world() -> None:
    """Or the first trip to a country that is new to the organisation would saturate."""
    organisation = taught(3000)
    fresh = Organisation(Decay(30.0)).base("country", "NL", None, 64.0)
    assert organisation.base("country", "NL", None, 64.0) >= 0.25 * fresh


def test_what_is_learned_on_one_day_takes_effect_on_the_next() -> None:
    scorer = model()
    live(scorer, 20)
    before = population_of(scorer)["organisation"]
    for minute in range(50):
        scorer.process(signin(19, 13 + minute / 60.0 + 0.01, user=f"p{minute}", **HOTEL, **LAPTOP))
    settled(scorer, at(19, 14))
    assert population_of(scorer)["organisation"] == before
    settled(scorer, at(20))
    assert scorer.organisation.common("country", "NL") > 0.0


def test_untrusted_and_failed_sign_ins_teach_the_organisation_nothing() -> None:
    scorer = model()
    company(scorer, people=4)
    settled(scorer, at(30))
    for number in range(4):
        for day in range(31, 36):
            scorer.process(signin(day, 9 + number, user=f"colleague{number}", **FAR, **STRANGE))
            scorer.process(signin(day, 10 + number, user=f"guess{number}", **FAR, **STRANGE, outcome="failure"))
    settled(scorer, at(36))
    assert scorer.organisation.common("country", "JP") == 0.0
    assert scorer.organisation.common("device", STRANGE["device"]) == 0.0
    assert not scorer.organisation.is_shared(FAR["subnet"], int(at(36) // DAY))


def test_who_signs_in_a_thousand_times_is_one_of_the_people_here() -> None:
    scorer = model()
    for day in range(10):
        scorer.process(signin(day, 9, user="once", **OFFICE, **LAPTOP))
        for number in range(100):
            scorer.process(signin(day, 9 + number / 20.0, user="often", **PHONE_NET, **LAPTOP))
    settled(scorer, at(10))
    assert scorer.organisation.common("asn", OFFICE["asn"]) == pytest.approx(0.5, abs=0.01)


def test_subnet_of_several_people_is_shared_for_a_month() -> None:
    organisation = Organisation(Decay(30.0))
    day = int(at(0) // DAY)
    for number in range(SHARED_BY):
        assert not organisation.is_shared(HOME["subnet"], day)
        delta = Delta()
        delta.note_values(signin(0, 9, **HOME), day, f"p{number}")
        organisation.apply(delta, day + 1 + number)
    assert organisation.is_shared(HOME["subnet"], day)
    assert organisation.is_shared(HOME["subnet"], day + EGRESS_DAYS)
    assert not organisation.is_shared(HOME["subnet"], day + EGRESS_DAYS + 1)
    assert not organisation.is_shared(None, day)


def test_applying_an_epoch_twice_changes_nothing() -> None:
    organisation = taught()
    before = organisation.to_json()
    delta = Delta()
    delta.note_values(signin(0, 9, **FAR), 20_000, "ben")
    organisation.apply(delta, organisation.epoch)
    assert organisation.to_json() == before


def test_entering_the_days_one_by_one_is_the_same_as_jumping() -> None:
    one, other = taught(), taught()
    one.people = other.people = 9
    first = one.epoch
    for day in range(first, first + 41):
        one.apply(Delta(), day)
    other.apply(Delta(), first + 40)
    assert one.person_days == pytest.approx(other.person_days, rel=1e-9)
    assert one.signins == pytest.approx(other.signins, rel=1e-9)
    assert one.calibration.rarity(0.0) == pytest.approx(other.calibration.rarity(0.0))


def test_sign_ins_a_day_are_those_of_the_people_here() -> None:
    scorer = model()
    for day in range(120):
        for number in range(20):
            for hour in (8, 10, 12, 14, 16):
                if number % 2 or hour < 12:
                    scorer.process(signin(day, hour, user=f"p{number}", **HOME, **LAPTOP))
    settled(scorer, at(120))
    assert scorer.organisation.signins_a_day() == pytest.approx(3.5, rel=0.1)


def test_tables_are_bounded_in_a_flood_of_values() -> None:
    organisation = Organisation(Decay(30.0))
    day = int(at(0) // DAY)
    for hour in range(3):
        delta = Delta()
        for number in range(1800):
            where = {**HOME, "asn": number + hour * 1800, "subnet": f"s{number}.{hour}", "country": f"c{number}"}
            event = signin(0, number % 24, device=f"d{number}", group=f"g{number % 500}", **where)
            delta.note_values(event, day, f"p{number}")
        organisation.apply(delta, day + 1 + hour)
    for (table, group), counts in organisation.tables.items():
        assert len(counts.values) <= (BOUNDS[table] if not group else min(GROUP_BOUND, BOUNDS[table]))
    assert len(organisation.groups) <= GROUPS
    assert len(organisation.egress) <= EGRESS


def test_a_new_era_keeps_what_is_common_here() -> None:
    organisation = taught(30)
    shares = {name: organisation.common(*name) for name in (("country", "PT"), ("asn", HOME["asn"]))}
    base = organisation.base("country", "PT", None, organisation.decay.weight(organisation.epoch, organisation.era))
    later = organisation.era + organisation.decay.era_days
    organisation.apply(Delta(), later)
    assert {name: organisation.common(*name) for name in shares} == pytest.approx(shares)
    assert organisation.base("country", "PT", None, organisation.decay.weight(later, organisation.era)) < base


def test_tables_come_back_from_json() -> None:
    scorer = model()
    for event in adversarial(3, odd=0.4):
        scorer.process(event)
    row = json.loads(json.dumps(scorer.organisation.to_json()))
    again = Organisation.from_json(row, Decay(30.0))
    assert json.loads(json.dumps(again.to_json())) == row
    for log_odds in (-6.0, -2.0, 3.0):
        assert again.calibration.rarity(log_odds) == scorer.organisation.calibration.rarity(log_odds)


@pytest.mark.parametrize("change", [{"v": 2}, {"epoch": None, "tables": 7}, {"scores": [["a", "b"]]}, {"egress": 3}])
def test_damaged_or_newer_tables_are_one_clear_error(change: Dict[str, Any]) -> None:
    row = json.loads(json.dumps(taught().to_json()))
    with pytest.raises(ModelError):
        Organisation.from_json({**row, **change}, Decay(30.0))


@pytest.mark.parametrize("missing", ["v", "epoch", "tables", "calibration", "egress"])
def test_tables_that_lack_a_part_are_one_clear_error(missing: str) -> None:
    row = json.loads(json.dumps(taught().to_json()))
    del row[missing]
    with pytest.raises(ModelError):
        Organisation.from_json(row, Decay(30.0))


def test_delta_comes_back_from_json() -> None:
    delta = Delta()
    for number in range(20):
        delta.note_values(
            signin(0, 9, **HOME, device=f"d{number}", group=f"g{number % 3}"), 20_000 + number % 2, f"p{number}"
        )
        delta.note_score(-6.0 + number, 20_000)
    again = Delta.from_json(json.loads(json.dumps(delta.to_json())))
    one, other = Organisation(Decay(30.0)), Organisation(Decay(30.0))
    one.apply(delta, 20_100)
    other.apply(again, 20_100)
    assert one.to_json() == other.to_json()
