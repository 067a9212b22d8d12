"""OpenSearch 2 and 3, by its own client, which is an extra: it brings protobuf and gRPC along."""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING, Any

from busybody.errors import BusybodyError, MissingExtra

from ..splice import encode
from .calls import About, Calls
from .protocol import Document
from .reading import loads
from .retries import Answered, Retries
from .unreached import unreached

if TYPE_CHECKING:
    from ..config import ClusterSection

ID_FIELDDATA = "fielddata on the _id field"  # a deprecation without a successor


class MissingClient(MissingExtra):
    """The extra of this package, not of the core's."""

    def __init__(self) -> None:
        install = "Install it with: pip install 'busybody-elastic[opensearch]'."
        BusybodyError.__init__(self, f"Speaking to OpenSearch needs the package opensearch-py. {install}")


class OpenSearchCluster(Calls):
    """The Cluster protocol on OpenSearch."""

    def __init__(
        self, settings: ClusterSection, about: About, retries: Retries, tls: ssl.SSLContext, headers: dict[str, str]
    ) -> None:
        super().__init__(about, retries)
        try:
            from opensearchpy import OpenSearch, Urllib3HttpConnection, serializer
            from opensearchpy.exceptions import ConnectionError as NoConnection
            from opensearchpy.exceptions import SerializationError, TransportError
        except ImportError as error:
            raise MissingClient from error

        class Orjson(serializer.JSONSerializer):
            def loads(self, s: str) -> Any:
                try:
                    return loads(s)
                except ValueError as error:
                    raise SerializationError(s, error) from error

            def dumps(self, data: Any) -> Any:
                return data if isinstance(data, (str, bytes)) else encode(data)

        class Quiet(Urllib3HttpConnection):
            """Does not repeat what the cluster says of our tie-breaker: there is no other here."""

            def _raise_warnings(self, warning_headers: Any) -> None:
                super()._raise_warnings([text for text in warning_headers if ID_FIELDDATA not in text])

        # It warns of every 404 and 409, which are answers here, with the names of documents.
        logging.getLogger("opensearch").setLevel(logging.CRITICAL)
        self._where = ", ".join(settings.url)
        self._no_answer = (NoConnection, SerializationError)
        self._answer = TransportError
        secure: dict[str, Any] = {"ssl_context": tls} if all(url.startswith("https") for url in settings.url) else {}
        self._client = OpenSearch(
            list(settings.url),
            connection_class=Quiet,
            headers=headers,
            timeout=settings.timeout_seconds,
            pool_maxsize=settings.connections,
            http_compress=settings.compress,
            max_retries=0,  # retries.py knows what may be sent twice
            retry_on_timeout=False,
            serializer=Orjson(),
            serializers={"application/json": Orjson()},
            **secure,
        )

    def _send(self, method: str, target: str, body: Any, content: str) -> Answered:
        headers = {"content-type": content} if body is not None else {}
        try:
            answer = self._client.transport.perform_request(method, target, body=body, headers=headers)
        except self._no_answer as error:
            raise unreached(error, self._where) from error
        except self._answer as error:
            return Answered(int(error.status_code), error.info)
        if method == "HEAD":
            return Answered(200 if answer else 404, None)
        return Answered(200, answer)

    def close(self) -> None:
        self._client.close()

    def _opening(self, index: str) -> tuple[str, dict[str, str]]:
        return f"/{index}/_search/point_in_time", {"allow_partial_pit_creation": "false"}

    def _closing(self, pit: str) -> tuple[str, Document]:
        return "/_search/point_in_time", {"pit_id": [pit]}

    def _is_nothing(self, status: int, answer: Any) -> bool:
        """It has no point in time of nothing: 400, `invalid id: [null]`."""
        return status == 400 and "invalid id: [null]" in str(answer)

    def _tie_breakers(self) -> list[Document]:
        """`_shard_doc` is unknown here, and an `_id` may lie in two indices behind one data stream.

        An index without a mapping does not even know `_id`.
        """
        return [{name: {"order": "asc", "unmapped_type": "keyword"}} for name in ("_id", "_index")]
