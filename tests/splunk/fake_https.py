"""An HTTPS server on a loopback port of its own, for fakes: runs between `with` and its end, knows no certificate itself."""

from __future__ import annotations

import ssl
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Type


class HttpsServer:
    """Put `certificate` and its key into `folder`, then `open` it with a handler."""

    def __init__(self, prefix: str) -> None:
        self.wake = threading.Event()  # set at the end: ends a silence
        self._temporary = tempfile.TemporaryDirectory(prefix=prefix)
        self.folder = Path(self._temporary.name)

    def open(self, certificate: str, handler: Type[BaseHTTPRequestHandler]) -> int:
        """Listens with the certificate in that file of the folder; the port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(self.folder / certificate))
        self._http = _Server(("127.0.0.1", 0), handler)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        return int(self._http.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.wake.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self._temporary.cleanup()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not trust us, is no fault of the server."""
