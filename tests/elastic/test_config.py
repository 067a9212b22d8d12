"""The configuration: what it reads, what it refuses and in which words, and what it never shows."""

from __future__ import annotations

import pickle
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from busybody_elastic.config import ClusterSection, Config, InvalidConfig, Secret
from busybody_elastic.errors import ConfigError

WHOLE = """
cluster:
  url: [https://a.example:9200, https://b.example:9200/es]
  username: busybody
  password: {env: PASSWORD}
  timeout_seconds: 10
namespace: office
policy:
  name: office
  alerts: {budget: 2}
reader:
  indices: [logs-*, filebeat-*]
server:
  host: 0.0.0.0
  keys:
    - {env: DOOR}
    - sha256:9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08
  limits: {body_mb: 5}
gateway: {enabled: true, keys: true}
"""


def refused(mapping: dict[str, Any], **env: str) -> list[tuple[str | None, str]]:
    with pytest.raises(InvalidConfig) as raised:
        Config.from_mapping(mapping, env=env)
    return [(problem.key, problem.message) for problem in raised.value.problems]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "elastic.yaml"
    path.write_text(WHOLE)
    return path


def test_nothing_at_all_is_a_configuration() -> None:
    config = Config.load(None, {})
    assert config.cluster.url == ("https://localhost:9200",)
    assert config.namespace == "default"
    assert config.server.tls is None
    assert config.policy.name == "default"
    assert config == Config.from_mapping({})


def test_a_file(file: Path) -> None:
    config = Config.load(file, {"PASSWORD": "geheim", "DOOR": "sesame", "UNRELATED": "x"})
    assert config.cluster.url == ("https://a.example:9200", "https://b.example:9200/es")
    assert config.cluster.password == "geheim"
    assert config.policy.name == "office"
    assert [key.reveal()[:9] for key in config.server.keys] == ["sesame", "sha256:9f"]
    assert config.server.limits.body_mb == 5
    assert config.server.limits.concurrent == 64
    assert config.gateway.keys


