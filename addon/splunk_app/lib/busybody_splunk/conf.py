"""Configuration as splunkd layers it: policies, other stanzas of busybody.conf, secrets, rights of the session."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Set
from urllib.parse import quote

from busybody.errors import PolicyError, shown
from busybody.policy import InvalidPolicy, Policy
from busybody.policy.suggest import nearest

from .rest import Splunkd, SplunkdError

APP = "/servicesNS/nobody/busybody"
FILE = "busybody.conf"
POLICIES, SENDING = "busybody", "busybody_send"  # conf files, without their ending
STANZA = "policy:"
DEFAULT = "default"
CSV = re.compile(r"csv:([^\"#\],]*)")  # in a list of people or networks
LOOKUP = re.compile(r"\w[\w.-]*\.csv")
OF_SPLUNK = ("disabled",)  # what splunkd adds to every stanza, beside eai:*

Settings = Dict[str, str]


def stanzas(splunkd: Splunkd, file: str = POLICIES) -> Dict[str, Settings]:
    """All of one conf file of the app, default and local layered. Raises SplunkdError."""
    reply = splunkd.get(f"{APP}/configs/conf-{file}", count=0)
    return {str(entry["name"]): _settings(entry["content"]) for entry in reply["entry"]}


def _settings(content: Dict[str, Any]) -> Settings:
    return {key: _text(value) for key, value in content.items() if key not in OF_SPLUNK and not key.startswith("eai:")}


def _text(value: object) -> str:
    """As it stands in the file; splunkd shows some of it as JSON values."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def policy_names(found: Dict[str, Settings]) -> List[str]:
    """The policies among the stanzas."""
    return sorted(name[len(STANZA) :] for name in found if name.startswith(STANZA))


def policy_named(splunkd: Splunkd, name: str = DEFAULT) -> Policy:
    """The policy of [policy:<name>]; that of the core where nobody wrote a default one.

    Raises InvalidPolicy, whose problems name the stanza and the keys, and SplunkdError.
    """
    return policy_of(stanzas(splunkd), name)


def policy_of(found: Dict[str, Settings], name: str = DEFAULT) -> Policy:
    """The same, of stanzas that were read before."""
    settings = found.get(STANZA + name)
    if settings is None:
        if name == DEFAULT:
            return Policy.default()
        names = policy_names(found)
        told = f"has no policy {shown(name)}.{nearest(name, names)} It has: {', '.join(names) or 'none'}."
        raise InvalidPolicy([PolicyError(told, source=FILE)])
    return policy_from(name, settings)


def policy_from(name: str, settings: Settings) -> Policy:
    """A policy from the keys of its stanza, as the core reads a .conf file. Raises InvalidPolicy."""
    from busybody.policy.spellings import loads

    place = f"{FILE} [{STANZA}{name}]"
    settings = {key: _with_lookups(key, text, place) for key, text in settings.items()}
    lines = [f"[{STANZA}{name}]", *(f"{key} = {_continued(text)}" for key, text in settings.items())]
    try:
        return loads("\n".join(lines), "conf", source=place, name=name)
    except InvalidPolicy as error:
        # The lines are those of our text, not of the file: the key says where to look.
        problems = [PolicyError(each.message, source=place, key=each.key) for each in error.problems]
        raise InvalidPolicy(problems) from error


def _with_lookups(key: str, text: str, place: str) -> str:
    """The value with each `csv:<name>` as the path of that lookup file of the app.

    No other file is read: what is wrong with one is told with the line that is wrong, and who may write a policy may not
    read all that splunkd may. Raises InvalidPolicy.
    """
    folder = Path(__file__).resolve().parents[2] / "lookups"

    def named(match: re.Match[str]) -> str:
        name = match[1]
        if not LOOKUP.fullmatch(name):
            told = f"csv:{shown(name)} is no lookup file of the app. Put it into the app's lookups and give its name alone."
            raise InvalidPolicy([PolicyError(told, source=place, key=key)])
        return f"csv:{(folder / name).as_posix()}"

    return CSV.sub(named, text)


def _continued(text: str) -> str:
    """A value of several lines as it stands in a file."""
    return "\\\n".join(text.rstrip("\n").split("\n"))


# Secrets and rights -------------------------------------------------------------------------------------------


def password(splunkd: Splunkd, realm: str, name: str) -> str:
    """A secret of storage/passwords. Raises SplunkdError: there is none, or the session may not read it."""
    try:
        reply = splunkd.get(f"{APP}/storage/passwords/{quote(_stored(realm, name), safe='')}")
        return str(reply["entry"][0]["content"]["clear_password"])
    except SplunkdError as error:
        if error.status == 404:
            told = (
                f"no secret {name} is stored for {realm}. The app's guide (Slack, Ask the person) says how to store it."
            )
            raise SplunkdError(told, 404) from error
        if error.status == 403:
            told = f"this session may not read the secret {name}: it needs the capability list_storage_passwords."
            raise SplunkdError(told, 403) from error
        raise
    except (KeyError, IndexError, TypeError) as error:
        raise SplunkdError(f"the secret {name} has no clear text. Store it again.") from error


def _stored(realm: str, name: str) -> str:
    """The key under which Splunk stores a secret."""
    return "".join(part.replace("\\", "\\\\").replace(":", "\\:") + ":" for part in (realm, name))


def capabilities(splunkd: Splunkd) -> Set[str]:
    """What the session may do. Raises SplunkdError."""
    reply = splunkd.get("/services/authentication/current-context")
    try:
        return set(reply["entry"][0]["content"]["capabilities"])
    except (KeyError, IndexError, TypeError) as error:
        raise SplunkdError("does not say what this session may do. Check splunkd.log.") from error


def demand(splunkd: Splunkd, capability: str, what: str, role: Optional[str] = "busybody_admin") -> None:
    """Raises SplunkdError where the session lacks the capability; `what` needs it."""
    if capability not in capabilities(splunkd):
        told = f"{what} needs the capability {capability}. Ask an administrator for the role {role}."
        raise SplunkdError(told, 403)
