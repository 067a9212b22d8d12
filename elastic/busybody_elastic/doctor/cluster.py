"""The cluster itself: which one, how it is, what its clocks say, what its licence and its modules allow."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any, Iterator

from ..errors import ClusterError
from .findings import FAILED, OK, SKIPPED, WARNING, Check, Patient, listed

NEWEST = {"elasticsearch": 9, "opensearch": 3}  # the newest major version that the tests run against
PRODUCTS = {"elasticsearch": "Elasticsearch", "opensearch": "OpenSearch"}
CLIENT = (8, 19)  # what the client of Elasticsearch is made for
UNEVEN_SECONDS = 2.0  # what a clock may be off, beside the time that asking took
WRONG_SECONDS = 60.0


def connection(patient: Patient) -> Iterator[Check]:
    """That it answered at all was found out by connecting."""
    cluster, settings = patient.cluster, patient.config.cluster
    version = ".".join(map(str, cluster.version))
    what = f"{PRODUCTS[cluster.flavour]} {version}, cluster {cluster.name}"
    if cluster.version[0] > NEWEST[cluster.flavour]:
        yield Check("connection", WARNING, what, "This version is newer than what Busybody is tested with: try it out.")
    else:
        yield Check("connection", OK, what)
    by = f"by {settings.ca_file}" if settings.ca_file else "by the machine's authorities"
    plain = [url for url in settings.url if url.startswith("http:")]
    if not plain:
        yield Check("tls", OK, f"verified {by}")
    elif settings.plain_http:
        todo = "Keep it so only where a mesh or a tunnel encrypts; otherwise use https and remove plain_http."
        yield Check("tls", WARNING, f"none to {listed(plain)}, as cluster.plain_http allows", todo)
    else:
        yield Check("tls", OK, f"none to {listed(plain)}, which is this machine")
    if not settings.api_key and not settings.username and not settings.client_cert:
        todo = "Make a user or an API key with the role `run`: busybody-elastic api-key run."
        yield Check("credentials", WARNING, "none are configured: whoever reaches the cluster may do anything", todo)


def versions(patient: Patient) -> Iterator[Check]:
    """All nodes at one version, but for an upgrade."""
    nodes = patient.cluster.request("GET", "/_nodes", params={"filter_path": "nodes.*.version"})["nodes"].values()
    found = sorted({node["version"] for node in nodes})
    if len(found) > 1:
        todo = "Finish the upgrade of the cluster before you upgrade Busybody's assets."
        yield Check("versions", WARNING, f"nodes of {listed(found)} at once", todo)
    else:
        yield Check("versions", OK, f"{len(nodes)} node{'s' if len(nodes) > 1 else ''} of {found[0]}")


def health(patient: Patient) -> Iterator[Check]:
    """Red: searches would lack documents, and are refused."""
    answer = patient.cluster.request("GET", "/_cluster/health")
    if answer["status"] == "red":
        todo = "GET _cluster/allocation/explain says why. Searches that reach a missing shard are refused until then."
        yield Check("health", FAILED, f"red, {answer['unassigned_shards']} shards are on no node", todo)
    else:
        yield Check("health", OK, answer["status"])


def clocks(patient: Patient) -> Iterator[Check]:
    """The nodes' clocks against ours: lags and the age of sign-ins are differences of the two."""
    before = patient.now()
    stats = patient.cluster.request("GET", "/_nodes/stats/os", params={"filter_path": "nodes.*.timestamp"})
    after = patient.now()
    middle, blur = (before + after) / 2, (after - before) / 2
    offsets = [node["timestamp"] / 1000 - middle for node in stats["nodes"].values()]
    worst = max(offsets, key=abs)
    found = f"a node's clock is {abs(worst):.1f} s {'ahead of' if worst > 0 else 'behind'} this machine's"
    todo = "Let NTP set the clocks of the cluster and of this machine; lags and quiet times are wrong by as much."
    if abs(worst) > WRONG_SECONDS + blur:
        yield Check("clocks", FAILED, found, todo)
    elif abs(worst) > UNEVEN_SECONDS + blur:
        yield Check("clocks", WARNING, found, todo)
    else:
        yield Check("clocks", OK, f"within {abs(worst) + blur:.1f} s of each other")


