"""Documents as sign-ins, and which partition each person belongs to."""

from __future__ import annotations

import re
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache

from busybody.errors import RecordError
from busybody.fields.intake import Intake, Skipped
from busybody.identity import PSEUDONYM_LENGTH, Identity
from busybody.places import Locator
from busybody.policy import Policy
from busybody.profile.codec import clean
from busybody.signin import SignIn

from .records import BROKEN, SKIPPED, Answer, Incoming

AT_ONCE = 200  # documents that one thread reads while others wait
PSEUDONYM = re.compile(rf"[0-9a-f]{{{PSEUDONYM_LENGTH}}}")
FUTURE = 86_400.0  # seconds ahead of our clock from which a time is a mistake; it would make everybody older


class SignIns:
    """Reads documents by the packaged maps and the policy's. Safe from several threads."""

    def __init__(self, policy: Policy, *, clock: Callable[[], float] = time.time) -> None:
        """`clock`: UTC epoch seconds."""
        self._intake = Intake(policy, Locator(policy))
        self._clock = clock
        self._lock = threading.Lock()

    def read(self, incoming: Sequence[Incoming]) -> list[SignIn | Answer]:
        """The sign-in of each, or the answer where it is none."""
        found: list[SignIn | Answer] = []
        latest = self._clock() + FUTURE
        for start in range(0, len(incoming), AT_ONCE):
            with self._lock:
                found += [self._one(one, latest) for one in incoming[start : start + AT_ONCE]]
        return found

    def _one(self, one: Incoming, latest: float) -> SignIn | Answer:
        try:
            signin = self._intake.read(one.document)
        except RecordError as error:
            return Answer(one.identity, BROKEN, str(error))
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  one document's fault is not the others'
            return Answer(one.identity, BROKEN, f"cannot be read ({type(error).__name__})")
        if isinstance(signin, Skipped):
            return Answer(one.identity, SKIPPED, signin.reason)
        if signin.time > latest:
            told = "time: lies in the future. Check the clock and time zone of its source (sources.<source>.timezone)."
            return Answer(one.identity, BROKEN, told)
        return signin


class Places:
    """Which partition a person belongs to: crc32(key) % partitions, the key being what a store knows them by."""

    def __init__(self, policy: Policy, partitions: int) -> None:
        identity = Identity(policy)
        self.partitions = partitions
        self._key = identity.pseudonym if identity.has_pseudonyms else clean
        self._has_pseudonyms = identity.has_pseudonyms
        self.of = lru_cache(maxsize=100_000)(self._of)

    def _of(self, user: str) -> int:
        """The partition of a person."""
        return self.of_key(self._key(user))

    def of_key(self, key: str) -> int:
        """The partition of whom the stores know as `key`."""
        return zlib.crc32(key.encode("utf-8", "surrogatepass")) % self.partitions

    def of_either(self, text: str) -> int:
        """The partition of a person by name or, with pseudonyms, by what has the form of one, which no name is to have.

        Everybody comes to the same, so that nobody takes for unknown whom another knows.
        """
        is_key = self._has_pseudonyms and PSEUDONYM.fullmatch(text) is not None
        return self.of_key(text) if is_key else self.of(text)
