"""Devices with user agents as browsers really send them, whose versions move on."""

from __future__ import annotations

from random import Random
from typing import Dict, List, NamedTuple, Optional, Tuple

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


class Model(NamedTuple):
    fingerprint: str  # system-form-browser, no versions
    kind: str
    agent: str  # with {v} for the browser's major version
    version: int  # on the first day
    pace: float  # days between two versions


def _model(fingerprint: str, kind: str, agent: str, version: int, pace: float) -> Tuple[str, Model]:
    return fingerprint, Model(fingerprint, kind, agent, version, pace)


_WIN, _MAC, _LINUX = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"
_IOS = "Mozilla/5.0 ({0}) AppleWebKit/605.1.15 (KHTML, like Gecko) "
MODELS: Dict[str, Model] = dict(
    [
        _model("windows-desktop-chrome", "desktop", f"Mozilla/5.0 ({_WIN}) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36", 145, 28),
        _model("windows-desktop-edge", "desktop", f"Mozilla/5.0 ({_WIN}) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36 Edg/{{v}}.0.0.0", 145, 28),
        _model("windows-desktop-firefox", "desktop", f"Mozilla/5.0 ({_WIN}; rv:{{v}}.0) Gecko/20100101 Firefox/{{v}}.0", 147, 28),
        _model("macos-desktop-chrome", "desktop", f"Mozilla/5.0 ({_MAC}) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36", 145, 28),
        _model("macos-desktop-safari", "desktop", f"Mozilla/5.0 ({_MAC}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{{v}}.2 Safari/605.1.15", 26, 360),
        _model("macos-desktop-firefox", "desktop", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:{v}.0) Gecko/20100101 Firefox/{v}.0", 147, 28),
        _model("linux-desktop-chrome", "desktop", f"Mozilla/5.0 ({_LINUX}) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36", 145, 28),
        _model("linux-desktop-firefox", "desktop", f"Mozilla/5.0 ({_LINUX}; rv:{{v}}.0) Gecko/20100101 Firefox/{{v}}.0", 147, 28),
        _model("chromeos-desktop-chrome", "desktop", f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36", 144, 28),
        _model("android-mobile-chrome", "mobile", f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/{{v}}.0.0.0 Mobile Safari/537.36", 145, 28),
        _model("android-mobile-samsung", "mobile", f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} SamsungBrowser/{{v}}.0 Chrome/136.0.0.0 Mobile Safari/537.36", 29, 90),
        _model("android-mobile-firefox", "mobile", "Mozilla/5.0 (Android 15; Mobile; rv:{v}.0) Gecko/{v}.0 Firefox/{v}.0", 147, 28),
        _model("ios-mobile-safari", "mobile", _IOS.format("iPhone; CPU iPhone OS 18_7 like Mac OS X") + "Version/{v}.2 Mobile/15E148 Safari/604.1", 26, 360),
        _model("ios-mobile-chrome", "mobile", _IOS.format("iPhone; CPU iPhone OS 18_7 like Mac OS X") + "CriOS/{v}.0.7632.55 Mobile/15E148 Safari/604.1", 145, 28),
        _model("ipados-tablet-safari", "tablet", _IOS.format("iPad; CPU OS 18_7 like Mac OS X") + "Version/{v}.2 Mobile/15E148 Safari/604.1", 26, 360),
        _model("tool-python-requests", "tool", "python-requests/{v}.32.3", 2, 9999),
        _model("linux-tool-aws-cli", "tool", "aws-cli/{v}.22.7 md/awscrt#0.23.8 ua/2.0 os/linux#5.15.0 md/arch#x86_64 lang/python#3.12.6", 2, 9999),
        _model("tool-curl", "tool", "curl/{v}.5.0", 8, 9999),
        _model("tool-go", "tool", "Go-http-client/{v}.0", 2, 9999),
        _model("tool-okhttp", "tool", "okhttp/{v}.12.0", 4, 9999),
    ]
)  # fmt: skip
LAPTOPS: List[Tuple[str, float]] = [
    ("windows-desktop-chrome", 0.33), ("windows-desktop-edge", 0.24), ("windows-desktop-firefox", 0.05),
    ("macos-desktop-chrome", 0.19), ("macos-desktop-safari", 0.08), ("macos-desktop-firefox", 0.02),
    ("linux-desktop-chrome", 0.03), ("linux-desktop-firefox", 0.03), ("chromeos-desktop-chrome", 0.03),
]  # fmt: skip
PHONES: List[Tuple[str, float]] = [
    ("ios-mobile-safari", 0.45), ("ios-mobile-chrome", 0.08), ("android-mobile-chrome", 0.33),
    ("android-mobile-samsung", 0.10), ("android-mobile-firefox", 0.04),
]  # fmt: skip
TOOLS: List[Tuple[str, float]] = [
    ("tool-python-requests", 0.35), ("linux-tool-aws-cli", 0.2), ("tool-curl", 0.1), ("tool-go", 0.25), ("tool-okhttp", 0.1),
]  # fmt: skip


class Device:
    """One device of one person (or a shared one)."""

    __slots__ = ("model", "lag", "device_id", "_version", "_agent")

    def __init__(self, model: Model, rng: Random, device_id: Optional[str] = None) -> None:
        self.model = model
        self.lag = rng.random() * 20 - (rng.random() * 25 if rng.random() < 0.9 else 120)
        self.device_id = device_id
        self._version = -1
        self._agent = ""

    def version(self, day: int) -> int:
        return self.model.version + int((day + self.lag) // self.model.pace)

    def agent(self, day: int) -> str:
        version = self.version(day)
        if version != self._version:
            self._version, self._agent = version, self.model.agent.format(v=version)
        return self._agent


def draw(table: List[Tuple[str, float]], rng: Random, managed: float = 0.0) -> Device:
    """A device of the market; with probability `managed` one that the organisation knows by an id."""
    names, weights = zip(*table)
    model = MODELS[rng.choices(names, weights)[0]]
    known = rng.random() < managed
    return Device(model, rng, f"{rng.getrandbits(48):012x}" if known else None)


def sibling(model: Model, rng: Random) -> Device:
    """Another device of the same form: the same system mostly, as people stay with what they know."""
    table = PHONES if model.kind == "mobile" else LAPTOPS
    system = model.fingerprint.split("-")[0]
    same = [row for row in table if row[0].split("-")[0] == system]
    return draw(same if same and rng.random() < 0.75 else table, rng)
