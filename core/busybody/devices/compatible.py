"""The views that busybody 1.0 and BuffaLogs had of a user agent, for those who compare or migrate.

BuffaLogs: `os-osmajor-deviceclass-browser`. It changes when the system's major version does; our own fingerprint
does not. busybody: the text without every word that holds a digit.
"""

from __future__ import annotations

import re
from typing import Optional

from .agents import LONGEST, Device, parse
from .knowledge import knowledge

_WORD = re.compile(r"[A-Za-z0-9:._()-]+")
_DIGIT = re.compile(r"[0-9]")
_CHROME_MOBILE = re.compile(r"chrome/\d+\.\d+\.\d+\.\d+ mobile")  # the database asks for the whole version
_DESKTOP = ("x11", "win64", "wow64", "x86_64", "macintosh")
_SYSTEMS = {"macos": "macosx", "ipados": "ios", "bsd": "freebsd"}


def compatible_fingerprint(user_agent: Optional[str]) -> str:
    """BuffaLogs' fingerprint, spelled as the user-agent database spells it that BuffaLogs uses."""
    if not user_agent:
        return "unknownos-unknownosmajor-unknowndevice-unknownbrowser"
    text = user_agent[:LONGEST].lower()
    device = parse(user_agent)
    system = _system(text, device)
    major = (device.os_major or "unknownosmajor").split(".")[0].lower()
    if system in knowledge().distributions and device.os_major is None:
        major = "unknownosmajor"
    return "-".join((system, major, _device_class(text), _browser(text, device))).replace(" ", "")


def strip_versions(user_agent: str) -> str:
    """busybody's cleaning: every run of letters, digits and `: . _ ( ) -` that holds a digit is taken out."""
    return _WORD.sub(lambda run: "" if _DIGIT.search(run[0]) else run[0], user_agent)


def _system(text: str, device: Device) -> str:
    if device.os is None:
        return "other"
    if device.os == "linux":
        for name in knowledge().distributions:
            if name in text:
                return name
    return _SYSTEMS.get(device.os, device.os)


def _device_class(text: str) -> str:
    if "mobile" in text:
        return "mobile"
    if "tablet" in text or "ipad" in text:
        return "tablet"
    return "desktop" if any(mark in text for mark in _DESKTOP) else "other"


def _browser(text: str, device: Device) -> str:
    if device.browser is None:
        return "other"
    name = knowledge().buffalogs.get(device.browser, device.browser)
    if isinstance(name, str):
        return name
    system = "ios" if device.os == "ipados" else device.os
    if device.browser == "chrome" and system == "android" and not _CHROME_MOBILE.search(text):
        return "chrome"
    return str(name.get(system, device.browser))
