"""The configuration of BuffaLogs (its 22 fields) -> a policy that does the same, without the defects.

Fields that are absent have BuffaLogs' defaults, so that an empty configuration gives BuffaLogs as it comes.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

from ..errors import PolicyError, shown
from .imported import Imported, Note
from .json_text import Document
from .problems import InvalidPolicy

TYPES = {
    "New Device": "new_device",
    "Imp Travel": "impossible_travel",
    "New Country": "new_country",
    "Atypical Country": "atypical_country",
    "Anonymous IP Login": "anonymous_network",
    "Stale account": "dormant_account",
}
THRESHOLD = "User Risk Threshold"  # an alert type that no detector makes: it follows from the level
LITERAL = re.compile(r"[\w@.+\-/ ]+")  # no expression, though a dot stands in it

Convert = Callable[[Any], Any]


class Rule(NamedTuple):
    """What one field became."""

    key: Optional[str]  # of the policy; none: it has no counterpart
    default: Any
    convert: Convert
    about: str = ""


def _as_is(value: Any) -> Any:
    return value


def _names(value: Any) -> Any:
    """Literals stay; an expression has to match the whole name, as it was meant."""
    return [_entry(entry) for entry in value] if isinstance(value, list) else value


def _entry(entry: Any) -> Any:
    if not isinstance(entry, str) or LITERAL.fullmatch(entry):
        return entry
    return f"/{entry.removeprefix('^').removesuffix('$')}/"


def _narrowed(value: Any) -> List[str]:
    """What an entry matched by the way in BuffaLogs, and no longer does."""
    entries = [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []
    loose = [entry for entry in entries if not LITERAL.fullmatch(entry) and not (entry[0] == "^" and entry[-1] == "$")]
    return [f"{shown(entry)} now has to match the whole name. Write .* where it may go on." for entry in loose]


def _types(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [TYPES.get(name, name) if isinstance(name, str) else name for name in value if name != THRESHOLD]


def _level(value: Any) -> Any:
    word = value.strip().casefold() if isinstance(value, str) else value
    return "none" if word == "no risk" else word


RULES: Mapping[str, Rule] = {
    "ignored_users": Rule("people.ignored", ["Not Available", "N/A"], _names, "whole names, in any case"),
    "enabled_users": Rule("people.enabled", [], _names, "likewise"),
    "vip_users": Rule("people.vip", [], _names, "likewise; the assessment says so (`lists`)"),
    "alert_is_vip_only": Rule("filters.alert_is_vip_only", False, _as_is),
    "alert_minimum_risk_score": Rule(
        "filters.alert_minimum_risk_score",
        "Medium",
        _level,
        "what only this holds back still counts for the person's risk",
    ),
    "risk_score_increment_alerts": Rule(
        "levels.risk_score_increment_alerts",
        ["New Country", "Anonymous IP Login", "Atypical Country", "Imp Travel"],
        _types,
        "detectors instead of alert types",
    ),
    "ignored_ips": Rule("filters.ignored_ips", ["127.0.0.1"], _as_is, "blocks match, of IPv6 too"),
    "allowed_countries": Rule("filters.allowed_countries", [], _as_is, "names or ISO codes"),
    "ignored_ISPs": Rule("filters.ignored_ISPs", [], _names, "in any case, or a /pattern/"),
    "ignore_mobile_logins": Rule("filters.ignore_mobile_logins", True, _as_is),
    "filtered_alerts_types": Rule(
        "filters.filtered_alerts_types",
        ["User Risk Threshold", "New Device"],
        _types,
        "detectors instead of alert types",
    ),
    "threshold_user_risk_alert": Rule("levels.threshold_user_risk_alert", "Medium", _level),
    "ignored_impossible_travel_countries_couples": Rule(
        "filters.ignored_impossible_travel_countries_couples", [], _as_is, "names or ISO codes"
    ),
    "ignored_impossible_travel_all_same_country": Rule(
        "filters.ignored_impossible_travel_all_same_country", True, _as_is
    ),
    "distance_accepted": Rule("travel.min_distance_km", 100, _as_is),
    "vel_accepted": Rule("travel.max_speed_kmh", 300, _as_is),
    "atypical_country_days": Rule("countries.atypical_days", 30, _as_is, "compared by ISO code, also after 45 days"),
    "user_learning_period": Rule("filters.user_learning_period", 14, _as_is),
    "user_max_days": Rule(None, 60, _as_is, "people are kept until the store is pruned: `busybody store`"),
    "login_max_days": Rule("learning.forget_days", 45, _as_is, "by last use"),
    "alert_max_days": Rule("levels.alert_max_days", 45, _as_is),
    "ip_max_days": Rule(None, 45, _as_is, "addresses go with the habits that they belong to: `learning.forget_days`"),
}
FIELDS = tuple(RULES)


def converted(document: Document) -> Imported:
    """The policy of a BuffaLogs configuration. A value that BuffaLogs would refuse is a note, and its default holds."""
    policy: Dict[str, Any] = {"name": "imported"}
    notes: List[Note] = []
    for field, value in document.mapping.items():
        line = document.lines.get((field,))
        if field not in RULES:
            notes.append(Note(line, (field,), "not carried over: no field of BuffaLogs' detection."))
        elif RULES[field].key is None:
            notes.append(Note(line, (field,), f"not carried over: {RULES[field].about}."))
        elif field == "filtered_alerts_types" and isinstance(value, list) and THRESHOLD in value:
            told = (
                f"{THRESHOLD!r} was left out: it is no finding. levels.threshold_user_risk_alert says when it is told."
            )
            notes.append(Note(line, (field,), told))
        elif RULES[field].convert is _names:
            notes += [Note(line, (field,), told) for told in _narrowed(value)]
    for field, rule in RULES.items():
        if rule.key is None:
            continue
        given = document.mapping.get(field, rule.default)
        problem = _put(policy, rule, given)
        if problem is not None:
            notes.append(Note(document.lines.get((field,)), (field,), f"not carried over: {problem}"))
            _put(policy, rule, rule.default)
    forget = policy["learning"]["forget_days"]
    if forget < 30:
        policy["learning"]["half_life_days"] = forget
    return Imported(policy, notes)


def _put(policy: Dict[str, Any], rule: Rule, value: Any) -> Optional[str]:
    """Put a value in its place in the policy. Returns what is wrong with it."""
    from .check import check
    from .keys import key_at, path_of

    path = path_of(rule.key or "")
    key = key_at(path)
    try:
        if key is None:
            raise PolicyError(f"{shown(rule.key)} is no key.")
        policy.setdefault(path[0], {})[path[1]] = check(key, rule.convert(value))
    except (ValueError, InvalidPolicy) as error:
        return f"{error}."
    return None
