"""No answer came: why, in words, and whether the request may have been carried out all the same."""

from __future__ import annotations

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from . import tls
from .retries import Unreached, Unreadable


def unreached(error: BaseException, where: str) -> Unreached:
    """The error of a client, or of what lies below it, as one of ours. It never shows a request's body."""
    untrusted = tls.told(error, where)
    if untrusted:
        return Unreached(untrusted, again=False)
    below = tls.causes(error)
    names = {type(one).__name__ for one in below}
    if any(isinstance(one, (NewConnectionError, ConnectTimeoutError)) for one in below) or "ConnectError" in names:
        return Unreached(f"{where} cannot be reached. Is it up, and is cluster.url right?")
    if "UnsupportedProductError" in names:
        return Unreached(f"{where} is no Elasticsearch. Is cluster.url right?", again=False)
    if any("Timeout" in name for name in names):
        return Unreached(f"{where} did not answer in time. Raise cluster.timeout_seconds, or relieve it.", sent=True)
    if "SerializationError" in names:
        return Unreadable(f"What {where} answered cannot be read as JSON.", sent=True)
    return Unreached(f"The connection to {where} broke ({type(error).__name__}).", sent=True)
