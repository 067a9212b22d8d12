"""Scorer, the only way in: score, learn, feedback.

    assessment = scorer.score(signin)        what is unlike this person; teaches nothing
    scorer.learn(signin, assessment)         teach the model, as far as the sign-in may
    scorer.feedback(verdict)                 the answer of the person or an analyst

A score is a pure function of the state and the event. Event time moves on by the hour: what waited for its lateness
bound settles, for each person when they are next met. By the day the organisation's tables enter their next epoch.
A surface that reads a stream calls `process`, which does all of it in the right order.
"""

from __future__ import annotations

from functools import lru_cache
from math import floor
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from .decay import Decay
from .filters.marks import LEAVERS, counted, held_back
from .fusion import BASE
from .fusion.judge import Ask, Judge
from .fusion.short_path import EVERYTHING, Limits, doubts
from .people import NEVER, Changes, Keeper, Person, Ripe, population_text
from .policy import Policy
from .population import NOTHING, About, Population
from .population.delta import Delta
from .profile import Profile, Waiting, incidents, learning
from .profile.known import untrusted
from .profile.profile import CROWDED, WINDOW, Doubt
from .risk import BELOW_MEDIUM, VIP, alert_rarity, alert_threshold, level_of, person_risk, risk_of
from .sentence import sentence
from .signin import Assessment, Finding, SignIn
from .stores import Store
from .verdict import Verdict, take
from .watch import Lists, Watch

MODEL = "habit-1"
HOUR, DAY = 3600.0, 86400.0
LONG_AGO = float("-inf")
Findings = Tuple[Finding, ...]
NOBODY: Tuple[Lists, Findings] = (), ()  # of whom the policy says nothing
UNSAID = (None, NOTHING)  # by recent evidence
_build = tuple.__new__  # what the record's own constructor calls, without its keyword arguments


