"""Each role does its whole work with nothing but itself; and of its privileges none is superfluous.

The work runs once with exactly that role (role_work.py) while every request is noted. Then the same requests are sent
again, in a namespace of their own each time, by users who lack one privilege of one index pattern each: some request
must now be refused, or see nothing. These nodes have neither the role nor the API-key API, so the roles stand in
roles.yml and the users in the file realm.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import httpx
import pytest
from busybody_elastic import assets
from busybody_elastic.cluster import connect
from busybody_elastic.cluster.elasticsearch import ElasticsearchCluster
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.errors import ClusterError
from busybody_elastic.install import run as install
from busybody_elastic.install.keys import ROLES, create, role
from busybody_elastic.names import Names
from having import ELASTICSEARCH, config_of, settings_of
from install_nodes import own
from jsonschema import Draft202012Validator
from nodes import RELOAD, Node, call, user_line, wait
from role_work import Hands, broken

PASSWORD = "not-a-secret-of-anybody"
# What these nodes have no API for: whether the role allows the action itself is asked of the node.
UNTRIED = {
    "manage_ingest_pipelines": "cluster:admin/ingest/pipeline/put",
    "manage_ilm": "cluster:admin/ilm/put",
    "manage_watcher": "cluster:admin/xpack/watcher/watch/put",
}
ASKED = {"cluster": [*UNTRIED.values()]}


class Sent(NamedTuple):
    """A request, and whether the administrator or the one with the role sent it."""

    by_admin: bool
    method: str
    target: str
    body: Any
    content: str


def narrowed(name: str, prefix: str) -> dict[str, Any]:
    """The role for namespaces that begin so; what the reader follows is an index of the test's own."""
    body = role(name, "elasticsearch", None if name == "install" else f"{prefix}*")
    for entry in body["indices"]:
        entry["names"] = [f"signins-{prefix}*" if pattern == "logs-*" else pattern for pattern in entry["names"]]
    return body


