"""REST to splunkd: verified TLS, one connection, faults that name the next step."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator, List

import pytest
import tls
from busybody.errors import StoreError
from busybody_splunk import trust
from busybody_splunk.protocol import Search
from busybody_splunk.rest import Splunkd, SplunkdError
from fake_splunkd import LIMITED_KEY, FakeSplunkd

CONTEXT = "/services/authentication/current-context"
DATA = "/servicesNS/nobody/busybody/storage/collections/data/things"


@pytest.fixture(scope="module")
def served() -> Iterator[FakeSplunkd]:
    with FakeSplunkd() as fake:
        yield fake


@pytest.fixture
def fake(served: FakeSplunkd) -> FakeSplunkd:
    served.control({"reset": True})
    served.requests.clear()
    return served


@pytest.fixture
def waits() -> List[float]:
    return []


@pytest.fixture
def splunkd(fake: FakeSplunkd, waits: List[float]) -> Iterator[Splunkd]:
    client = Splunkd(fake.uri, fake.session_key, ca_file=fake.ca_file, timeout=5, sleep=waits.append)
    yield client
    client.close()


def context_of(splunkd: Splunkd) -> Any:
    return splunkd.get(CONTEXT)["entry"][0]["content"]["username"]


def test_certificate_of_splunks_own_shape_is_verified(splunkd: Splunkd) -> None:
    assert context_of(splunkd) == "admin"


def test_python_would_refuse_that_certificate_in_strict_mode(fake: FakeSplunkd) -> None:
    context = ssl.create_default_context(cafile=fake.ca_file)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    strict = Splunkd(fake.uri, fake.session_key, ca_file=fake.ca_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("busybody_splunk.rest.context_for", lambda *_: context)
        with pytest.raises(SplunkdError, match="its certificate is not to be trusted"):
            context_of(strict)


@pytest.mark.parametrize("trusted", ["another authority", "expired"])
def test_stranger_is_refused(trusted: str, tmp_path: Path) -> None:
    with FakeSplunkd(server=tls.EXPIRED if trusted == "expired" else tls.SERVER) as stranger:
        authority = tls.write(tmp_path, authority=tls.CA if trusted == "expired" else tls.OTHER_CA)
        client = Splunkd(stranger.uri, stranger.session_key, ca_file=str(authority), sleep=lambda _: None)
        with pytest.raises(SplunkdError, match="sslRootCAPath name the PEM file") as caught:
            context_of(client)
        assert "its certificate is not to be trusted" in str(caught.value)
        assert stranger.requests == []


def test_names_are_compared_except_on_loopback(fake: FakeSplunkd) -> None:
    for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost"):
        assert not trust.context_for(host, fake.ca_file).check_hostname
    for host in ("splunk.example.com", "10.0.0.1", "127.0.0.1.example.com"):
        context = trust.context_for(host, fake.ca_file)
        assert context.check_hostname
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert not context.verify_flags & ssl.VERIFY_X509_STRICT


def test_certificate_without_the_name_is_refused_elsewhere(fake: FakeSplunkd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "is_loopback", lambda _: False)
    client = Splunkd(fake.uri, fake.session_key, ca_file=fake.ca_file)
    with client, pytest.raises(SplunkdError, match="its certificate is not to be trusted") as caught:
        context_of(client)
    assert "subjectAltName" in str(caught.value)
    assert "sslRootCAPath" not in str(caught.value)  # the authority is trusted; another one would not help


def test_a_session_key_that_no_header_carries_is_not_repeated(fake: FakeSplunkd) -> None:
    for key in ("a\r\nX-Evil: 1", "k\u0113y"):
        with Splunkd(fake.uri, key, ca_file=fake.ca_file) as client, pytest.raises(SplunkdError) as caught:
            context_of(client)
        assert str(caught.value) == "splunkd: the session key or the address cannot be sent. Run the search again."
    assert fake.requests == []


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:8089", "127.0.0.1:8089", "", "https://127.0.0.1:port", "https://[::1", "https://h:99999"]
)
def test_address_without_tls_is_refused(uri: str) -> None:
    with pytest.raises(SplunkdError, match="is no https address. Set enableSplunkdSSL"):
        Splunkd(uri, "key")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_trusted_file_follows_splunks_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    etc = tmp_path / "etc"
    monkeypatch.setenv("SPLUNK_HOME", str(tmp_path))
    assert trust.trusted_file() == etc / "auth" / "cacert.pem"
    write(etc / "system" / "default" / "server.conf", "[sslConfig]\nsslRootCAPath =\n")
    assert trust.trusted_file() == etc / "auth" / "cacert.pem"
    write(etc / "apps" / "b_app" / "local" / "server.conf", "[sslConfig]\nsslRootCAPath = /etc/b.pem\n")
    write(etc / "apps" / "a_app" / "default" / "server.conf", "[sslConfig]\nsslRootCAPath = /etc/a.pem\n")
    assert trust.trusted_file() == Path("/etc/b.pem")
    text = (
        "# sslRootCAPath = no\n[other]\nsslRootCAPath = no\n[sslConfig]\n # c\nsslRootCAPath = $SPLUNK_HOME/our.pem\n"
    )
    write(etc / "system" / "local" / "server.conf", text)
    assert trust.trusted_file() == tmp_path / "our.pem"
    write(etc / "system" / "local" / "server.conf", "[sslConfig]\nsslRootCAPath = etc/auth/mine.pem\n")
    assert trust.trusted_file() == etc / "auth" / "mine.pem"


def test_search_brings_address_and_session(fake: FakeSplunkd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLUNK_HOME", str(tmp_path))
    tls.write(tmp_path / "etc" / "auth")
    with_search = Splunkd.of(Search(splunkd_uri=fake.uri, session_key=fake.session_key))
    assert context_of(with_search) == "admin"
    with_search.close()


def test_without_certificates_it_says_where_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLUNK_HOME", str(tmp_path))
    with pytest.raises(StoreError, match="cannot be read as PEM certificates"):
        context_of(Splunkd("https://127.0.0.1:1", "key"))
    monkeypatch.delenv("SPLUNK_HOME")
    with pytest.raises(StoreError, match="SPLUNK_HOME: is not set"):
        context_of(Splunkd("https://127.0.0.1:1", "key"))


@pytest.mark.parametrize(
    ("key", "path", "status", "told"),
    [
        ("wrong", CONTEXT, 401, "The session has ended. Run the search again."),
        (
            LIMITED_KEY,
            "/servicesNS/nobody/busybody/storage/passwords",
            403,
            "busybody_user reads, busybody_admin writes",
        ),
        ("session-of-the-tests", "/services/nothing/here", 404, "installed whole and enabled"),
    ],
)
def test_refusal_names_the_next_step(fake: FakeSplunkd, key: str, path: str, status: int, told: str) -> None:
    client = Splunkd(fake.uri, key, ca_file=fake.ca_file)
    with pytest.raises(SplunkdError) as caught:
        client.get(path)
    client.close()
    assert caught.value.status == status
    assert str(caught.value).startswith(f"splunkd: GET {path}: {status}: ")
    assert told in str(caught.value)
    assert key not in str(caught.value)


def test_session_key_is_in_no_url_and_no_error(fake: FakeSplunkd, splunkd: Splunkd) -> None:
    fake.fail(500, text="Internal Server Error")
    with pytest.raises(SplunkdError, match="500: Internal Server Error"):
        splunkd.get(DATA, query='{"a":"b c&d"}')
    assert fake.requests == [f"GET {DATA}?query=%7B%22a%22%3A%22b%20c%26d%22%7D"]
    assert fake.session_key not in repr(splunkd)


def test_busy_splunkd_is_asked_again(fake: FakeSplunkd, splunkd: Splunkd, waits: List[float]) -> None:
    fake.fail(503, times=2)
    assert context_of(splunkd) == "admin"
    assert waits == [0.2, 1.0]


def test_kv_store_that_is_down_is_named(fake: FakeSplunkd, splunkd: Splunkd, waits: List[float]) -> None:
    fake.kv.down = "KV Store initialization has not been completed yet."
    with pytest.raises(SplunkdError) as caught:
        splunkd.get(DATA)
    assert caught.value.status == 503
    assert str(caught.value) == (
        "splunkd: the KV store is not available (503: KV Store initialization has not been completed yet). "
        "If it goes on, ask an administrator to look at: splunk show kvstore-status"
    )
    assert len(waits) == 2


def test_cut_connection_is_opened_again(fake: FakeSplunkd, splunkd: Splunkd) -> None:
    assert context_of(splunkd) == "admin"
    fake.fail(cut=True, times=2)
    assert context_of(splunkd) == "admin"
    fake.fail(cut=True, times=3)
    with pytest.raises(SplunkdError, match="the connection broke: .* Check that splunkd runs"):
        context_of(splunkd)


def test_post_is_not_repeated_unless_that_is_safe(fake: FakeSplunkd, splunkd: Splunkd) -> None:
    fake.fail(cut=True, late=True)
    with pytest.raises(SplunkdError, match="the connection broke"):
        splunkd.post(DATA, json={"_key": "a"})
    assert len(fake.requests) == 1
    fake.fail(cut=True, late=True)
    with pytest.raises(SplunkdError) as caught:
        splunkd.post(DATA, json={"_key": "b"}, again=True)
    assert caught.value.status == 409
    assert "A document with the same key and user already exists" in str(caught.value)


def test_silence_ends(fake: FakeSplunkd, waits: List[float]) -> None:
    client = Splunkd(fake.uri, fake.session_key, ca_file=fake.ca_file, timeout=0.1, sleep=waits.append)
    fake.fail(silent=30.0, times=3)
    with pytest.raises(SplunkdError, match=r"gave no answer in 0\.1 s\. Check"):
        context_of(client)
    fake.wake.set()


def test_nobody_there(waits: List[float], fake: FakeSplunkd) -> None:
    client = Splunkd("https://127.0.0.1:9", "key", ca_file=fake.ca_file, sleep=waits.append)
    with pytest.raises(SplunkdError, match="the connection broke: Connection refused. Check that splunkd runs"):
        context_of(client)


def test_reply_that_is_no_json(splunkd: Splunkd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splunkd, "_exchange", lambda *_: (200, b"<html>login</html>"))
    with pytest.raises(SplunkdError, match="the reply is no JSON: b'<html>login</html>'. Look for a proxy between."):
        splunkd.get(CONTEXT)


def test_fake_runs_as_a_process_under_control() -> None:
    """What drivers and benchmarks start."""
    command = [sys.executable, str(Path(__file__).parent / "fake_splunkd.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        with Splunkd(told["uri"], told["session_key"], ca_file=told["ca_file"], sleep=lambda _: None) as splunkd:
            known = splunkd.post("/control", json={"collections": {"things": [{"_key": "a"}]}})
            assert known == {"requests": 0, "collections": {"things": 1}}
            splunkd.post("/control", json={"conf": {"local/busybody/policy:lab": {"alerts.budget": "3"}}})
            assert splunkd.get("/servicesNS/nobody/busybody/configs/conf-busybody")["entry"][0]["name"] == "policy:lab"
            splunkd.post("/control", json={"down": "KV Store is shutting down."})
            with pytest.raises(SplunkdError, match="KV Store is shutting down"):
                splunkd.get(DATA)
            splunkd.post("/control", json={"reset": True})
            assert splunkd.get(DATA) == []
        process.communicate("")
    assert process.returncode == 0


def test_one_connection_serves_many_requests(fake: FakeSplunkd, splunkd: Splunkd) -> None:
    for number in range(20):
        splunkd.post(DATA, json={"_key": str(number), "text": "x" * 100_000})
    assert len(splunkd.get(DATA)) == 20
    assert splunkd.requests == 21
