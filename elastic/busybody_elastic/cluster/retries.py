"""When a request is sent again: always when it surely did nothing, otherwise only when doing it twice does no harm."""

from __future__ import annotations

import time
from typing import Any, Callable, NamedTuple

from ..errors import ClusterError

TRY_LATER = (429, 503)  # refused before anything was done: overloaded, or not ready
GATEWAY_TROUBLE = (502, 504)  # a proxy in between lost the answer


class Retries(NamedTuple):
    """The pauses between tries, in seconds; one more try than there are pauses."""

    pauses: tuple[float, ...] = (0.1, 0.5, 2.0, 5.0)
    bulk_pauses: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0, 20.0)
    sleep: Callable[[float], None] = time.sleep


class Unreached(ClusterError):
    """There was no answer. `sent`: the request may have reached the cluster. `again`: another try may help."""

    def __init__(self, message: str, *, sent: bool = False, again: bool = True) -> None:
        super().__init__(message)
        self.sent = sent
        self.again = again


class Unreadable(Unreached):
    """There was an answer, and it is no JSON."""


class Answered(NamedTuple):
    """An answer of any status, decoded."""

    status: int
    body: Any


def repeated(send: Callable[[], Answered], retries: Retries, *, harmless: bool) -> Answered:
    """The answer, after as many tries as it takes. Raises Unreached.

    `harmless`: a second time does nothing that the first did not. The last answer counts, whatever it is.
    """
    for pause in (*retries.pauses, None):
        try:
            answered = send()
        except Unreached as error:
            if pause is None or not error.again or (error.sent and not harmless):
                raise
        else:
            again = answered.status in TRY_LATER or (harmless and answered.status in GATEWAY_TROUBLE)
            if pause is None or not again:
                return answered
        retries.sleep(pause)
    raise AssertionError("the last try returns or raises")