def without_one(body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is taken away, in words, and the role without it."""
    for privilege in body["cluster"]:
        yield f"cluster {privilege}", {**body, "cluster": [name for name in body["cluster"] if name != privilege]}
    for place, entry in enumerate(body["indices"]):
        for pattern in entry["names"]:
            for privilege in entry["privileges"]:
                less = deepcopy(dict(body))
                less["indices"][place]["names"].remove(pattern)
                rest = [name for name in entry["privileges"] if name != privilege]
                less["indices"].append({"names": [pattern], "privileges": rest or ["none"]})
                less["indices"] = [row for row in less["indices"] if row["names"]]
                yield f"{privilege} on {pattern}", less


def add_people(node: Node, roles: Mapping[str, Mapping[str, Any]]) -> None:
    """A user for each role, of the same name; returns when the node knows all of them."""
    node._append("roles.yml", "".join(f"{name}: {json.dumps(body)}\n" for name, body in roles.items()))
    node._append("users_roles", "".join(f"{name}:{name}\n" for name in roles))
    node._append("users", "".join(user_line(name, PASSWORD) for name in roles))
    who = f"{node.url}/_security/_authenticate"
    for name in roles:
        wait(lambda name=name: (call(who, name, PASSWORD) or {}).get("roles") == [name], 60, f"no {name}")  # type: ignore[misc]
    last, check = list(roles)[-1], f"{node.url}/_security/user/_has_privileges"
    wait(lambda: httpx.post(check, json=ASKED, auth=(last, PASSWORD)).status_code == 200, 60, "roles are not read")
    wait_for_roles(node, list(roles))


def wait_for_roles(node: Node, names: list[str]) -> None:
    """roles.yml may be read a round later than the users; an unknown role is named in what is refused."""

    def known() -> bool:
        told = [httpx.get(f"{node.url}/none/_doc/1", auth=(name, PASSWORD)).text for name in (names[0], names[-1])]
        return not any("were not found" in text for text in told)

    wait(known, 60 * RELOAD, "roles are not read")


@pytest.fixture(scope="module", params=ELASTICSEARCH)
def node(request: pytest.FixtureRequest) -> Node:
    return own(request.param)[0]


@pytest.fixture(scope="module")
def admin(node: Node) -> Iterator[Cluster]:
    """Once it is installed, nothing becomes visible unless somebody who may refreshes it."""
    cluster = connect(settings_of(node))
    names = [f"{name}@custom" for name in assets.read("templates/index")]
    manual = {"template": {"settings": {"index.refresh_interval": "-1", "index.number_of_replicas": 0}}}
    for name in names:
        cluster.request("PUT", f"/_component_template/{name}", manual)
    cluster.request("DELETE", "/.alerts-security.alerts-default", params={"ignore_unavailable": "true"})
    yield cluster
    for name in names:
        cluster.request("PUT", f"/_component_template/{name}", {"template": {}})
    cluster.close()


@pytest.fixture
def sent(admin: Cluster, monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """Every request from here on."""
    noted: list[Sent] = []
    true = ElasticsearchCluster._send

    def send(self: ElasticsearchCluster, method: str, target: str, body: Any, content: str) -> Any:
        noted.append(Sent(self is admin, method, target, body, content))
        return true(self, method, target, body, content)

    monkeypatch.setattr(ElasticsearchCluster, "_send", send)
    return noted


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.parametrize("name", ROLES)
def test_a_role_allows_its_whole_work_and_nothing_of_it_is_superfluous(
    name: str, node: Node, admin: Cluster, sent: list[Sent]
) -> None:
    prefix = "t" + secrets.token_hex(5)
    body = narrowed(name, prefix)
    less = dict(without_one(body)) if node.name == "es9" else {}  # what a privilege allows is the same in both
    people = {f"{prefix}{place}": role for place, role in enumerate([body, *less.values()])}
    add_people(node, people)
    if name == "install":
        install("uninstall", config_of(node), admin)
    else:
        assert install("install", config_of(node), admin).ok
    namespace = f"{prefix}w"
    told = broken(name, Hands(node, replace(node, user=f"{prefix}0", password=PASSWORD), admin, namespace))
    assert told == ""

    requests = once(sent, namespace)
    fresh = replayed(node, f"{prefix}0", requests, namespace, f"{prefix}a")
    whole = replayed(node, f"{prefix}0", requests, namespace, f"{prefix}a", again=True)
    superfluous = []
    for place, what in enumerate(less, 1):
        user = f"{prefix}{place}"
        if what.startswith("auto_configure"):  # it is needed where nothing exists yet
            same = replayed(node, user, requests, namespace, f"{prefix}c{place}", until=fresh) == fresh
        else:
            same = replayed(node, user, requests, namespace, f"{prefix}a", until=whole, again=True) == whole
        if same:
            superfluous.append(what)
    assert superfluous == []


def once(sent: list[Sent], namespace: str) -> list[Sent]:
    """One request of each sort; pages of a point in time go by its id, which nobody has again."""
    seen, kept = set(), [Sent(False, "GET", "/_nodes/_local", None, ""), Sent(False, "POST", "/_security/user/_has_privileges", ASKED, "")]  # fmt: skip
    for one in sent:
        body = one.body
        if one.target.startswith(("/_pit", "/_search")):
            continue
        if isinstance(body, bytes | str) and "/_bulk" in one.target:
            body = first_of_each(body if isinstance(body, str) else body.decode())
        what = sorts(body) if "/_bulk" in one.target else ("if_seq_no" in one.target, "/_create/" in one.target)
        key = one.by_admin, one.method, shape(one.target), str(what)
        if key not in seen:
            seen.add(key)
            kept.append(one._replace(body=body))
    return kept


def shape(target: str) -> str:
    """A path without the ids of documents."""
    path, _, query = target.partition("?")
    head, found, _ = path.partition("/_doc/")
    return f"{head}{found}?{'op_type=create' in query}"


def first_of_each(text: str) -> str:
    lines, kept, seen = iter(text.splitlines()), [], set()
    for line in lines:
        [(operation, meta)] = json.loads(line).items()
        source = None if operation == "delete" else next(lines)
        if (operation, meta["_index"]) not in seen:
            seen.add((operation, meta["_index"]))
            kept += [line] if source is None else [line, source]
    return "\n".join(kept) + "\n"


def sorts(text: str) -> list[str]:
    return [line[:90].partition('"_id"')[0] for line in text.splitlines() if '"_index"' in line[:90]]


def replayed(
    node: Node, user: str, requests: list[Sent], old: str, new: str, until: list[Any] | None = None, *,
    again: bool = False,
) -> list[Any]:  # fmt: skip
    """What somebody is answered to the requests, in another namespace; `until` ends at the first difference to it.

    `again`: the administrator's part has been done there.
    """
    answers: list[Any] = []
    with httpx.Client(base_url=node.url, timeout=60) as client:
        for one in requests:
            if again and one.by_admin:
                continue
            text = one.body if isinstance(one.body, str | bytes) else json.dumps(one.body) if one.body else ""
            text = (text.decode() if isinstance(text, bytes) else text).replace(old, new)
            headers = {"content-type": one.content or "application/json"} if text else {}
            auth = (node.user, node.password) if one.by_admin else (user, PASSWORD)
            answer = client.request(one.method, one.target.replace(old, new), content=text, headers=headers, auth=auth)
            if one.by_admin:
                continue
            answers.append(gist(answer))
            if until is not None and answers[-1] != until[len(answers) - 1]:
                break
    return answers


def gist(answer: httpx.Response) -> Any:
    """Whether it was allowed, and whether it saw anything."""
    try:
        body = answer.json()
    except ValueError:
        return answer.status_code == 403
    if not isinstance(body, dict):
        return answer.status_code == 403
    shards = (
        body.get("_shards", {}).get("total")
        if "hits" in body or "id" in body or answer.request.url.path.endswith("_refresh")
        else None
    )
    items = [next(iter(item.values()))["status"] == 403 for item in body.get("items", ())]
    listed = [len(body[key]) for key in ("data_streams", "indices") if isinstance(body.get(key), list)]
    return (
        answer.status_code == 403,
        shards,
        items,
        listed,
        bool(body),
        body.get("has_all_requested"),
        body.get("cluster"),
    )


# --- without a node -----------------------------------------------------------------------------------------------

# https://docs.opensearch.org/latest/security/access-control/api/#create-role
OPENSEARCH_ROLE = {
    "type": "object", "additionalProperties": False, "required": ["cluster_permissions", "index_permissions"],
    "properties": {
        "description": {"type": "string"},
        "cluster_permissions": {"type": "array", "items": {"type": "string"}},
        "index_permissions": {"type": "array", "minItems": 1, "items": {
            "type": "object", "additionalProperties": False, "required": ["index_patterns", "allowed_actions"],
            "properties": {"index_patterns": {"type": "array", "minItems": 1}, "allowed_actions": {"type": "array", "minItems": 1}},
        }},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", ROLES)
def test_opensearchs_roles_have_the_shape_of_its_api_and_reach_as_far_as_elasticsearchs(name: str) -> None:
    theirs, ours = role(name, "opensearch"), role(name)
    assert [error.message for error in Draft202012Validator(OPENSEARCH_ROLE).iter_errors(theirs)] == []
    reach = {pattern for entry in theirs["index_permissions"] for pattern in entry["index_patterns"]}
    assert reach == {pattern for entry in ours["indices"] for pattern in entry["names"]} - {".alerts-security.alerts-*"}


@pytest.mark.parametrize("name", ["verdict", "responder"])
def test_who_only_adds_can_neither_change_nor_delete(name: str) -> None:
    [ours] = role(name)["indices"]
    assert not {"all", "write", "index", "delete"} & {*ours["privileges"]}
    [theirs] = role(name, "opensearch")["index_permissions"]
    assert not {"write", "index", "delete", "crud", "data_access", "indices_all"} & {*theirs["allowed_actions"]}
    for action in ("indices:data/write/update", "indices:data/write/delete"):
        assert not any(fnmatchcase(action, allowed) for allowed in theirs["allowed_actions"])
    for action in ("indices:data/write/index", "indices:data/write/bulk[s]", "indices:admin/auto_create"):
        assert any(fnmatchcase(action, one) for one in theirs["allowed_actions"])


def test_the_service_may_refresh_on_opensearch_whatever_it_erases_people_from() -> None:
    erased = {*Names("*").streams, *Names("*").indices}
    rows = [row for row in role("run", "opensearch")["index_permissions"] if row["index_patterns"] != ["logs-*"]]
    refreshed = {
        name for row in rows if "indices:admin/refresh*" in row["allowed_actions"] for name in row["index_patterns"]
    }
    assert refreshed == erased | {"busybody-risk-*"}


def test_a_key_is_for_one_namespace_and_for_what_its_role_may() -> None:
    asked: list[Any] = []

    class Security:
        flavour = "elasticsearch"

        def request(self, method: str, path: str, body: Any = None) -> Any:
            asked.append((method, path, body))
            return {"encoded": "c2VjcmV0"}

    assert create(Security(), "verdict", "emea", days=30) == "c2VjcmV0"  # type: ignore[arg-type]
    [(method, path, body)] = asked
    assert (method, path, body["name"], body["expiration"]) == (
        "POST", "/_security/api_key", "busybody-verdict-emea", "30d",
    )  # fmt: skip
    [descriptor] = body["role_descriptors"].values()
    assert descriptor["indices"] == [
        {"names": ["busybody-verdict-emea"], "privileges": ["auto_configure", "create_doc"]}
    ]


def test_the_services_key_reads_what_the_reader_follows_in_other_clusters_too() -> None:
    asked: list[Any] = []

    class Security:
        flavour = "elasticsearch"

        def request(self, method: str, path: str, body: Any = None) -> Any:
            asked.append(body)
            return {"encoded": "c2VjcmV0"}

    patterns = (
        "logs-*",
        "-logs-noise-*",
        "winlogbeat-*",
        "eu:logs-okta*",
        "eu:winlogbeat-*",
        "*:audit-*",
        "eu:-logs-noise-*",
    )
    create(Security(), "run", "emea", reads=patterns)  # type: ignore[arg-type]
    create(Security(), "read", "emea", reads=patterns)  # type: ignore[arg-type]
    run, read = (next(iter(body["role_descriptors"].values())) for body in asked)
    assert {"names": ["winlogbeat-*"], "privileges": ["read", "view_index_metadata"]} in run["indices"]
    assert [(row["clusters"], row["names"]) for row in run["remote_indices"]] == [
        (["eu"], ["logs-okta*", "winlogbeat-*"]),
        (["*"], ["audit-*"]),
    ]
    assert "read_cross_cluster" in run["remote_indices"][0]["privileges"]
    assert read == role("read", namespace="emea")


@pytest.mark.node
def test_a_cluster_without_api_keys_says_so(elasticsearch_node: Node) -> None:
    cluster = connect(settings_of(elasticsearch_node))
    with pytest.raises(ClusterError, match="makes no API keys"):
        create(cluster, "run")
    cluster.close()
