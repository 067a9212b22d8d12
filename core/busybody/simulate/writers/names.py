"""What the vendors call browsers and systems, from a device fingerprint."""

from __future__ import annotations

from typing import Optional, Tuple

from ...signin import SignIn

BROWSERS = {"chrome": "Chrome", "edge": "Edge", "firefox": "Firefox", "safari": "Safari", "samsung": "Samsung Internet"}
SYSTEMS = {
    "windows": "Windows 10", "macos": "Mac OS X", "linux": "Linux", "chromeos": "Chrome OS", "android": "Android",
    "ios": "iOS", "ipados": "iOS",
}  # fmt: skip


def browser_and_system(signin: SignIn) -> Tuple[Optional[str], Optional[str]]:
    """("Chrome", "Windows 10"), or None where the device is no browser."""
    if signin.device is None:
        return None, None
    parts = signin.device.split("-")
    return BROWSERS.get(parts[-1]), SYSTEMS.get(parts[0])