def test_the_environment_wins(file: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text('{"name": "elsewhere"}')
    env = {
        "BUSYBODY_ELASTIC_CONFIG": str(file),
        "BUSYBODY_ELASTIC_CLUSTER__URL": "https://c.example, https://d.example",
        "BUSYBODY_ELASTIC_CLUSTER__PASSWORD": "0123",
        "BUSYBODY_ELASTIC_READER__OVERLAP_SECONDS": "12.5",
        "BUSYBODY_ELASTIC_GATEWAY__ENABLED": "False",
        "BUSYBODY_ELASTIC_SERVER__KEYS": "one,two",
        "BUSYBODY_ELASTIC_SERVER__LIMITS__CONCURRENT": "7",
        "BUSYBODY_ELASTIC_POLICY": str(tmp_path / "policy.json"),
    }
    config = Config.load(None, env)
    assert config.cluster.url == ("https://c.example", "https://d.example")
    assert config.cluster.password == "0123"
    assert config.cluster.username == "busybody"
    assert config.reader.overlap_seconds == 12.5
    assert not config.gateway.enabled
    assert config.server.keys == ("one", "two")
    assert config.server.limits.concurrent == 7
    assert config.policy.name == "elsewhere"


def test_keys_of_the_policy_by_the_environment() -> None:
    env = {"BUSYBODY_ELASTIC_POLICY__NAME": "x", "BUSYBODY_ELASTIC_POLICY__TRAVEL__MAX_SPEED_KMH": "700"}
    config = Config.load(None, env)
    assert (config.policy.name, config.policy.travel.max_speed_kmh) == ("x", 700)


# --- secrets ------------------------------------------------------------------------------------------------------


def test_a_secret_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sesame\n")
    expected = Config.from_mapping({"cluster": {"api_key": {"file": str(tmp_path / "key")}}})
    assert expected.cluster.api_key == "sesame"
    assert Config.from_mapping({"cluster": {"api_key_file": str(tmp_path / "key")}}) == expected
    assert Config.load(None, {"BUSYBODY_ELASTIC_CLUSTER__API_KEY_FILE": str(tmp_path / "key")}) == expected


def test_keys_in_a_file_one_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("one\n\ntwo\n")
    assert Config.from_mapping({"server": {"keys_file": str(tmp_path / "keys")}}).server.keys == ("one", "two")


def test_a_secret_shows_itself_nowhere(file: Path) -> None:
    config = Config.load(file, {"PASSWORD": "geheim", "DOOR": "sesame"})
    told = [repr(config), str(config.describe()), f"{config.cluster.password}", repr(config.server.keys)]
    told += [str(config.cluster.password), f"Basic {config.cluster.password}", repr(config.cluster)]
    assert not any("geheim" in text or "sesame" in text for text in told)
    assert config.describe()["cluster"]["password"] == "set"
    assert config.describe()["server"]["keys"] == "2 set"
    assert config.describe()["kibana"]["api_key"] == "not set"


def test_a_secret_is_text_where_it_is_used() -> None:
    secret = Secret("geheim")
    assert secret.encode() == b"geheim"
    assert "Bearer " + secret == "Bearer geheim"
    assert type(secret.reveal()) is str
    assert secret == "geheim"
    assert secret != "x"
    assert {secret: 1}["geheim"] == 1  # type: ignore[index]
    assert pickle.loads(pickle.dumps(secret)) == secret
    assert not Secret()


# --- mistakes, each with its key ----------------------------------------------------------------------------------

MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"clustr": {}}, "clustr", "is no key here. Did you mean 'cluster'? There are: cluster, namespace,"),
    ({"cluster": {"uri": "x"}}, "cluster.uri", "is no key here. Did you mean 'url'?"),
    ({"server": {"limits": {"body": 1}}}, "server.limits.body", "is no key here. Did you mean 'body_mb'?"),
    ({"cluster": "https://x"}, "cluster", "text is no section. Put its keys below it."),
    ({"cluster": {"url": []}}, "cluster.url", "[] is no list. Give URLs, each on a line of its own behind a dash."),
    ({"cluster": {"url": "localhost:9200"}}, "cluster.url", "'localhost:9200' is no URL of a server."),
    ({"cluster": {"url": "https://a:x"}}, "cluster.url", "'https://a:x' is no URL of a server."),
    ({"cluster": {"url": "https://a:1/?q=1"}}, "cluster.url", "is no URL of a server."),
    ({"cluster": {"url": "https://me:geheim@a"}}, "cluster.url", "has credentials in it."),
    ({"cluster": {"url": "http://a.example:9200"}}, "cluster.url", "would send passwords in the clear. Use https,"),
    ({"cluster": {"ca_file": "/nowhere"}}, "cluster.ca_file", "'/nowhere' is no file that is there. Check the path."),
    ({"cluster": {"password": "geheim"}}, "cluster.password", "write {file: /run/secrets/password} or {env: NAME}."),
    ({"cluster": {"password": {"file": "/nowhere"}}}, "cluster.password", "'/nowhere' cannot be read: No such file"),
    ({"cluster": {"password": {"env": "ABSENT"}}}, "cluster.password", "the environment has no 'ABSENT'"),
    ({"cluster": {"password": {"env": 1}}}, "cluster.password", "the environment has no 1"),
    ({"cluster": {"password": {"vault": "x"}}}, "cluster.password", "A secret does not belong into this file"),
    ({"cluster": {"api_key": {"env": "K"}, "api_key_file": "x"}}, "cluster.api_key_file", "stands beside api_key."),
    ({"cluster": {"username": "a"}}, "cluster.password", "is missing beside username."),
    ({"cluster": {"password": {"env": "K"}}}, "cluster.username", "is missing beside the password."),
    ({"cluster": {"api_key": {"env": "K"}, "username": "a", "password": {"env": "K"}}}, "cluster.api_key", "username"),
    ({"cluster": {"client_cert": __file__}}, "cluster.client_cert", "goes with client_key. Give both, or none."),
    ({"cluster": {"timeout_seconds": 0}}, "cluster.timeout_seconds", "0 is no number from 0.1 to 600. Give one."),
    ({"cluster": {"timeout_seconds": True}}, "cluster.timeout_seconds", "True is no number"),
    ({"cluster": {"compress": "yes"}}, "cluster.compress", "'yes' is neither true nor false."),
    (
        {"namespace": "My-Office"},
        "namespace",
        "'My-Office' will not do. Give 1 to 100 characters of a-z, 0-9, _ and dots.",
    ),
    ({"namespace": None}, "namespace", "None will not do."),
    ({"policy": {"alertz": {}}}, "policy.alertz", "is no key of a policy. Did you mean 'alerts'?"),
    ({"policy": {"travel": {"max_speed_kmh": -1}}}, "policy.travel.max_speed_kmh", "-1.0 is out of bounds."),
    ({"policy": "/nowhere.yaml"}, "policy", "No such file"),
    ({"policy": 7}, "policy", "7 is no policy. Give a path, or its keys below it."),
    ({"state": {"kind": "postgres"}}, "state.kind", "'postgres' is no choice. Give one of cluster, sqlite."),
    ({"state": {"kind": "sqlite"}}, "state.path", "is missing. Say where the SQLite file of the profiles shall lie."),
    ({"state": {"path": "x"}}, "state.path", "is for kind: sqlite. Remove it, or set state.kind."),
    ({"state": {"kind": "sqlite", "path": "/no/where"}}, "state.path", "the folder of '/no/where' is not there."),
    ({"state": {"kind": "sqlite", "path": "x", "partitions": 2}}, "state.kind", "is for one instance"),
    ({"state": {"partitions": 0}}, "state.partitions", "0 is no whole number from 1 to 256. Give one."),
    ({"state": {"partitions": 1.5}}, "state.partitions", "1.5 is no whole number"),
    ({"state": {"instance": "a b"}}, "state.instance", "'a b' will not do. Give 1 to 100 letters, digits, . : _ -."),
    ({"state": {"address": "https://me"}}, "state.internal_key", "is missing. Instances that reach each other"),
    ({"reader": {"indices": "a b"}}, "reader.indices", "'a b' will not do. Give names of indices"),
    ({"reader": {"page": 100_000}}, "reader.page", "100000 is no whole number from 1 to 10000. Give one."),
    ({"reader": {"filter": "sign-ins"}}, "reader.filter", "is no choice. Did you mean 'signins'?"),
    ({"server": {"port": 70_000}}, "server.port", "70000 is no whole number from 0 to 65535."),
    ({"server": {"keys": ["sesame"]}}, "server.keys[0]", "A secret does not belong into this file"),
    (
        {"server": {"keys": [{"env": "D"}]}},
        "server.keys[0]",
        "is no digest: that is sha256: and 64 hexadecimal digits.",
    ),
    ({"server": {"host": "0.0.0.0"}}, "server.host", "reach 0.0.0.0, and no key is asked for. Add server.keys or"),
    ({"server": {"host": "door.example"}}, "server.host", "or listen on 127.0.0.1."),
    ({"server": {"tls": {"cert": __file__}}}, "server.tls.cert", "goes with key. Give both, or none."),
    ({"server": {"tls": {"client_ca": __file__}}}, "server.tls.client_ca", "needs cert and key."),
    ({"gateway": {"keys": True}}, "gateway.keys", "asks for keys, and server.keys has none."),
    ({"gateway": {"upstream": "http://a.example"}}, "gateway.upstream", "would send passwords in the clear."),
    ({"kibana": {"url": "http://kibana.example"}}, "kibana.url", "would send passwords in the clear."),
    ({"kibana": {"space": "A Space"}}, "kibana.space", "Give the identifier of a space"),
    ({"alerts": {"slack_channel": "a b"}}, "alerts.slack_channel", "Give a channel such as #security-alerts."),
    ({"alerts": {"responder": "h:abc"}}, "alerts.responder", "'h:abc' is no server. Give host or host:port, the port"),
    ({"alerts": {"responder": "h:0"}}, "alerts.responder", "'h:0' is no server."),
    ({"alerts": {"responder": "h:65536"}}, "alerts.responder", "'h:65536' is no server."),
    ({"alerts": {"responder": "h:1:2"}}, "alerts.responder", "'h:1:2' is no server."),
    ({"alerts": {"responder": 443}}, "alerts.responder", "443 is no server."),
    ({"log": {"level": "verbose"}}, "log.level", "is no choice. Give one of debug, info, warning, error."),
]


