"""Attacks on some of the people, labelled. None of them looks into the scorer."""

from __future__ import annotations

from random import Random
from typing import Callable, Dict, List, Sequence

from ..config import Organisation
from ..people import Company, Person
from . import campaigns, single, slow
from .attacker import Attack

_MAKERS: Dict[str, Callable[[Random, Person, Company, Organisation, int], Attack]] = {
    "naive": single.Naive,
    "vpn": single.DomesticVpn,
    "residential_proxy": single.ResidentialProxy,
    "session_replay": single.SessionReplay,
    "abroad": single.Abroad,
    "mfa_fatigue": single.MfaFatigue,
    "slow_takeover": slow.SlowTakeover,
    "insider": slow.Insider,
}


def planned(config: Organisation, company: Company) -> List[Attack]:
    """Every attack of the month, in a fixed order; each has a random source of its own."""
    attacks: List[Attack] = []
    days = config.days - config.warmup
    if days < 1:
        return attacks
    free = _victims(config, company)
    for name in sorted(config.attacks):
        share = config.attacks[name] * days / (30.0 - 10.0)
        rng = Random(f"{config.seed}:attack:{name}")
        number = int(share * len(company.people) + rng.random())
        if name in _MAKERS:
            for order in range(number):
                able = [person for person in free if person.mfa] if name == "mfa_fatigue" else free
                victim = able[-1] if able else rng.choice(company.people)
                if able:
                    free.remove(victim)
                attacks.append(_MAKERS[name](Random(f"{config.seed}:{name}:{order}"), victim, company, config, order))
        elif name == "dormant":
            asleep = [
                person for person in company.people if person.leaves < config.days - 6 or person.silent[0] < config.days
            ]
            rng.shuffle(asleep)
            for order, victim in enumerate(asleep[:number]):
                attacks.append(slow.Dormant(Random(f"{config.seed}:dormant:{order}"), victim, company, config, order))
        elif number:
            attacks += _campaigns(name, number, free, company, config)
    return attacks


def _campaigns(name: str, number: int, free: List[Person], company: Company, config: Organisation) -> List[Attack]:
    """A few campaigns share the accounts that give way."""
    maker = campaigns.Stuffing if name == "stuffing" else campaigns.Spraying
    rng = Random(f"{config.seed}:{name}:campaigns")
    fallen = [free.pop() if free else rng.choice(company.people) for _ in range(number)]
    waves = max(1, min(len(fallen), round(config.days / 8)))
    return [
        maker(Random(f"{config.seed}:{name}:{wave}"), fallen[wave::waves], company, config, wave)
        for wave in range(waves)
    ]


def _victims(config: Organisation, company: Company) -> List[Person]:
    people: List[Person] = [person for person in company.people if person.kind != "service"]
    people = [p for p in people if p.kind != "rare" or p.index % 4 == 0]  # whose name is seldom seen is seldom phished
    people = [
        p for p in people if p.joins < config.warmup - 3 and p.leaves >= config.days and p.silent[0] >= config.days
    ]
    Random(f"{config.seed}:victims").shuffle(people)
    return people


__all__: Sequence[str] = ("Attack", "planned")
