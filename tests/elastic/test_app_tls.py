"""TLS at the doors and towards the cluster: verified, always; with `client_ca` callers show who they are."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from busybody_elastic.app import build_app
from busybody_elastic.errors import ConfigError
from doors import LocalRouter, config, ready, running, serving, signin
from relays import Authority
from upstream import Cluster, listening


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def trusting(authority: Authority, client: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.file))
    if client is not None:
        context.load_cert_chain(*client)
    return context


def doors(authority: Authority, **tls: Any) -> Any:
    cert, key = authority.sign("127.0.0.1")
    made = config(server={"tls": {"cert": str(cert), "key": str(key), **tls}})
    return serving(build_app(made, LocalRouter(), status=ready), made)


def test_the_doors_speak_tls_and_nothing_else(authority: Authority, tmp_path: Path) -> None:
    with doors(authority) as port:
        answer = httpx.post(f"https://127.0.0.1:{port}/score", content=json.dumps(signin()), verify=trusting(authority))
        assert answer.json()["busybody"]["status"] == "scored"
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"https://127.0.0.1:{port}/healthz", verify=trusting(Authority(tmp_path, "other")))
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/healthz")


def test_with_client_ca_only_its_callers_enter(authority: Authority, tmp_path: Path) -> None:
    with doors(authority, client_ca=str(authority.file)) as port:
        url = f"https://127.0.0.1:{port}/healthz"
        assert httpx.get(url, verify=trusting(authority, authority.sign("shipper"))).status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.get(url, verify=trusting(authority))
        with pytest.raises(httpx.HTTPError):
            httpx.get(url, verify=trusting(authority, Authority(tmp_path, "other").sign("shipper")))


def test_the_gateway_verifies_the_cluster(authority: Authority, tmp_path: Path) -> None:
    cluster, other = Cluster(), Authority(tmp_path, "other")
    with listening(cluster, authority.server()) as upstream:
        for file, status in ((authority.file, 200), (other.file, 503)):
            section = {"enabled": True, "upstream": [upstream], "ca_file": str(file)}
            with running(build_app(config(gateway=section), LocalRouter(), status=ready)) as url:
                assert httpx.get(url).status_code == status
    assert len(cluster.seen) == 1


def test_a_ca_file_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    section = {"enabled": True, "upstream": ["https://127.0.0.1:9"], "ca_file": str(tmp_path / "ca.pem")}
    with pytest.raises(ConfigError, match="holds no certificate"):
        build_app(config(gateway=section), LocalRouter(), status=ready)
