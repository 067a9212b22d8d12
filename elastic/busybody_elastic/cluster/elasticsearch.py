"""Elasticsearch 8 and 9, by the 8.19 client: it speaks to both, where one of 9 is refused by 8."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from elastic_transport import ConnectionError as NoConnection
from elastic_transport import ConnectionTimeout, SerializationError
from elasticsearch import Elasticsearch, UnsupportedProductError
from elasticsearch.serializer import OrjsonSerializer

from ..splice import encode
from .calls import About, Calls
from .protocol import Document
from .reading import loads
from .retries import Answered, Retries
from .unreached import unreached

if TYPE_CHECKING:
    from ..config import ClusterSection

COMPATIBLE = "application/vnd.elasticsearch+json"
EVERY_ERROR = range(300, 600)


class _Serializer(OrjsonSerializer):
    """Takes what documents hold, both ways."""

    def json_loads(self, data: bytes) -> Any:
        return loads(data)

    def json_dumps(self, data: Any) -> bytes:
        return encode(data)


class ElasticsearchCluster(Calls):
    """The Cluster protocol on Elasticsearch."""

    def __init__(
        self, settings: ClusterSection, about: About, retries: Retries, tls: ssl.SSLContext, headers: dict[str, str]
    ) -> None:
        super().__init__(about, retries)
        self._where = ", ".join(settings.url)
        secure: dict[str, Any] = {"ssl_context": tls} if all(url.startswith("https") for url in settings.url) else {}
        client = Elasticsearch(
            [_with_port(url) for url in settings.url],
            headers=headers,
            request_timeout=settings.timeout_seconds,
            connections_per_node=settings.connections,
            http_compress=settings.compress,
            max_retries=0,  # retries.py knows what may be sent twice
            retry_on_timeout=False,
            serializers={"application/json": _Serializer(), COMPATIBLE: _Serializer()},
            **secure,
        )
        self._client = client.options(ignore_status=EVERY_ERROR)

    def _send(self, method: str, target: str, body: Any, content: str) -> Answered:
        headers = {"accept": "application/json"} | ({"content-type": content} if body is not None else {})
        try:
            answer = self._client.perform_request(method, target, headers=headers, body=body)
        except (NoConnection, ConnectionTimeout, SerializationError, UnsupportedProductError) as error:
            raise unreached(error, self._where) from error
        return Answered(answer.meta.status, answer.body if method != "HEAD" else None)

    def close(self) -> None:
        self._client.close()

    def _opening(self, index: str) -> tuple[str, dict[str, str]]:
        return f"/{index}/_pit", {}

    def _closing(self, pit: str) -> tuple[str, Document]:
        return "/_pit", {"id": pit}

    def _tie_breakers(self) -> list[Document]:
        return [{"_shard_doc": "asc"}]


def _with_port(url: str) -> str:
    """The client wants one written out."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.port is not None:
        return url
    return parts._replace(netloc=f"{parts.netloc}:{443 if parts.scheme == 'https' else 80}").geturl()
