"""Whether the configured credentials may do what the service does; asked of the cluster, never tried out."""

from __future__ import annotations

from typing import Any, Iterator

from ..errors import ClusterError
from ..install.keys import role
from .findings import FAILED, OK, SKIPPED, Check, Patient, listed

NO_SECURITY = (400, 405, 500)  # how a cluster without it answers


def privileges(patient: Patient) -> Iterator[Check]:
    """The role `run` in this namespace, and reading what the reader follows."""
    wanted = role("run", "elasticsearch", patient.config.namespace)
    local = [pattern for pattern in patient.config.reader.indices if ":" not in pattern and pattern[:1] != "-"]
    asked = [{key: entry[key] for key in ("names", "privileges")} for entry in wanted["indices"]]
    if patient.config.reader.enabled and local:
        asked.append({"names": local, "privileges": ["read", "view_index_metadata"]})
    if patient.cluster.flavour == "opensearch":
        yield _opensearch(patient)
        return
    body = {"cluster": wanted["cluster"], "index": asked}
    try:
        answer = patient.cluster.request("POST", "/_security/user/_has_privileges", body)
    except ClusterError as error:
        if error.status not in NO_SECURITY:
            raise
        yield Check("privileges", SKIPPED, "this cluster runs without security: everybody may do anything")
        return
    missing = [f"cluster {name}" for name, granted in answer["cluster"].items() if not granted]
    missing += [
        f"{name} on {index}" for index, row in answer["index"].items() for name, held in row.items() if not held
    ]
    who = f"{answer['username']} (namespace {patient.config.namespace})"
    if missing:
        todo = "Give the role of roles/elasticsearch/run.json, or a key: busybody-elastic api-key run."
        yield Check("privileges", FAILED, f"{who} lacks {listed(missing)}", todo)
    else:
        yield Check("privileges", OK, f"{who} may do all that the service does")


def _opensearch(patient: Patient) -> Check:
    """It tells who somebody is, not what they may do."""
    try:
        answer: Any = patient.cluster.request("GET", "/_plugins/_security/authinfo")
    except ClusterError as error:
        if error.status not in NO_SECURITY:
            raise
        return Check("privileges", SKIPPED, "this cluster runs without security: everybody may do anything")
    roles = listed(sorted(answer.get("roles", [])))
    todo = "Compare them with roles/opensearch/run.json: OpenSearch does not answer what a user may do."
    return Check("privileges", SKIPPED, f"{answer.get('user_name', 'somebody')} has the roles {roles}", todo)
