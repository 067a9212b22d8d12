"""TLS towards a cluster: always verified, by the machine's authorities or by one's own; and errors that say why not."""

from __future__ import annotations

import ssl
from pathlib import Path

from ..errors import ConfigError

WRONG_NAME = (62, 64)  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and ..._IP_ADDRESS_MISMATCH
EXPIRED = (9, 10)  # not yet valid, no more valid


def context(
    ca_file: Path | None, cert: Path | None = None, key: Path | None = None, *, name: str = "cluster.ca_file"
) -> ssl.SSLContext:
    """What verifies a server and, with `cert`, shows who we are. Raises ConfigError for a file that will not do.

    `name` is the key of the configuration that `ca_file` stands under.
    """
    try:
        made = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (ssl.SSLError, OSError) as error:
        message = f"holds no certificate in PEM ({_words(error)}). Give the one that signed the server's."
        raise ConfigError(message, source=str(ca_file), key=name) from None
    if cert:
        try:
            made.load_cert_chain(cert, key, password=lambda: "")  # never asks at the terminal
        except (ssl.SSLError, OSError) as error:
            message = f"do not go together, or are no PEM without passphrase ({_words(error)}). Give a matching pair."
            raise ConfigError(message, source=str(cert), key="cluster.client_cert and client_key") from None
    return made


def told(error: BaseException, url: str, *, name: str = "cluster.ca_file") -> str | None:
    """Why TLS with `url` did not come about, and what to do; None where something else is the cause.

    `name` is the key under which the right authority belongs.
    """
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{url} is not trusted: {_untrusted(cause, name)}"
        if isinstance(cause, ssl.SSLError):
            if "WRONG_VERSION_NUMBER" in str(cause) or "RECORD_LAYER_FAILURE" in str(cause):
                return f"{url} does not speak TLS. Write http:// if that is meant, or give the port that has TLS."
            if "ALERT" in str(cause).upper():
                return f"{url} refused our side of TLS ({_words(cause)}). Does it ask for cluster.client_cert?"
            return f"TLS with {url} failed ({_words(cause)})."
    return None


def causes(error: BaseException | None) -> list[BaseException]:
    """The error, and whatever lies under it: by `from`, by context, or carried as an argument."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or one in found:
            continue
        found.append(one)
        carried = (*one.args, *(getattr(one, "errors", None) or ()), getattr(one, "reason", None))
        waiting += [one.__cause__, one.__context__, *(inner for inner in carried if isinstance(inner, BaseException))]
    return found


def _untrusted(error: ssl.SSLCertVerificationError, name: str) -> str:
    if error.verify_code in WRONG_NAME:
        return f"its certificate is for another name ({error.verify_message}). Use a name that stands in it."
    if error.verify_code in EXPIRED:
        return f"its certificate is not valid now ({error.verify_message}). Renew it, or set the clock."
    return f"an unknown authority signed its certificate ({error.verify_message}). Name the right one in {name}."


def _words(error: BaseException) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
