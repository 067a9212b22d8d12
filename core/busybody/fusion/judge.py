"""Judge one sign-in against one profile: run the detectors, fuse what they say, add the incident it belongs to."""

from __future__ import annotations

from typing import Callable, Dict, List, Optional, Sequence, Tuple

from ..detectors import CATALOGUE, Signal
from ..detectors.open_incident import detect as detect_incident
from ..detectors.signal import foreign
from ..policy import Policy
from ..population import About, Population
from ..profile import Known, Profile, incidents, known, trust
from ..profile.learning import Judgement
from ..signin import Finding, SignIn
from .short_path import EVERYTHING, NETWORK, Doubts
from .trees import chosen, contributions
from .weighted_sum import BASE, fuse

Named = Tuple[str, Callable[..., Optional[Signal]]]
Ask = Callable[[], About]


class Judge:
    """The detectors that a policy leaves on, ready to run."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        active = [row for row in CATALOGUE if row.name not in policy.detectors.disabled]
        self._accuse: List[Named] = [(row.name, row.detect()) for row in active if row.kind in ("habit", "hard")]
        self._evidence: List[Named] = [(row.name, row.detect()) for row in active if row.kind == "evidence"]
        self._relieve: List[Named] = [(row.name, row.detect()) for row in active if row.kind == "proof"]
        self._incidents = any(row.kind == "incident" for row in active)
        self._doubted: Dict[Doubts, Tuple[List[Named], List[Named]]] = {EVERYTHING: (self._accuse, self._evidence)}
        self._trees = chosen(policy.trained.fusion)
        if policy.trained.model is not None:
            from ..trained import loaded

            loaded(policy.trained.model)  # what cannot be read is told now, and not at the first odd sign-in

    def __call__(
        self, profile: Profile, signin: SignIn, population: Population, rows: List[incidents.Row],
        doubts: Doubts = EVERYTHING, said: Sequence[Finding] = (), ask: Optional[Ask] = None,
    ) -> Judgement:  # fmt: skip
        """`rows` are the person's incidents, those included that only wait to be learned.

        `doubts` names the detectors that might find something, where the short path ruled out the others. `said` is
        what the policy itself finds odd, calibrated already: it adds to whatever the detectors find. Recent evidence
        is held only against what is foreign; only then it is asked for, by `ask`.
        """
        seen = known(profile, signin)
        about: Optional[About] = None
        accuse, evidence = self._doubted.get(doubts) or self._only(doubts)
        signals, hard = self._signals(accuse, profile, signin, seen, population)
        if evidence and foreign(signin, profile, seen, population):
            if ask is not None:
                about = ask()
                population = population._replace(about=about)
            found, alone = self._signals(evidence, profile, signin, seen, population)
            signals.update(found)
            hard = hard or alone
        if not signals and not rows and not said:
            return Judgement(BASE, (), False, None, None, seen, about)
        if signals:
            for name, detect in self._relieve:
                signal = detect(signin, profile, seen, population, self.policy)
                if signal is not None:
                    signals[name] = signal
        learned = contributions(self._trees, signals, signin, profile, self.policy) if self._trees is not None else {}
        log_odds, findings = fuse(signals, self.policy, learned)
        for one in said:
            findings.append(one)
            log_odds += one.contribution
        hard = hard or bool(said)
        incident = None
        if rows and doubts == EVERYTHING:  # a habit brings nothing untrusted, which alone ties to an incident
            brought = incidents.brings(signin, seen)
            if brought and (
                trust.settled(profile, "device", signin, seen) or trust.settled(profile, "asn", signin, seen)
            ):
                brought = []  # the other side is the person's own
            incident = incidents.open_one(rows, brought, signin.time, self.policy.learning.incident_hours)
        if incident is not None and self._incidents:
            joined = detect_incident(incident, log_odds)
            if joined is not None:
                findings.append(Finding("open_incident", joined.surprisal, joined.evidence))
        travel = signals.get("impossible_travel")
        anchor: Optional[SignIn] = travel.before if travel is not None else None
        return Judgement(log_odds, tuple(findings), hard, incident, anchor, seen, about)

    def _signals(
        self, named: List[Named], profile: Profile, signin: SignIn, seen: Known, population: Population
    ) -> Tuple[Dict[str, Signal], bool]:
        """What these detectors find, and whether one of them found more than a value that may be trusted one day."""
        signals: Dict[str, Signal] = {}
        hard = False
        for name, detect in named:
            signal = detect(signin, profile, seen, population, self.policy)
            if signal is not None:
                signals[name] = signal
                hard = hard or signal.hard
        return signals, hard

    def _only(self, doubts: Doubts) -> Tuple[List[Named], List[Named]]:
        """The detectors that these doubts name; of evidence those that a doubt of the network may bring in."""
        accuse = [row for row in self._accuse if row[0] in doubts]
        named = self._doubted[doubts] = accuse, self._evidence if NETWORK[0] in doubts else []
        return named
