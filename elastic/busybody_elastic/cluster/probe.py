"""Which product answers, and in which version: before a client is chosen, for each refuses the other's."""

from __future__ import annotations

import re
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import httpx

from ..errors import ClusterError
from .answers import refused
from .calls import About
from .unreached import unreached

if TYPE_CHECKING:
    from ..config import ClusterSection

ELASTICSEARCH, OPENSEARCH = "elasticsearch", "opensearch"
OLDEST = {ELASTICSEARCH: 8, OPENSEARCH: 2}
PRODUCT = "x-elastic-product"


def credentials(settings: Any) -> dict[str, str]:
    """The Authorization header of a section with api_key, username and password; none where they are empty."""
    if settings.api_key:
        key = settings.api_key.reveal()
        return {"authorization": "ApiKey " + (b64encode(key.encode()).decode() if ":" in key else key)}
    if settings.username:
        pair = settings.username + ":" + settings.password.reveal()
        return {"authorization": "Basic " + b64encode(pair.encode()).decode()}
    return {}


def look(settings: ClusterSection, tls: ssl.SSLContext, headers: dict[str, str]) -> About:
    """What answers at the first of the URLs that answers. Raises ClusterError."""
    last: ClusterError | None = None
    for url in settings.url:
        with httpx.Client(verify=tls, headers=headers, timeout=settings.timeout_seconds, trust_env=False) as client:
            try:
                return _about(client, url)
            except httpx.TransportError as error:
                last = unreached(error, url)
            except ClusterError as error:
                last = error
    assert last is not None
    raise last


def _about(client: httpx.Client, url: str) -> About:
    answer = client.get(url + "/")
    is_elasticsearch = answer.headers.get(PRODUCT) == "Elasticsearch"
    if answer.status_code in (401, 403):
        error = refused(answer.status_code, _json(answer), "GET", "/")
        needed = " Its role needs the cluster privilege `monitor`." if answer.status_code == 403 else ""
        raise ClusterError(error.message + needed, status=answer.status_code)
    if is_elasticsearch and answer.status_code == 405:  # one without the module that answers there
        return _by_nodes(client, url, ELASTICSEARCH)
    body = _json(answer)
    version = body.get("version") if isinstance(body, dict) else None
    if answer.status_code != 200 or not isinstance(version, dict) or "number" not in version:
        message = (
            f"{url} is neither Elasticsearch nor OpenSearch (it answered {answer.status_code}). Check cluster.url."
        )
        raise ClusterError(message, status=answer.status_code)
    if version.get("distribution") == OPENSEARCH and str(version["number"]).startswith("7."):
        return _by_nodes(client, url, OPENSEARCH)  # it has compatibility.override_main_response_version set
    flavour = OPENSEARCH if version.get("distribution") == OPENSEARCH else ELASTICSEARCH if is_elasticsearch else ""
    return _supported(flavour, str(version["number"]), str(body.get("cluster_name", "")), url)


def _by_nodes(client: httpx.Client, url: str, flavour: str) -> About:
    answer = client.get(url + "/_nodes/_local", params={"filter_path": "cluster_name,nodes.*.version"})
    body = _json(answer)
    if answer.status_code != 200:
        raise refused(answer.status_code, body, "GET", "/_nodes/_local")
    node = next(iter(body["nodes"].values()))
    return _supported(flavour, node["version"], body["cluster_name"], url)


def _supported(flavour: str, number: str, name: str, url: str) -> About:
    major, minor, patch = (int(part) for part in (*re.findall(r"\d+", number), "0", "0", "0")[:3])
    if not flavour or major < OLDEST[flavour]:
        what = {ELASTICSEARCH: "Elasticsearch", OPENSEARCH: "OpenSearch"}.get(flavour, "something else")
        raise ClusterError(f"{url} is {what} {number}. Busybody needs Elasticsearch from 8 or OpenSearch from 2 on.")
    return About(flavour, (major, minor, patch), name)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return {}
