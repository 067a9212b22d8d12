"""What the simulated organisation promises."""

from __future__ import annotations

import collections
import hashlib
import json
from typing import List

import pytest
from busybody.errors import PolicyError
from busybody.signin import METHODS, MFA_RESULTS, NETWORK_CLASSES
from busybody.simulate import ATTACKS, HONEST_KINDS, SHAPES, Event, Organisation, attacks_named, generate

SMALL = Organisation(people=120, days=30, seed=7)
GOLDEN = {  # frozen before the model was tuned; a change here invalidates every figure measured since
    "mixed": "b77b9105c416ba16",
    "office": "45be199ba9ce5dd7",
    "remote": "2aabf0a5cbabf470",
    "global": "d112e26d4a9a664f",
    "school": "7b94454f2b933598",
}


@pytest.fixture(scope="module")
def month() -> List[Event]:
    return list(generate(SMALL))


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_the_frozen_simulator_gives_the_same_events_for_ever(shape: str) -> None:
    digest = hashlib.sha256()
    for event in generate(Organisation(people=40, days=25, seed=7, shape=shape, attacks=dict.fromkeys(ATTACKS, 0.1))):
        row = [list(event.signin._replace(extra={})), list(event.truth)]
        digest.update(json.dumps(row, sort_keys=True).encode())
    assert digest.hexdigest()[:16] == GOLDEN[shape]


def test_events_come_in_the_order_of_time_with_ids_of_their_own(month: List[Event]) -> None:
    times = [event.signin.time for event in month]
    assert times == sorted(times)
    assert times[0] >= SMALL.start
    assert times[-1] < SMALL.start + 30 * 86400
    assert len({event.signin.id for event in month}) == len(month)


def test_every_signin_speaks_the_vocabulary_of_the_record(month: List[Event]) -> None:
    for signin, _ in month:
        assert signin.network is None or signin.network in NETWORK_CLASSES
        assert signin.method in METHODS
        assert signin.mfa in MFA_RESULTS
        assert signin.ip
        assert signin.subnet
        assert signin.asn
        assert signin.as_org
        assert signin.country
        assert signin.device
        assert -90 <= (signin.lat or 0) <= 90
        assert -180 <= (signin.lon or 0) <= 180


def test_people_sign_in_about_three_times_a_day(month: List[Event]) -> None:
    honest = [event for event in month if not event.truth.attack]
    assert 2.0 < len(honest) / 120 / 30 < 4.0


def test_every_attack_and_every_hard_honest_kind_occurs() -> None:
    events = generate(Organisation(people=300, days=30, seed=3, attacks=dict.fromkeys(ATTACKS, 0.05)))
    labels = {event.truth.label for event in events}
    assert set(ATTACKS) <= labels
    assert set(HONEST_KINDS) <= labels
    assert labels <= set(ATTACKS) | set(HONEST_KINDS)


def test_attacks_begin_after_the_warm_up_and_name_their_incident(month: List[Event]) -> None:
    attacks = [event for event in month if event.truth.attack]
    assert attacks
    assert all(event.truth.incident for event in attacks)
    assert min(event.signin.time for event in attacks) >= SMALL.start + 9 * 86400
    assert all(event.signin.outcome == "success" for event in attacks if event.truth.victim)


def test_an_organisation_without_attacks_is_honest() -> None:
    events = list(generate(Organisation(people=30, days=15, attacks={})))
    assert events
    assert not any(event.truth.attack for event in events)


def test_a_replayed_session_is_one_that_the_victim_holds() -> None:
    held = collections.defaultdict(set)
    replays = 0
    for signin, truth in generate(Organisation(people=80, days=30, attacks={"session_replay": 0.2})):
        if truth.label == "session_replay":
            replays += 1
            assert signin.session in held[signin.user]
        else:
            held[signin.user].add(signin.session)
    assert replays


def test_a_share_of_hosting_and_vpn_networks_looks_residential() -> None:
    from random import Random

    from busybody.simulate.world import World

    world, rng = World(Random(1), 0.25), Random(2)
    for kind in ("hosting", "vpn"):
        seen = [world.pick(rng, kind, country).seen for country in ("US", "DE", "IN", "BR") for _ in range(400)]
        assert 0.18 < seen.count("residential") / len(seen) < 0.36


@pytest.mark.parametrize(("people", "days"), [(1, 1), (2, 30), (5, 3), (21, 12)])
def test_small_organisations_work(people: int, days: int) -> None:
    users = {event.signin.user for event in generate(Organisation(people=people, days=days, seed=1))}
    assert len(users) <= people


def test_memory_does_not_grow_with_the_month() -> None:
    """The stream begins before the month is over."""
    first = next(iter(generate(Organisation(people=20, days=100_000, attacks={}))))
    assert first.signin.time < SMALL.start + 86400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": "circus"}, "shape: 'circus' is no shape. Use one of mixed"),
        ({"attacks": {"flood": 0.1}}, "attacks: 'flood' is no attack"),
        ({"attacks": {"naive": 2}}, "attacks.naive: 2 is no share"),
        ({"people": 0}, "people: 0 is no count"),
    ],
)
def test_what_cannot_be_simulated_is_named(change: dict, words: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(PolicyError, match="^" + words.replace(".", r"\.")):
        Organisation(**change)


def test_attacks_are_chosen_by_name() -> None:
    assert attacks_named(("none",)) == {}
    assert attacks_named(("all",)) == dict(ATTACKS)
    assert attacks_named(("naive",), scale=2) == {"naive": 2 * ATTACKS["naive"]}
    with pytest.raises(PolicyError):
        attacks_named(("zombie",))