@pytest.mark.parametrize(
    ("mapping", "key", "words"), MISTAKES, ids=[f"{n}-{key}" for n, (_, key, _) in enumerate(MISTAKES)]
)
def test_a_mistake_names_its_key_and_the_next_step(mapping: dict[str, Any], key: str, words: str) -> None:
    ((found, message),) = refused(mapping, K="sesame", D="sha256:abcd")
    assert found == key
    assert words in message
    assert "geheim" not in message


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_no_key(host: str) -> None:
    assert Config.from_mapping({"server": {"host": host}}).server.host == host


def test_certificates_of_callers_are_as_good_as_keys() -> None:
    tls = {"cert": __file__, "key": __file__, "client_ca": __file__}
    assert Config.from_mapping({"server": {"host": "0.0.0.0", "tls": tls}}).server.host == "0.0.0.0"


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "elastic.yaml"
    path.write_text("cluster:\n  uri: x\nlog:\n  level: loud\npolicy:\n  nam: x\n")
    with pytest.raises(InvalidConfig) as raised:
        Config.load(path, {"BUSYBODY_ELASTIC_READER__PAGE": "many"})
    known = [field.name for field in fields(ClusterSection)]
    assert str(raised.value).splitlines() == [
        "4 problems:",
        "  BUSYBODY_ELASTIC_READER__PAGE: reader.page: 'many' is no whole number from 1 to 10000. Give one.",
        f"  {path}:2: cluster.uri: is no key here. Did you mean 'url'? There are: {', '.join(known)}.",
        f"  {path}:4: log.level: 'loud' is no choice. Give one of debug, info, warning, error.",
        f"  {path}:6: policy.nam: is no key of a policy. Did you mean 'name'?",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a\n", "is no configuration. Write keys and values, such as cluster:"),
        ("cluster: {}\ncluster: {}\n", ":2: cluster: stands there twice, first on line 1."),
        ("cluster: [\n", "is no YAML"),
        ("a: &x 1\nb: *x\n", "is an alias of a."),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "elastic.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        Config.load(path, {})
    assert words in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory. Check the path"):
        Config.load(tmp_path / "none.yaml", {})


def test_an_empty_secret_file(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    ((key, message),) = refused({"cluster": {"api_key_file": str(tmp_path / "empty")}})
    assert key == "cluster.api_key_file"
    assert "is empty. Write the secret into it" in message


def test_http_is_for_this_machine_or_on_purpose() -> None:
    for url in ("http://localhost:9200", "http://127.0.0.1:9200", "http://[::1]:9200"):
        assert Config.from_mapping({"cluster": {"url": url}}).cluster.url == (url,)
    assert Config.from_mapping({"cluster": {"url": "http://es:9200", "plain_http": True}})


def test_an_unknown_variable_is_named() -> None:
    ((key, message),) = refused({}, BUSYBODY_ELASTIC_CLUSTER__PASWORD="geheim")
    assert key == "cluster.pasword"
    assert "Did you mean 'password'?" in message
