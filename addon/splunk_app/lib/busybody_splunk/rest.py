"""splunkd's REST API by the standard library: verified TLS, one connection kept, every failure with its next step.

    splunkd = Splunkd.of(search)                                  # what getinfo told
    splunkd.get("/services/authentication/current-context")
    splunkd.post("/servicesNS/nobody/busybody/configs/conf-busybody", form={"name": "policy:office"})

The session key travels in a header, never in a URL, and stands in no error.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, Optional, Tuple
from urllib.parse import quote, urlencode, urlsplit

from busybody.errors import StoreError, shown

from .trust import context_for

if TYPE_CHECKING:
    from .protocol import Search

TIMEOUT = 60.0  # seconds to wait for a reply; a page of 1,000 profiles takes a fraction of one
WAITS = (0.2, 1.0)  # seconds before the second and third try: a search head cluster may just change its captain
LONGEST_REPLY = 256 << 20  # bytes; splunkd's own limit of a result is 50 MB
PART = 1 << 20  # bytes read at once
BUSY = (502, 503, 504)
DATA = "/storage/collections/data/"

ADVICE = {
    400: "This is a fault of Busybody or of a conf file: report it with this line.",
    401: "The session has ended. Run the search again.",
    403: "Ask an administrator for a role that may do this: busybody_user reads, busybody_admin writes.",
    404: "Check that the app busybody is installed whole and enabled on this search head.",
    409: "Somebody else was faster. Run the search again.",
    413: "Ask an administrator to compare limits.conf [kvstore] with its defaults.",
    503: "If it goes on, ask an administrator to look at: splunk show kvstore-status",
}


NAMES = (62, 64)  # of X509_V_ERR: the certificate is for another host name, or another address


class SplunkdError(StoreError):
    """splunkd refused, or cannot be reached. `status`: its HTTP status; 0 where it gave none."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message, source="splunkd")
        self.status = status


class Splunkd:
    """One splunkd and one session. Not for several threads at once."""

    def __init__(
        self,
        uri: str,
        session_key: str,
        *,
        ca_file: Optional[str] = None,
        timeout: float = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`uri` such as https://127.0.0.1:8089; `ca_file`: PEM file that signs it; default: what Splunk itself trusts.

        `timeout`: seconds until a reply. `sleep` waits between tries. Raises SplunkdError for an address without TLS.
        """
        self._host, self._port = _address(uri)
        self._headers = {"Authorization": "Splunk " + session_key, "Accept": "application/json"}
        self._timeout = timeout
        self._sleep = sleep
        self._ca_file = ca_file
        self._connection: Optional[http.client.HTTPSConnection] = None
        self.requests = 0  # sent so far: what the benchmarks count

    @classmethod
    def of(cls, search: Search) -> Splunkd:
        """The splunkd that started the command, in the session of the search."""
        return cls(search.splunkd_uri, search.session_key)

    def get(self, path: str, **query: Any) -> Any:
        """What is at `path`, as JSON. Raises SplunkdError."""
        return self._ask("GET", _with(path, query), again=True)

    def post(
        self, path: str, *, form: Optional[Mapping[str, Any]] = None, json: Any = None, again: bool = False
    ) -> Any:
        """Sends a form or JSON; the reply. `again`: doing it twice is doing it once, so that a cut may be retried."""
        if form is not None:
            return self._ask("POST", _with(path, {}), urlencode(form).encode("ascii"), FORM, again)
        return self._ask("POST", _with(path, {}), _encoded(json), JSON, again)

    def delete(self, path: str, **query: Any) -> Any:
        """Deletes what is at `path`. Raises SplunkdError."""
        return self._ask("DELETE", _with(path, query), again=True)

    def close(self) -> None:
        """Lets go of the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Splunkd:  # noqa: PYI034  typing.Self came with 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # One request ----------------------------------------------------------------------------------------------

    def _ask(
        self, method: str, target: str, body: Optional[bytes] = None, kind: Optional[str] = None, again: bool = True
    ) -> Any:
        headers = self._headers if kind is None else {**self._headers, "Content-Type": kind}
        for wait in (*WAITS, None):
            try:
                status, data = self._exchange(method, target, body, headers)
            except Unanswered as error:
                self.close()
                if wait is None or not again:
                    raise SplunkdError(str(error)) from error
            else:
                if status < 400:
                    return _decoded(data, target)
                if status not in BUSY or wait is None or not again:
                    raise _refused(status, data, method, target)
            self._sleep(wait)
        raise AssertionError("the last round returns or raises")

    def _exchange(
        self, method: str, target: str, body: Optional[bytes], headers: Mapping[str, str]
    ) -> Tuple[int, bytes]:
        """Status and body of the reply. Raises Unanswered where there is none, SplunkdError where trying is no use."""
        self.requests += 1
        try:
            if self._connection is None:
                context = context_for(self._host, self._ca_file)
                self._connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=self._timeout, context=context
                )
            self._connection.request(method, target, body, dict(headers))
            reply = self._connection.getresponse()
            data = _body(reply)
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise SplunkdError(f"its certificate is not to be trusted: {_distrust(error)}") from error
        except TimeoutError as error:  # on 3.9 it is socket.timeout, an OSError
            raise Unanswered(f"gave no answer in {self._timeout:g} s. Check the load of the search head.") from error
        except (OSError, http.client.HTTPException) as error:
            late = "timed out" in str(error)
            told = f"gave no answer in {self._timeout:g} s" if late else f"the connection broke: {_words(error)}"
            raise Unanswered(f"{told}. Check that splunkd runs and what splunkd.log says.") from error
        except ValueError:  # its words, and those of what it comes from, repeat the session key
            self.close()
            raise SplunkdError("the session key or the address cannot be sent. Run the search again.") from None
        return reply.status, data


