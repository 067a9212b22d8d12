"""TLS towards the cluster: verified always, and a sentence that says why not."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from busybody_elastic.app import build_app
from busybody_elastic.cluster import connect
from busybody_elastic.errors import ClusterError, ConfigError
from doors import LocalRouter, config, ready, running
from having import settings_of
from nodes import Node
from relays import Authority, relay

pytestmark = pytest.mark.node


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def trying(node: Node, tls: ssl.SSLContext | None, scheme: str = "https", **settings: Any) -> str:
    """What connecting through TLS says; empty where it works, for reading and writing."""
    with relay(node.url, tls) as made:
        url = f"{scheme}://{made.url.partition('://')[2]}"
        try:
            cluster = connect(settings_of(node, url=(url,), **settings))
        except ClusterError as error:
            assert made.seen == [], "nothing was sent"
            return str(error)
        assert cluster.get("nothing", "a") is None
        assert cluster.request("HEAD", "/nothing") is False
        cluster.close()
        return ""


def test_our_own_authority_is_trusted_when_named(node: Node, authority: Authority) -> None:
    assert trying(node, authority.server(), ca_file=authority.file) == ""


def test_another_authority_is_refused(node: Node, authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    told = trying(node, authority.server(), ca_file=other.file)
    assert "an unknown authority signed its certificate" in told
    assert told.endswith("Name the right one in cluster.ca_file.")
    assert "unknown authority" in trying(node, authority.server()), "nor do the machine's authorities help"


def test_a_certificate_for_another_name_is_refused(any_node: Node, authority: Authority) -> None:
    told = trying(any_node, authority.server("elasticsearch.example"), ca_file=authority.file)
    assert "its certificate is for another name" in told


def test_an_expired_certificate_is_refused(any_node: Node, authority: Authority) -> None:
    told = trying(any_node, authority.server(days=-1), ca_file=authority.file)
    assert "its certificate is not valid now" in told


def test_a_port_without_tls_says_so(any_node: Node) -> None:
    assert "does not speak TLS" in trying(any_node, None)


def test_a_client_certificate_is_shown(node: Node, authority: Authority) -> None:
    tls = authority.server(clients=True)
    cert, key = authority.sign("busybody")
    assert trying(node, tls, ca_file=authority.file, client_cert=cert, client_key=key) == ""
    assert trying(node, tls, ca_file=authority.file) != ""


def test_the_authority_that_changes_while_we_run_is_refused(node: Node, authority: Authority, tmp_path: Path) -> None:
    """The product's own client verifies, too, not only the first look."""
    other = Authority(tmp_path, "other")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority.sign("127.0.0.1"))
    with relay(node.url, tls) as made:
        cluster = connect(settings_of(node, url=(made.url,), ca_file=authority.file))
        tls.load_cert_chain(*other.sign("127.0.0.1"))
        made.seen.clear()
        with pytest.raises(ClusterError, match="an unknown authority"):
            cluster.put("things", "a", {"n": 1})
        assert made.seen == []
        cluster.close()


def test_a_file_that_is_no_certificate(any_node: Node, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ConfigError, match="holds no certificate") as raised:
        connect(settings_of(any_node, ca_file=tmp_path / "ca.pem"))
    assert raised.value.key == "cluster.ca_file"


@pytest.mark.parametrize(("section", "key"), [("gateway", "gateway.ca_file"), ("cluster", "cluster.ca_file")])
def test_of_the_gateway_the_key_is_named_that_is_wrong(
    any_node: Node, authority: Authority, tmp_path: Path, section: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    nothing, other = tmp_path / "ca.pem", Authority(tmp_path, "other")
    nothing.write_text("nothing")
    settings: dict[str, dict[str, Any]] = {"cluster": {}, "gateway": {"enabled": True}}
    settings[section]["ca_file"] = str(nothing)
    with pytest.raises(ConfigError, match="holds no certificate") as raised:
        build_app(config(**settings), LocalRouter(), status=ready)
    assert raised.value.key == key
    settings[section]["ca_file"] = str(other.file)
    with relay(any_node.url, authority.server()) as made:
        settings["cluster"]["url"] = made.url
        with running(build_app(config(**settings), LocalRouter(), status=ready)) as url:
            assert httpx.get(f"{url}/_search").status_code == 503
    assert f"Name the right one in {key}." in caplog.text
