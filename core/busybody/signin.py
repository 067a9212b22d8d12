"""SignIn, the one record that everything speaks, and what is said of it: Finding, Assessment.

All three are NamedTuples: they are built once for every event, and a NamedTuple of this size builds in
0.35 µs where a frozen dataclass takes 3. Missing is None and weighs nothing; it is never a value of its own.
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional, Tuple

OUTCOMES = ("success", "failure", "unknown")
NETWORK_CLASSES = ("residential", "mobile", "hosting", "vpn", "tor", "organisation", "private", "unknown")
METHODS = (
    "password",
    "sso",
    "token",
    "passkey",
    "certificate",
    "kerberos",
    "ntlm",
    "ssh_key",
    "legacy",
    "device_code",
    "other",
)
MFA_RESULTS = ("passed", "denied", "none", "unknown")
FLAGS = ("proxy", "anonymous", "vpn", "tor", "hosting", "threat", "managed_device", "phishing_resistant", "risky")
NO_EXTRA: Mapping[str, Any] = {}


class SignIn(NamedTuple):
    """One attempt of one person to sign in.

    Times are UTC epoch seconds, coordinates degrees, distances km. `subnet` is the /24 of an IPv4 address and
    the /48 of an IPv6 one, written by `places.address`. `device` is a fingerprint without versions and
    `version` the browser's major version, both written by `devices`.
    """

    id: str  # unique within the source; the record's own id where it has one
    time: float
    user: str  # the person, after identity resolution
    outcome: str = "unknown"  # one of OUTCOMES
    ip: Optional[str] = None  # canonical text, no port, no zone
    subnet: Optional[str] = None
    network: Optional[str] = None  # one of NETWORK_CLASSES
    country: Optional[str] = None  # ISO 3166-1 alpha-2
    region: Optional[str] = None
    city: Optional[str] = None
    lat: Optional[float] = None
    lon: Optional[float] = None
    accuracy_km: Optional[float] = None  # radius that holds the true place with probability 0.67
    asn: Optional[int] = None
    as_org: Optional[str] = None
    user_agent: Optional[str] = None
    device: Optional[str] = None
    version: Optional[int] = None
    device_id: Optional[str] = None
    app: Optional[str] = None
    session: Optional[str] = None
    method: Optional[str] = None  # one of METHODS
    mfa: str = "unknown"  # one of MFA_RESULTS
    interactive: Optional[bool] = None
    flags: Tuple[str, ...] = ()  # the vendor's own signals, each one of FLAGS
    group: Optional[str] = None  # peer group, such as a department
    source: str = ""  # data set, such as okta.system
    raw_id: Optional[str] = None  # the record's own id, as written there
    extra: Mapping[str, Any] = NO_EXTRA  # only the paths that a custom profile in the policy names


class Finding(NamedTuple):
    """What one detector says of one sign-in."""

    detector: str  # name in the catalogue
    contribution: float  # log-odds; all contributions + base = log_odds, exactly
    evidence: Mapping[str, Any]  # the values that the reason is made of
    filtered_by: Tuple[str, ...] = ()


class Assessment(NamedTuple):
    """The answer of `Scorer.score`."""

    event_id: str
    time: float
    user: str
    risk: float  # 0 to 100
    level: str  # none, low, medium, high, critical
    log_odds: float
    base: float
    findings: Tuple[Finding, ...]  # in catalogue order
    learned: str  # trusted, pending or withheld: what `learn` will do with it
    previous: Optional[Mapping[str, Any]]  # the sign-in it is compared with: time, place, network, device
    model: str
    incident: Optional[str] = None  # id of the person's incident that this belongs to
    late: bool = False  # older than the lateness bound of its source: scored, not learned
    alert: bool = False  # at or above the alert threshold, unfiltered
    hard: bool = False  # something other than mere novelty was odd
    habitual: bool = False  # a combination they often use: nothing in it can turn out odd while it waits
    lists: Tuple[str, ...] = ()  # of the policy that this person stands on, where something was odd