def _address(uri: str) -> Tuple[str, int]:
    """Host and port of splunkd. Raises SplunkdError for an address without TLS."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port or 8089
    except ValueError:  # brackets that do not close, a port that is none
        parts, host, port = urlsplit(""), None, 0
    if parts.scheme != "https" or not host:
        raise SplunkdError(f"{shown(uri)} is no https address. Set enableSplunkdSSL = true in server.conf.")
    return host, port


def _distrust(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with the certificate, and what helps: another authority, or another name."""
    if error.verify_code in NAMES:
        return (
            f"{error.verify_message}. Let splunkd be asked for by a name that is in its certificate, or have that name "
            "added to the certificate (subjectAltName)."
        )
    return (
        f"{error.verify_message}. Let server.conf [sslConfig] sslRootCAPath name the PEM file of the authority that "
        "signed it."
    )


FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class Unanswered(Exception):
    """The connection could not be made, broke, or stayed silent; whether the request was carried out is not known."""


def _body(reply: http.client.HTTPResponse) -> bytes:
    """All of it. Raises Unanswered beyond what splunkd could send."""
    parts: List[bytes] = []
    size = 0
    while size <= LONGEST_REPLY:
        part = reply.read(min(reply.length or PART, PART))  # 3.9 fills as much memory as it is asked for
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    raise Unanswered(f"its reply is longer than {LONGEST_REPLY >> 20} MiB. Look for a proxy between.")


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _with(path: str, query: Mapping[str, Any]) -> str:
    """The path with its query; all endpoints but the KV store's data have to be asked for JSON."""
    if DATA not in path:
        query = {"output_mode": "json", **query}
    return f"{path}?{urlencode(query, quote_via=quote)}" if query else path


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _decoded(data: bytes, target: str) -> Any:
    if not data.strip():
        return None
    try:
        return json.loads(data)
    except ValueError as error:
        told = f"{_place(target)}: the reply is no JSON: {shown(data[:60])}. Look for a proxy between."
        raise SplunkdError(told) from error


def _place(target: str) -> str:
    return target.partition("?")[0]


def _refused(status: int, data: bytes, method: str, target: str) -> SplunkdError:
    """The error for a reply that is one: what, where, splunkd's own words, next step."""
    advice = ADVICE.get(status, ADVICE[503] if status >= 500 else ADVICE[400])
    said = _said(data)
    if status in BUSY and DATA in target:
        return SplunkdError(f"the KV store is not available ({status}: {said}). {advice}", status)
    return SplunkdError(f"{method} {_place(target)}: {status}: {said}. {advice}", status)


def _said(data: bytes) -> str:
    """The message of an error reply, in splunkd's words; at most 200 characters."""
    try:
        texts = [str(message["text"]).strip().rstrip(".") for message in json.loads(data)["messages"]]
    except (ValueError, KeyError, TypeError):
        texts = []
    return "; ".join(texts)[:200] or "no reason given"
