"""What every test may ask for: a browser, and time enough for hypothesis on a loaded machine."""

from __future__ import annotations

import os
import shutil
import signal
from typing import Iterator, Optional

import pytest

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # the tests that need it say so themselves
    pass
else:
    # Deadlines measure the machine, not the code; a failure prints the seed that repeats it.
    settings.register_profile(
        "busybody", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    settings.load_profile("busybody")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started behind nohup: what tests start would never hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find_browser() -> Optional[str]:
    """The Chromium that BUSYBODY_CHROMIUM names, or the first of its usual names on PATH."""
    return os.environ.get("BUSYBODY_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A running headless Chromium (playwright's Browser). Absent, it skips aloud, and fails in CI."""
    path = find_browser()
    absent = None if path else "no Chromium found: install it or name it in BUSYBODY_CHROMIUM; the pages are NOT tested"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        absent = "playwright is not installed (requirements/develop.txt); the pages are NOT tested"
    if absent:
        if IN_CI:
            pytest.fail(absent)
        pytest.skip(absent)
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()
