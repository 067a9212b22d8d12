"""Read a user agent: which family of browser or client, on which system, on what kind of machine.

A user agent is a row of products (`Chrome/145.0`) with remarks in parentheses. Products are looked up in a table with
ranks, since nearly every browser also claims to be Safari and Chrome: the highest rank wins, the first among equals.
Systems are found by marks in the text, in an order that ends with the ones that others claim to be, too.
The work is bounded: what lies beyond 1,024 characters is not read, and no expression here can backtrack over the text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Mapping, NamedTuple, Optional, Tuple

from .knowledge import Knowledge, knowledge

LONGEST = 1024  # characters; the longest honest user agents have some 500
LONGEST_NAME = 32  # characters of a family that the table does not know
APP_RANK = 2.7  # an unknown product: more telling than Chrome or Electron, less than any that is known
POSED_AS = ("safari", "chrome", "firefox", "ie", "office", "java", None)  # what others claim to be
SAYS_NOTHING = "a device that says nothing of itself"  # no user agent, or one without a word
FORMS = {"mobile": "phone", "tablet": "tablet"}
REMEMBERED = 8192  # user agents; a large organisation shows some thousands

# A product starts where no letter stood before, so a long run of letters is tried once, not once per letter.
_PRODUCT = re.compile(r"(?<![\w.+-])([a-z][\w.+-]{0,60})/v?(\d{1,4})?")
_REMARK = re.compile(r"\([^()]*\)")
_NUMBER = re.compile(r"[ /]v?(\d{1,4})")
_NT = re.compile(r"windows[ _]nt[ _](\d{1,2}\.\d)")
_SSH = re.compile(r"ssh-[\d.]{1,5}-([a-z]{2,20})")
_VERSION_TAIL = re.compile(r"[\W_\d]*$")
_SERVICE = re.compile(r"(?:aws internal|[a-z0-9.-]{1,60}\.amazonaws\.com)$")
_CRAWLER = re.compile(r"bot\b|crawl|spider|slurp|scraper")
_APPLE_APP = re.compile(r"\bios\b")
_POSER = {"android": "androidbrowser", "blackberry": "blackberrybrowser", "symbian": "nokiabrowser"}
_PROCESSORS = ("x86_64", "arm64", "i386")
_OS_NUMBER = {
    "windows": re.compile(r"windows(?:[ /]|_nt_)(?:server )?(\d{1,4}(?:\.1)?|xp|vista)\b"),
    "macos": re.compile(r"mac ?os(?: x)?(?: version)?[ /#-](\d{1,2})|os/macos#(\d{1,2})|os x (\d{1,2})"),
    "ios": re.compile(r"(?<!-i)os[ /,;]{1,2}(\d{1,2})[_.;) ,]|iphone/(\d{1,2})\."),
    "ipados": re.compile(r"(?<!-i)os[ /,;]{1,2}(\d{1,2})[_.;) ,]"),
    "android": re.compile(r"android[ /:;]{1,2}(\d{1,2})"),
    "chromeos": re.compile(r"cros [\w]{1,10} (\d{1,6})"),
    "linux": re.compile(r"(?:ubuntu|linux)/(\d{1,2})\.\d"),
}


class Device(NamedTuple):
    """What a user agent says. `version` is the browser's major version, `os_major` the system's ("10", "8.1", "XP")."""

    fingerprint: Optional[str]  # None: the text says nothing
    browser: Optional[str]
    version: Optional[int]
    os: Optional[str]
    os_major: Optional[str]
    kind: Optional[str]  # desktop, mobile, tablet, server, tool


NOTHING = Device(None, None, None, None, None, None)


def parse(user_agent: Optional[str]) -> Device:
    """The device behind `user_agent`; all None when it is missing or holds no word. Never raises."""
    if not user_agent:
        return NOTHING
    return _parse(user_agent if len(user_agent) <= LONGEST else user_agent[:LONGEST])


@lru_cache(maxsize=REMEMBERED)
def _parse(user_agent: str) -> Device:
    known = knowledge()
    text = user_agent.lower()
    if "+(" in text and " " not in text:  # IIS writes + for spaces
        text = text.replace("+", " ")
    system = _system(text, known)
    banner = _SSH.match(text)
    family, version = (banner[1], None) if banner else _family(text, known, system)
    if family is None and system is None:
        return NOTHING
    kind = "tool" if banner else known.kinds.get(family or "") or _machine(text, system, known)
    major = _os_major(text, system, known)
    machine = None if kind == "server" else system  # what a crawler or relay claims to run on is nobody's machine
    fingerprint = "-".join(part for part in (machine, kind, family) if part)
    return Device(fingerprint, family, version, system, major, kind)


def describe(fingerprint: Optional[str]) -> str:
    """The fingerprint in words: `windows-desktop-chrome` is "Chrome on Windows", `tool-curl` is "curl".

    Words that are no fingerprint stay as they are; devices that differ differ in words, too.
    """
    if not fingerprint:
        return SAYS_NOTHING
    known = knowledge()
    system, kind, family = split(fingerprint)
    what = known.titles.get(family, family) if family else "an unknown client"
    return f"{what} on {_machine_in_words(known.systems[system], kind)}" if system else what


def _machine_in_words(system: Mapping[str, Any], kind: Optional[str]) -> str:
    """The system; with its form where that is not the one that most have: "an Android tablet", "a Linux phone"."""
    title = str(system["title"])
    form = FORMS.get(kind or "")
    if form is None or kind == system.get("kind"):
        return title
    return f"{'an' if title[0] in 'AEIOU' else 'a'} {title} {form}"


def split(fingerprint: str) -> Tuple[Optional[str], Optional[str], Optional[str]]:
    """(system, kind, family) of a fingerprint; a family may hold hyphens, the others never do."""
    known = knowledge()
    system, kind, rest = None, None, fingerprint
    head, _, tail = rest.partition("-")
    if head in known.systems:
        system, rest = head, tail
        head, _, tail = rest.partition("-")
    if head in ("desktop", "mobile", "tablet", "server", "tool"):
        kind, rest = head, tail
    return system, kind, rest or None


def _system(text: str, known: Knowledge) -> Optional[str]:
    for mark, system in known.marks:
        if mark in text:
            if system == "linux" and "iphone" not in text and _APPLE_APP.search(text):
                return "ios"
            return system
    if "darwin" in text:  # in an app that speaks through Apple's library, only a Mac names its processor
        return "macos" if "cfnetwork" not in text or any(name in text for name in _PROCESSORS) else "ios"
    return "ios" if _APPLE_APP.search(text) else None


def _family(text: str, known: Knowledge, system: Optional[str]) -> Tuple[Optional[str], Optional[int]]:
    if _SERVICE.match(text):
        return "awsservice", None
    if _CRAWLER.search(text) and "cubot" not in text:
        return "bot", None
    best, version = _best_product(text, known)
    if best in POSED_AS or best == "opera" or best not in known.titles:
        for word, disguised in known.disguised:
            if word in text:
                return disguised, None
    if best in POSED_AS:
        best, version = _refine(best, version, text, system, known)
    return (best, version) if best else _unnamed(text, known)


def _best_product(text: str, known: Knowledge) -> Tuple[Optional[str], Optional[int]]:
    best, rank, number = None, 0.0, ""
    browser = text.startswith("mozilla/5")
    first = not text.startswith("mozilla/")
    outside: Optional[str] = None
    for name, major in _PRODUCT.findall(text):
        found = known.products.get(name)
        if found is not None:
            if found[1] > rank:
                best, rank, number = found[0], found[1], major
        elif rank < APP_RANK and (browser or first) and name not in known.ignored:
            if outside is None:
                outside = _REMARK.sub(" ", text)
            named = _named(name)
            if named and name + "/" in outside:
                best, rank, number = named, APP_RANK, major
        first = False
    return best, int(number) if number else None


def _refine(
    best: Optional[str], version: Optional[int], text: str, system: Optional[str], known: Knowledge
) -> Tuple[Optional[str], Optional[int]]:
    """Tell web views and mail programs from the browsers that they pose as, and read names that are no products."""
    if best == "firefox":
        return best, version
    if best == "java":  # elsewhere it names the Java of a telephone or of a program with a name of its own
        return (best, version) if text.startswith("java") else (None, None)
    if best in ("ie", "office"):
        return ("outlook", None) if "outlook" in text or "msoffice" in text else (best, version)
    if best is None:
        return _bare(text, system, known)
    at = text.find("version/")
    if "; wv)" in text or "webview" in text or (best == "chrome" and at >= 0 and system == "android"):
        return "webview", version
    if best == "chrome":
        return best, version
    if system in ("ios", "ipados") and at < 0:
        return "webview", None
    return _POSER.get(system or "", "safari"), _number_after(text, at + 7) if at >= 0 else None


def _bare(text: str, system: Optional[str], known: Knowledge) -> Tuple[Optional[str], Optional[int]]:
    """Agents without a known product: bare WebKit, and names in running text such as `Chrome 145 (Windows 10)`."""
    if "msie " in text and "opera" not in text:
        return (
            ("outlook", None)
            if "outlook" in text or "msoffice" in text
            else ("ie", _number_after(text, text.find("msie ") + 4))
        )
    for name, family in known.names:
        at = text.find(name)
        if at >= 0:
            return family, _number_after(text, at + len(name))
    if text.startswith("mozilla/"):
        if system in ("ios", "ipados"):
            return "webview", None
        if system == "macos" and "applewebkit" in text:
            return "applemail", None  # Mail, and other programs that show pages in a bare WebKit
    return None, None


def _unnamed(text: str, known: Knowledge) -> Tuple[Optional[str], Optional[int]]:
    """The name that an unknown client gives itself, before its version."""
    for name, major in _PRODUCT.findall(text):
        if name not in known.ignored and _named(name):
            return _named(name), int(major) if major else None
    if text.startswith("mozilla/"):
        return None, None
    return _named(text.split("(", 1)[0].split("/", 1)[0].strip()), None


def _named(name: str) -> Optional[str]:
    """A family of an unknown name: its letters, without what looks like a version, in at most 32 characters."""
    words = "".join(character if character.isalnum() else "-" for character in name[: LONGEST_NAME * 2])
    plain = _VERSION_TAIL.sub("", words.strip("-"))[:LONGEST_NAME]
    return plain if len(plain) > 1 and plain[0].isalpha() else None


def _number_after(text: str, at: int) -> Optional[int]:
    found = _NUMBER.match(text, at)
    return int(found[1]) if found else None


def _machine(text: str, system: Optional[str], known: Knowledge) -> Optional[str]:
    if system == "android":
        browser = text.startswith("mozilla/")
        return "tablet" if "tablet" in text or (browser and "mobile" not in text) else "mobile"
    if system == "linux" and ("; arm" in text or "aarch64" in text) and "mobile" in text:
        return "mobile"
    return known.systems.get(system, {}).get("kind") if system else None


def _os_major(text: str, system: Optional[str], known: Knowledge) -> Optional[str]:
    if system == "windows":
        release = _NT.search(text)
        if release:
            return known.windows_nt.get(release[1])
    pattern = _OS_NUMBER.get(system or "")
    found = pattern.search(text) if pattern else None
    if not found:
        return None
    number = next((group for group in found.groups() if group), None)
    return {"xp": "XP", "vista": "Vista"}.get(number or "", number)
