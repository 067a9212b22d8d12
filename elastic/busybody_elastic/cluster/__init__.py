"""The cluster that holds sign-ins, results and state: one interface (protocol.py), Elasticsearch and OpenSearch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .protocol import Cluster, Doc, Hit, Item, Page
from .retries import Retries

if TYPE_CHECKING:
    from ..config import ClusterSection

__all__ = ["Cluster", "Doc", "Hit", "Item", "Page", "Retries", "connect"]


def connect(settings: ClusterSection, retries: Retries | None = None) -> Cluster:
    """Find out which product answers, and connect by its own client.

    Raises ClusterError where nobody answers, TLS is not trusted or the product is too old; ConfigError for
    certificates that will not do; MissingExtra for OpenSearch without opensearch-py.
    """
    from . import probe, tls

    context = tls.context(settings.ca_file, settings.client_cert, settings.client_key)
    headers = probe.credentials(settings)
    about = probe.look(settings, context, headers)
    if about.flavour == probe.OPENSEARCH:
        from .opensearch import OpenSearchCluster

        return OpenSearchCluster(settings, about, retries or Retries(), context, headers)
    from .elasticsearch import ElasticsearchCluster

    return ElasticsearchCluster(settings, about, retries or Retries(), context, headers)