class Scorer:
    """One model: people, organisation and recent evidence, kept in a store."""

    def __init__(self, policy: Policy, store: Store, *, short_path: bool = True) -> None:
        """Opens the model in `store`; an empty store is an empty model.

        `short_path=False` runs every detector on every sign-in, with the same answers: for tests.
        Raises ModelError or StoreError where what is stored cannot be read.
        """
        self.policy = policy
        self.decay = Decay(policy.learning.half_life_days)
        self.people = Keeper(store, policy)
        self._changed, self._taught = self.people.changed.add, self.people.taught.add
        self._judge = Judge(policy)
        self._limits = Limits(policy)
        self._short_path = short_path
        self._lateness = self.people.lateness
        self._lateness_of = lru_cache(maxsize=256)(policy.lateness_seconds)
        self._watch = Watch(policy)
        self._plain = short_path and self._watch.whole
        self._speaks = self._watch.speaks
        self._profiles = self._watch.profiles or None
        self.organisation, self.evidence, self._delta, self._ripe, self.hour = self.people.population(self.decay)
        self._described: Tuple[Optional[Assessment], str] = (None, "")
        self._new_hour(self.hour)
        self._new_epoch()

    # Score --------------------------------------------------------------------------------------------------

    def score(self, signin: SignIn, about: Optional[About] = None) -> Assessment:
        """The assessment of one sign-in; teaches nothing, and does not move time on.

        A surface that only scores calls `advance` first, or what happened in the store's last hour is not settled yet.
        `about` is what recent evidence says of it, where another worker keeps that evidence.
        """
        if not self._watch.whole:
            signin = self._watch.strip(signin)
        person = self._met(signin.user)
        if person is None:
            profile = Profile()
            lists, said = self._said(signin, profile)
            population = self._population(signin, profile)
            judgement = self._judge(profile, signin, population, [], EVERYTHING, said, self._ask(signin, about))
            return self._assess(signin, profile, judgement, False, lists)
        profile, time = person.profile, signin.time
        era, latest = profile.era, profile.last
        unit = self._weight if self._midnight <= time < self._tomorrow and era == self._era else self._unit(time, era)
        _, doubted = doubts(signin, profile, unit, self._limits, person.box)
        lists, said = self._said(signin, profile) if doubted or self._speaks else NOBODY
        late = (latest is None or time <= latest) and learning.is_late(
            profile, signin, self._lateness_of(signin.source)
        )
        if not doubted and not said and self._short_path:
            return self._everyday(signin, profile, late)
        population = self._population(signin, profile)
        which = doubted if self._short_path else EVERYTHING
        judgement = self._judge(profile, signin, population, person.incidents, which, said, self._ask(signin, about))
        assessment = self._assess(signin, profile, judgement, late, lists)
        return assessment if doubted or said else assessment._replace(habitual=True)

    def _met(self, user: str) -> Optional[Person]:
        """The person as of this hour."""
        person = self.people.get(user)
        if person is not None and person.due <= self.hour:
            self._settle(person, self._cutoff)
        return person

    def _said(self, signin: SignIn, profile: Profile) -> Tuple[Lists, Findings]:
        """The policy's lists that the person stands on, and what the policy itself finds odd."""
        lists = self._watch.lists(signin.user)
        return lists, self._watch.says(signin, profile, lists)

    def _everyday(self, signin: SignIn, profile: Profile, late: bool) -> Assessment:
        """The assessment of a sign-in that repeats a habit: nothing was odd. It teaches, unless that is ruled out."""
        event_id = signin.id
        assessment = _build(Assessment, (event_id, signin.time, signin.user) + self._habitual)
        if late or signin.outcome != "success" or (signin.source, event_id) in profile.seen:
            return assessment._replace(learned=learning.WITHHELD, late=late)
        return assessment

    def _unit(self, time: float, era: int) -> int:
        """What one sign-in of that day weighs in counts of `era`; of nobody yet (0), in those of the day's own."""
        day = int(time // DAY)
        return self.decay.weight(day, era or self.decay.era(day))

    def _assess(
        self, signin: SignIn, profile: Profile, judgement: learning.Judgement, late: bool, lists: Lists
    ) -> Assessment:
        incident = judgement.incident
        judged = self._watch.judged(signin, profile, judgement, lists)
        risk = self._risk(signin, profile, judged)
        findings = judged.findings
        learned = learning.standing(profile, signin, untrusted(signin, judgement.seen), incident)
        if late or learning.is_known(profile, signin):
            learned = learning.WITHHELD
        identity = incident["id"] if incident is not None else None
        if identity is None and risk >= incidents.RISK and signin.outcome == "success":
            identity = incidents.identifier(self.people.key(signin.user), signin)
        anchor = judgement.anchor or (profile.previous if findings else None)
        alert = (
            signin.outcome == "success"
            and not late
            and not self._watch.is_silent(lists)
            and (LEAVERS in lists or self._alerts(signin.user, risk, _odds_of(judged.log_odds, incident)))
        )
        if alert and self._watch.holds_back(max(risk, person_risk(profile.incidents, signin.time))):
            alert, findings = False, held_back(findings)
        return Assessment(
            signin.id, signin.time, signin.user, risk, level_of(risk), judgement.log_odds, BASE, findings, learned,
            _previous(anchor), MODEL, identity, late, alert, judgement.hard, False, lists,
        )  # fmt: skip

    def _risk(self, signin: SignIn, profile: Profile, judgement: learning.Judgement) -> float:
        if not judgement.findings:
            return self._everyday_risk
        rule, incident = self.policy.learning, judgement.incident
        new = profile.is_new(rule.new_person_signins, rule.new_person_days, signin.time)
        risk = risk_of(judgement.log_odds, self.organisation, new, judgement.hard)
        if incident is not None and judgement.log_odds <= incident["log_odds"]:
            risk = max(risk, incident["risk"])
        return min(risk, BELOW_MEDIUM) if signin.outcome == "failure" else risk

    def _alerts(self, user: str, risk: float, log_odds: float) -> bool:
        """Whether a risk is at or above the threshold; where risk ends at 100, rarity decides."""
        if risk >= VIP and self.policy.people.vip and self.policy.people.vip.matches(user):
            return True
        if risk < self.threshold or self.policy.alerts.threshold is not None or self.threshold < 100.0:
            return risk >= self.threshold
        return self.organisation.calibration.rarity(log_odds) <= alert_rarity(self.organisation, self.policy)

    def _population(self, signin: SignIn, profile: Profile, about: About = NOTHING) -> Population:
        day = int(signin.time // DAY)
        return Population(
            self.organisation, about, self._unit(signin.time, profile.era),
            self.decay.weight(day, self.organisation.era or self.decay.era(day)), day,
        )  # fmt: skip

    def _ask(self, signin: SignIn, about: Optional[About] = None) -> Ask:
        """How to ask for recent evidence; `about` is what another worker said."""
        return (lambda: about) if about is not None else (lambda: self.evidence.about(signin))

    # Learn --------------------------------------------------------------------------------------------------

    def process(self, signin: SignIn) -> Assessment:
        """Advance, score and learn: what a surface does with each sign-in of a stream."""
        time = signin.time
        if time >= self._next_hour:
            self.advance(time)
        person = self.people.get(signin.user) if self._plain else None
        if person is None:
            assessment = self.score(signin)
            self.learn(signin, assessment)
            return assessment
        if person.due <= self.hour:
            self._settle(person, self._cutoff)
        profile = person.profile
        era, latest = profile.era, profile.last
        unit = self._weight if time >= self._midnight and era == self._era else self._unit(time, era)
        habit, doubted = doubts(signin, profile, unit, self._limits, person.box)
        lists, said = self._said(signin, profile) if doubted or self._speaks else NOBODY
        late = (latest is None or time <= latest) and learning.is_late(
            profile, signin, self._lateness_of(signin.source)
        )
        if not doubted and not said:
            self.evidence.observe(signin)
            assessment = self._everyday(signin, profile, late)
            if assessment.learned == learning.TRUSTED:
                self._await(person, Waiting(signin, habit))
            return assessment
        population = self._population(signin, profile)
        judgement = self._judge(profile, signin, population, person.incidents, doubted, said, self._ask(signin))
        assessment = self._assess(signin, profile, judgement, late, lists)
        self.evidence.observe(signin)
        if signin.outcome == "success" and not late and not learning.is_known(profile, signin):
            doubt = self._doubt(signin, assessment)
            entry = Waiting(signin, habit, doubt)
            if (
                not profile.window and judgement.about in UNSAID
            ):  # nothing that comes before it can still change what it is
                entry.outcome = self._outcome(judgement, doubt)
            self._await(person, entry)
        return assessment

    def learn(self, signin: SignIn, assessment: Assessment) -> None:
        """Take in a sign-in that `score` has judged. Late and repeated events teach nothing."""
        if signin.time >= self._next_hour:
            self.advance(signin.time)
        self.evidence.observe(signin)
        if not self._watch.whole:
            signin = self._watch.strip(signin)
        if signin.outcome != "success":
            return
        person = self._met(signin.user)
        if person is None:
            person = self.people.begin(signin.user)
        profile = person.profile
        if assessment.late or learning.is_late(profile, signin, self._lateness_of(signin.source)):
            return
        if not learning.is_known(profile, signin):
            doubt = None if assessment.habitual else self._doubt(signin, assessment)
            self._await(person, Waiting(signin, None, doubt))

    def _await(self, person: Person, entry: Waiting) -> None:
        """Let a new sign-in wait for its lateness bound; one that is past it already settles at once."""
        profile, signin, doubt = person.profile, entry.signin, entry.doubt
        time, window = signin.time, profile.window
        learning.admit(profile, entry)
        self._changed(person.key)
        if time < self._cutoff or len(window) > CROWDED:
            early = window[WINDOW].signin.time if len(window) > CROWDED else self._cutoff
            self._settle(person, max(self._cutoff, early))
            return
        over = time + self._lateness
        if window[0] is entry:
            person.due = over // HOUR + 1.0
        day = floor(over) // 86400 + 1  # before which it settles at the latest
        if day != person.ripe:
            self._ripe.setdefault(day, set()).add(person.key)
            person.ripe = day
        person.widen(signin)
        if doubt is not None and doubt.risk >= incidents.RISK:
            person.suspect(signin, doubt, self.policy.learning.incident_hours)

    def _doubt(self, signin: SignIn, assessment: Assessment) -> Doubt:
        findings, lists = assessment.findings, assessment.lists
        ignored = self._watch.is_silent(lists)
        risk = 0.0 if ignored else assessment.risk
        log_odds = counted(findings) if any(found.filtered_by for found in findings) else assessment.log_odds
        words = self._incident_words(findings, risk, log_odds, signin)
        return Doubt(risk, log_odds, words, ignored, lists)

    def describe(self, signin: SignIn, assessment: Assessment) -> str:
        """The sentence for an assessment of this sign-in; the latest is kept, since learning and printing both ask."""
        if not assessment.findings:
            return ""
        if assessment is not self._described[0]:
            found, risk, log_odds = assessment.findings, assessment.risk, assessment.log_odds
            self._described = (assessment, self._words(found, risk, log_odds, signin, assessment.previous))
        return self._described[1]

    def _words(
        self, findings: Findings, risk: float, log_odds: float, signin: SignIn, previous: Optional[Mapping[str, Any]]
    ) -> str:
        calibration = self.organisation.calibration
        return sentence(findings, risk, calibration.rarity(log_odds), signin, previous, calibration.own.signins)

    def _incident_words(self, findings: Findings, risk: float, log_odds: float, signin: SignIn) -> str:
        """What an incident keeps of its sign-in: the sentence without the one before; nothing where none opens."""
        return self._words(findings, risk, log_odds, signin, None) if risk >= incidents.RISK else ""

    def feedback(self, verdict: Verdict) -> str:
        """Take the answer of a person or an analyst. Returns what it did, in words.

        `verdict.user` is their name or their key: a verdict that waits in a store may hold the pseudonym alone.
        A repeated verdict changes nothing. Only a verified "it was me" promotes; "not me" rolls back.
        """
        person = self.people.named(verdict.user)
        if person is None:
            return "unknown person: nothing to learn"
        if person.due <= self.hour:
            self._settle(person, self._cutoff)
        self._settle(person, verdict.settle_until(person.profile))
        done = take(verdict, person.profile, self.people.journal(person), self.decay)
        for entry in person.profile.window:
            entry.unsettle()  # what it teaches may be else now
        self.people.changed.add(person.key)
        self.people.taught.add(person.key)
        person.refresh(self.policy.learning.incident_hours)
        return done

    # Time ---------------------------------------------------------------------------------------------------

    def advance(self, time: float) -> None:
        """Let event time reach `time`. Going back changes nothing."""
        if time < self._next_hour:
            return
        day = int(time // DAY)
        if day > self.organisation.epoch:
            for epoch in self.epochs(day):
                self.apply(self.settle(epoch), epoch)
        self._new_hour(int(time // HOUR))

    def epochs(self, until: int) -> List[int]:
        """The days with which an epoch begins, up to and with `until`: those before which something settles.

        Each is settled by itself, also where event time jumps over it: what is learned must not depend on which
        event brought the news that a day is over. Workers that share an organisation settle the union.
        """
        return sorted({max(day, self.organisation.epoch + 1) for day in self._ripe if day <= until} | {until})

    def settle(self, epoch: int) -> Delta:
        """Let everything teach whose lateness bound is over when the day `epoch` begins; returns what it taught.

        One half of a new day, for workers that share an organisation: each settles its people, the deltas are
        added, and every worker applies the sum.
        """
        cutoff = epoch * DAY - self._lateness
        for day in sorted(day for day in self._ripe if day <= epoch):
            for key in sorted(self._ripe.pop(day)):
                person = self.people.by_key(key)
                if person is not None and person.due <= epoch * 24:
                    self._settle(person, cutoff)
        delta, self._delta = self._delta, Delta()
        return delta

    def apply(self, delta: Delta, epoch: int) -> None:
        """The other half: the organisation's next epoch begins."""
        self.organisation.apply(delta, epoch)
        self._new_epoch()

    def catch_up(self) -> None:
        """Let teach what is due of everybody at hand, so that what is kept says all that was learned."""
        for day, keys in self._ripe.items():
            for person in self.people.at_hand(keys):
                if person.due <= self.hour:
                    self._settle(person, self._cutoff)
                if person.due > 24 * day:
                    keys.discard(person.key)
                    person.ripe = 0

    def _new_hour(self, hour: int) -> None:
        self.hour = hour
        self._next_hour = (hour + 1) * HOUR if hour else float("-inf")
        self._cutoff = hour * HOUR - self._lateness if hour else float("-inf")
        day = hour // 24
        self._midnight, self._tomorrow = (day * DAY, (day + 1) * DAY) if hour else (float("inf"), float("inf"))
        self._era = self.decay.era(day)
        self._weight = self.decay.weight(day, self._era)  # of one sign-in of that day, in counts of its era

    def _new_epoch(self) -> None:
        self._everyday_risk = risk = risk_of(BASE, self.organisation, False, False)
        rest = risk, "none", BASE, BASE, (), learning.TRUSTED, None, MODEL, None, False, False, False, True, ()
        self._habitual = rest  # of the assessment of a habitual sign-in that will teach
        self.threshold = alert_threshold(self.organisation, self.policy)

    def _settle(self, person: Person, cutoff: float) -> None:
        """Let what waits before `cutoff` teach, in time order."""
        profile, key, policy, decay, delta = person.profile, person.key, self.policy, self.decay, self._delta
        window, sure, profiles = profile.window, True, self._profiles
        journal = person.journal or self.people.journal(person)
        settled = profile.settled if profile.settled is not None else LONG_AGO
        while window:
            entry = window[0]
            signin = entry.signin
            time = signin.time
            if time >= cutoff:
                break
            del window[0]
            outcome, before = None, profile.count
            if entry.doubt is not None:
                sure, outcome = False, self._reconsidered(person, entry, entry.doubt)
            if outcome is None:
                unit = self._weight if time >= self._midnight and profile.era == self._era else 0
                learning.repeat(profile, journal, signin, entry.habit, unit, policy, decay, delta, key)
            else:
                learning.teach(profile, journal, signin, outcome, policy, decay, delta, key)
            if profiles is not None:
                profiles.taught(profile, signin, outcome, profile.count > before)
            if time > settled:
                profile.settled = settled = time
        learning.forget_seen(profile, self._lateness_of)
        person.due = (window[0].signin.time + self._lateness) // HOUR + 1.0 if window else NEVER
        self._changed(key)
        self._taught(key)
        if not sure or person.incidents is not profile.incidents:
            person.refresh(policy.learning.incident_hours)

    def _reconsidered(self, person: Person, entry: Waiting, doubt: Doubt) -> Optional[learning.Outcome]:
        """Judge a sign-in again when it settles, all that came before it in place; None where it repeats a habit."""
        known: Optional[learning.Outcome] = entry.outcome
        profile, signin = person.profile, entry.signin
        if known is not None and known.epoch == self.organisation.epoch:
            if not known.asked or self.evidence.about(signin, person.key) is NOTHING:
                return known
        said = self._watch.says(signin, profile, doubt.lists)
        doubted = EVERYTHING
        if self._short_path:
            unit = self._unit(signin.time, profile.era)
            entry.habit, doubted = doubts(signin, profile, unit, self._limits, person.box)
            if not doubted and not said:
                return None
        population = self._population(signin, profile)
        judgement = self._judge(
            profile,
            signin,
            population,
            profile.incidents,
            doubted,
            said,
            lambda: self.evidence.about(signin, person.key),
        )
        judged = self._watch.judged(signin, profile, judgement, doubt.lists)
        risk = 0.0 if doubt.ignored else self._risk(signin, profile, judged)
        words = self._incident_words(judged.findings, risk, judged.log_odds, signin)
        return self._outcome(judgement, Doubt(risk, judged.log_odds, words, doubt.ignored, doubt.lists))

    def _outcome(self, judgement: learning.Judgement, doubt: Doubt) -> learning.Outcome:
        """What learning needs of a judgement."""
        return learning.Outcome(
            doubt.log_odds, doubt.risk, judgement.hard, doubt.sentence, judgement.seen, judgement.incident,
            self.organisation.epoch, judgement.about is not None,
        )  # fmt: skip

    # Keep ---------------------------------------------------------------------------------------------------

    def save(self, meta: Optional[Mapping[str, str]] = None) -> None:
        """Write all that changed, at once or not at all."""
        self.catch_up()
        population = population_text(self.organisation, self.evidence, self._delta, self._ripe, self.hour)
        self.people.commit(self.people.collect(), population, meta or {})

    def keep_share(self, owns: Callable[[str], bool], *, first: bool) -> None:
        """For a worker that shares a store: of what waits to settle keep that of the people whose key it owns.

        What is taught but not yet applied is the organisation's: the `first` worker hands it over with its own.
        """
        kept = {epoch: {key for key in keys if owns(key)} for epoch, keys in self._ripe.items()}
        self._ripe = {epoch: keys for epoch, keys in kept.items() if keys}
        if not first:
            self._delta = Delta()

    def hand_over(self) -> Tuple[Changes, Delta, Ripe]:
        """For a worker that shares a store: what changed, what is taught but not applied, and who settles when.

        The one that writes adds up the workers' parts and commits them with `people.population_text`.
        """
        self.catch_up()
        return self.people.collect(), self._delta, self._ripe


def _odds_of(log_odds: float, incident: Optional[Mapping[str, Any]]) -> float:
    """The log-odds that decide on an alert: at least the incident's own, of what belongs to one."""
    return max(log_odds, incident["log_odds"]) if incident is not None else log_odds


def _previous(anchor: Optional[SignIn]) -> Optional[Dict[str, Any]]:
    """The sign-in that this one is compared with, as a reader wants it."""
    if anchor is None:
        return None
    return {
        "time": anchor.time, "country": anchor.country, "city": anchor.city, "lat": anchor.lat, "lon": anchor.lon, "asn": anchor.asn, "as_org": anchor.as_org, "network": anchor.network,
        "ip": anchor.ip, "device": anchor.device, "app": anchor.app,
    }  # fmt: skip
