"""devices: one fingerprint per device, whatever its versions; bounded work on hostile text."""

from __future__ import annotations

import time
from typing import Optional

import pytest
from busybody.devices import Device, compatible_fingerprint, describe, parse, strip_versions
from busybody.devices.knowledge import knowledge
from hypothesis import given
from hypothesis import strategies as st

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"

AGENTS = [
    (f"{WINDOWS} {WEBKIT} Chrome/145.0.0.0 Safari/537.36", "windows-desktop-chrome", "Chrome on Windows"),
    (f"{WINDOWS} {WEBKIT} Chrome/145.0.0.0 Safari/537.36 Edg/145.0.0.0", "windows-desktop-edge", "Edge on Windows"),
    (f"{WINDOWS} {WEBKIT} Chrome/70.0.3538.102 Safari/537.36 Edge/18.19045", "windows-desktop-edge", "Edge on Windows"),
    (f"{WINDOWS} {WEBKIT} Chrome/129.0.0.0 Safari/537.36 OPR/115.0.0.0", "windows-desktop-opera", "Opera on Windows"),
    (f"{WINDOWS} {WEBKIT} Chrome/79.0 Safari/537.36 Brave/1.1", "windows-desktop-brave", "Brave on Windows"),
    (f"{MAC} {WEBKIT} Chrome/145.0.0.0 Safari/537.36", "macos-desktop-chrome", "Chrome on macOS"),
    (f"{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Safari/605.1.15", "macos-desktop-safari", "Safari on macOS"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0", "linux-desktop-firefox", "Firefox on Linux"),
    ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0", "linux-desktop-firefox", "Firefox on Linux"),
    (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/144.0.0.0 Safari/537.36", "chromeos-desktop-chrome", "Chrome on ChromeOS"),
    (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/145.0.0.0 Mobile Safari/537.36", "android-mobile-chrome", "Chrome on Android"),
    (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/145.0.0.0 Safari/537.36", "android-tablet-chrome", "Chrome on an Android tablet"),
    (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36", "android-mobile-samsung", "Samsung Internet on Android"),
    (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/145.0.0.0 Mobile Safari/537.36 EdgA/145.0.0.0", "android-mobile-edge", "Edge on Android"),
    (f"Mozilla/5.0 (Linux; U; Android 13; en-US; SM-S918B) {WEBKIT} Version/4.0 Chrome/100.0 UCBrowser/13.4 Mobile Safari/537.36", "android-mobile-uc", "UC Browser on Android"),
    (f"Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) {WEBKIT} Version/4.0 Chrome/131.0.0.0 Mobile Safari/537.36", "android-mobile-webview", "an app's web view on Android"),
    (f"Mozilla/5.0 (Linux; Android 11) {WEBKIT} Version/4.0 Chrome/87.0 Mobile DuckDuckGo/5 Safari/537.36", "android-mobile-duckduckgo", "DuckDuckGo on Android"),
    ("Mozilla/5.0 (Android 15; Mobile; rv:147.0) Gecko/147.0 Firefox/147.0", "android-mobile-firefox", "Firefox on Android"),
    (f"{IPHONE} Version/26.2 Mobile/15E148 Safari/604.1", "ios-mobile-safari", "Safari on iPhone"),
    (f"{IPHONE} CriOS/145.0.7632.55 Mobile/15E148 Safari/604.1", "ios-mobile-chrome", "Chrome on iPhone"),
    (f"{IPHONE} FxiOS/147.0 Mobile/15E148 Safari/605.1.15", "ios-mobile-firefox", "Firefox on iPhone"),
    (f"{IPHONE} Mobile/15E148", "ios-mobile-webview", "an app's web view on iPhone"),
    (f"{IPHONE} Mobile/15E148 PKeyAuth/1.0", "ios-mobile-webview", "an app's web view on iPhone"),
    ("Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Mobile/15E148 Safari/604.1", "ipados-tablet-safari", "Safari on iPad"),
    (f"{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/145 Version/11.1.1 Safari/605.1.15", "ipados-tablet-chrome", "Chrome on iPad"),
    ("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "windows-desktop-ie", "Internet Explorer on Windows"),
    (f"{WINDOWS} {WEBKIT} Slack/4.41.97 Chrome/130.0.6723.44 Electron/33.0.1 Safari/537.36", "windows-desktop-slack", "Slack on Windows"),
    ("com.tinyspeck.chatlyio/23.03 (iPhone; iOS 16.3; Scale/3.00)", "ios-mobile-slack", "Slack on iPhone"),
    (f"{WINDOWS} {WEBKIT} Teams/1.5.00 Chrome/85.0.4183.121 Electron/10.4.7 Safari/537.36", "windows-desktop-teams", "Microsoft Teams on Windows"),
    (f"{MAC} {WEBKIT} Chrome/120.0 Electron/28.0 Safari/537.36", "macos-desktop-electron", "an Electron app on macOS"),
    ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)", "windows-desktop-outlook", "Outlook on Windows"),
    ("Outlook-iOS/2.0", "ios-mobile-outlook", "Outlook on iPhone"),
    ("Apple-iPhone13C2/1901.405", "ios-mobile-activesync", "ActiveSync on iPhone"),
    (f"{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko)", "macos-desktop-applemail", "Apple Mail on macOS"),
    ("curl/8.5.0", "tool-curl", "curl"),
    ("python-requests/2.32.3", "tool-python-requests", "Python requests"),
    ("okhttp/4.12.0", "tool-okhttp", "OkHttp"),
    ("Go-http-client/2.0", "tool-go", "a Go program"),
    ("aws-cli/2.22.7 md/awscrt#0.23.8 ua/2.0 os/linux#5.15.0 md/arch#x86_64 lang/python#3.12.6", "linux-tool-aws-cli", "AWS CLI on Linux"),
    ("Boto3/1.28.62 md/Botocore#1.31.62 ua/2.0 os/macos#22.4.0 md/arch#arm64 lang/python#3.11.6", "macos-tool-boto3", "Boto3 on macOS"),
    ("aws-sdk-go-v2/1.24.1 os/linux lang/go#1.20.4 md/GOOS#linux md/GOARCH#arm64 api/sts#1.26.7", "linux-tool-aws-sdk", "AWS SDK on Linux"),
    ("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1", "windows-tool-powershell", "PowerShell on Windows"),
    ("SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13", "linux-tool-openssh", "openssh on Linux"),
    ("SSH-2.0-PuTTY_Release_0.78", "tool-putty", "putty"),
    ("AWS Internal", "server-awsservice", "an AWS service"),
    ("autoscaling.amazonaws.com", "server-awsservice", "an AWS service"),
    ("BAV2ROPC", "server-legacymail", "a legacy mail protocol"),
    ("CBAInPROD", "server-legacymail", "a legacy mail protocol"),
    ("MSAL/1.0", "msal", "Microsoft sign-in library"),
    ("Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A)", "android-mobile-dalvik", "an Android app on Android"),
    ("Mobile Safari UI/WKWebView (iOS 17.5)", "ios-mobile-webview", "an app's web view on iPhone"),
    # names that a log composed from fields of its own
    ("Chrome/67.0 (Mac OS X 10.14)", "macos-desktop-chrome", "Chrome on macOS"),
    ("Chrome 119 (Windows 10)", "windows-desktop-chrome", "Chrome on Windows"),
    ("Mobile Safari 15.1 (Ios 15.1)", "ios-mobile-safari", "Safari on iPhone"),
    ("DeepOps Agent/1.3 (Windows 10)", "windows-desktop-agent", "agent on Windows"),
]  # fmt: skip


@pytest.mark.parametrize(("user_agent", "fingerprint", "words"), AGENTS, ids=[row[1] for row in AGENTS])
def test_known_agents_have_their_fingerprint_and_words(user_agent: str, fingerprint: str, words: str) -> None:
    assert parse(user_agent).fingerprint == fingerprint
    assert describe(fingerprint) == words


def test_a_device_is_told_whole() -> None:
    agent = f"{WINDOWS} {WEBKIT} Chrome/145.0.0.0 Safari/537.36 Edg/145.0.0.0"
    assert parse(agent) == Device("windows-desktop-edge", "edge", 145, "windows", "10", "desktop")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{WINDOWS} {WEBKIT} Chrome/122.0 Safari/537.36", f"{WINDOWS} {WEBKIT} Chrome/140.0.0.0 Safari/537.36"),
        (f"{IPHONE} Version/18.6 Mobile/15E148 Safari/604.1", f"{IPHONE} Version/26.0 Mobile/15E148 Safari/604.1".replace("18_7", "26_0")),
        (f"Mozilla/5.0 (Linux; Android 13; Pixel 8) {WEBKIT} Chrome/118.0 Mobile Safari/537.36", f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/145.0.0.0 Mobile Safari/537.36"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.14; rv:102.0) Gecko/20100101 Firefox/102.0", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:147.0) Gecko/20100101 Firefox/147.0"),
        ("aws-cli/1.14.9 Python/2.7.12 Linux/4.9.76 botocore/1.8.13", "aws-cli/2.22.7 md/awscrt#0.23.8 ua/2.0 os/linux#5.15.0"),
        ("MyTool v1.2", "MyTool v1.3"),
    ],
    ids=["browser", "ios with safari", "android", "macos", "aws-cli", "unknown client"],
)  # fmt: skip
def test_an_update_is_no_new_device(before: str, after: str) -> None:
    assert parse(before).fingerprint == parse(after).fingerprint is not None


def test_browser_and_system_tell_devices_apart() -> None:
    assert len({parse(agent).fingerprint for agent, _, _ in AGENTS[:14]}) == 12  # both Edges and both Firefoxes are one


def test_devices_that_differ_differ_in_words() -> None:
    known = knowledge()
    machines = [(system, row.get("kind")) for system, row in known.systems.items()]
    machines += [("android", "tablet"), ("linux", "mobile"), (None, None)]
    names = [
        "-".join(part for part in (system, known.kinds.get(family, kind), family) if part)
        for system, kind in machines
        for family in (*known.titles, "")
    ]
    names = [name for name in dict.fromkeys(names) if name]
    assert len({describe(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("fingerprint", "words"),
    [
        (None, "a device that says nothing of itself"),
        ("", "a device that says nothing of itself"),
        ("windows-desktop", "an unknown client on Windows"),
        ("android-tablet-chrome", "Chrome on an Android tablet"),
        ("linux-mobile-firefox", "Firefox on a Linux phone"),
        ("nothing yet", "nothing yet"),
    ],
)
def test_what_is_not_known_of_a_device_is_said_so(fingerprint: Optional[str], words: str) -> None:
    assert describe(fingerprint) == words


@pytest.mark.parametrize("nothing", [None, "", " ", "???", "{} []", "12345", "\x00\x01", "Mozilla/5.0"])
def test_text_that_says_nothing_gives_nothing(nothing: Optional[str]) -> None:
    assert parse(nothing) == Device(None, None, None, None, None, None)


@given(st.text(max_size=300))
def test_any_text_gives_a_bounded_answer(text: str) -> None:
    device = parse(text)
    assert device.fingerprint is None or 0 < len(device.fingerprint) <= 60
    assert device.kind in (None, "desktop", "mobile", "tablet", "server", "tool")
    assert compatible_fingerprint(text).count("-") >= 3
    if device.fingerprint:
        assert describe(device.fingerprint)


PRODUCTS = st.sampled_from(
    ["Mozilla/5.0", "Chrome/1.2", "Safari/9", "(X11; Linux)", "(", ")", "Foo/3", "Windows NT 10.0", "like Gecko"]
)


@given(st.lists(PRODUCTS, max_size=12), st.integers(1, 400))
def test_versions_never_enter_the_fingerprint(parts: list, version: int) -> None:
    one, other = " ".join(parts), " ".join(parts).replace("/1.2", f"/{version}.0").replace("Foo/3", f"Foo/{version}")
    assert parse(one).fingerprint == parse(other).fingerprint


@pytest.mark.parametrize(
    "hostile",
    ["A" * 10_000_000, "(" * 10_000_000, "a/" * 5_000_000, "windows nt " * 900_000, "a." * 5_000_000, ";" * 10_000_000, "é" * 5_000_000,
     "((((a)b)c)" * 1_000_000, "os os os os/" * 800_000, "mac os x " * 1_000_000],
    ids=["letters", "open", "products", "windows", "dots", "semicolons", "accents", "nested", "os", "mac"],
)  # fmt: skip
def test_hostile_text_costs_no_more_than_its_first_thousand_characters(hostile: str) -> None:
    started = time.perf_counter()
    parse(hostile)
    compatible_fingerprint(hostile)
    assert time.perf_counter() - started < 0.25  # a thousand times the usual, on a busy machine


def test_stripping_versions_is_linear() -> None:
    started = time.perf_counter()
    strip_versions("a" * 1_000_000 + " " + "1." * 500_000)
    assert time.perf_counter() - started < 2