def licence(patient: Patient) -> Iterator[Check]:
    """What the licence and the modules leave out, and what does it instead."""
    from ..install.features import Features

    if patient.cluster.flavour == "opensearch":
        kind = "Apache-2.0"
    else:
        kind = str(patient.cluster.request("GET", "/_license")["license"]["type"])
        if patient.cluster.request("GET", "/_license")["license"]["status"] != "active":
            yield Check("licence", FAILED, f"{kind}, and it has expired", "Renew it: Elasticsearch refuses calls.")
            return
    features = Features(patient.cluster)
    lacks = []
    if patient.cluster.flavour == "elasticsearch" and (why := features.lacks("watcher")):
        instead = "Kibana's rules with index and server-log connectors do the same"
        lacks.append(f"no watches ({why}): {instead}")
    if patient.cluster.flavour == "opensearch" and (why := features.lacks("alerting")):
        lacks.append(f"no monitors ({why})")
    if not features.lifecycle():
        lacks.append("no lifecycle: delete old documents yourself, or `logs-busybody.*` grows for good")
    if why := features.lacks("set"):
        lacks.append(f"no ingest pipeline ({why}): event.ingested is the service's clock")
    told = f"{kind}; {'; '.join(lacks)}" if lacks else f"{kind}; all that Busybody can use is there"
    yield Check("licence", OK, told)


def sniffing(patient: Patient) -> Iterator[Check]:
    """Clients that ask for the nodes' addresses learn them from the cluster, and go past the gateway."""
    gateway, server = patient.config.gateway, patient.config.server
    if not gateway.enabled:
        return
    nodes = patient.cluster.request("GET", "/_nodes/http", params={"filter_path": "nodes.*.http.publish_address"})
    addresses = sorted({address for node in nodes["nodes"].values() if (address := _address(node))})
    ours = _listens(server.host)
    beside = [one for one in addresses if not _is_at(one, ours, server.port)]
    todo = (
        "Leave sniffing off in every client of the gateway (Logstash: sniffing => false; Python: no sniff_on_start, "
        "no sniff_on_node_failure; Java: no Sniffer), let only the gateway reach those addresses, or set "
        "http.publish_host and http.publish_port of the nodes to the gateway's."
    )
    if beside:
        told = f"a client that sniffs goes past the gateway, to {listed(beside)}"
        yield Check("sniffing", WARNING, told, todo)
    elif not ours:
        told = f"whether {listed(addresses)} is the gateway cannot be told: server.host is {server.host}"
        yield Check("sniffing", WARNING, told, todo)
    else:
        yield Check("sniffing", OK, "the nodes publish the gateway's address")


def _listens(host: str) -> set[str]:
    """The IP addresses of the gateway; none where it listens at all of its machine's, or the name is unknown here."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError:
        return set()
    return set() if any(ip_address(one).is_unspecified for one in found) else found


def _is_at(address: str, ours: set[str], port: int) -> bool:
    """Whether `ip:port`, or `name/ip:port`, may be the gateway. Where `ours` is empty only the port tells."""
    host, _, published = address.rpartition("/")[2].rpartition(":")
    return published == str(port) and (not ours or host.strip("[]") in ours)


def _address(node: Any) -> str:
    return str(node.get("http", {}).get("publish_address", ""))


def unseen(name: str, error: ClusterError) -> Check:
    """For a check that the cluster did not let us make."""
    if error.status == 403:
        return Check(name, SKIPPED, "these credentials may not look at it", "Run doctor once as an administrator.")
    if error.status in (400, 404, 405, 501):
        return Check(name, SKIPPED, f"this cluster cannot tell ({error})")
    return Check(name, FAILED, str(error), "Mend that first, then run doctor again.")
