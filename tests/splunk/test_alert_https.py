"""HTTPS: always verified, through a proxy, never redirected, never waiting for ever. Against real servers."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
import service_tls
from busybody_splunk.alerts import https
from busybody_splunk.alerts.https import Reply, Route, Unreachable, Untrusted, post, trust
from fake_service import Answer, Call, FakeProxy, FakeService


class Echo(FakeService):
    def answer(self, call: Call) -> Answer:
        return Answer(200, call.body)


def send(service: FakeService, route: Any = None, path: str = "/in?a=b", host: str = "127.0.0.1") -> Reply:
    return post(f"https://{host}:{service.port}{path}", b"body", {"X-Test": "1"}, route or Route(service.ca_file))


def test_the_body_goes_out_and_the_answer_comes_back() -> None:
    with Echo() as service:
        assert send(service) == Reply(200, None, b"body")
        assert service.calls[0].path == "/in?a=b"
        assert service.calls[0].headers["x-test"] == "1"


def test_an_authority_that_is_not_named_is_not_trusted() -> None:
    with Echo() as service, pytest.raises(Untrusted, match="not trusted: .*name its PEM file in ca_file"):
        send(service, Route())
    with Echo() as service, pytest.raises(Untrusted):
        send(service, Route(str(service_file(service, service_tls.LAX_CA))))


def test_a_certificate_for_another_name_is_not_trusted() -> None:
    with Echo() as service, FakeProxy(port=service.port) as proxy:
        with pytest.raises(Untrusted, match="certificate of slack.example is not trusted"):
            send(service, Route(service.ca_file, proxy.address), host="slack.example")
        assert service.calls == []


def test_a_companys_own_authority_without_modern_extensions_is_trusted_where_named() -> None:
    with Echo(certificate=service_tls.LAX, authority=service_tls.LAX_CA) as service:
        assert send(service).status == 200


def test_the_systems_authorities_count_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with Echo() as service:
        monkeypatch.setenv("SSL_CERT_FILE", service.ca_file)
        assert send(service, Route()).status == 200


def test_a_python_that_looks_in_the_wrong_place_finds_the_systems_bundle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Echo() as service:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing"))
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        monkeypatch.setitem(sys.modules, "certifi", None)
        monkeypatch.setattr(https, "BUNDLES", (str(tmp_path / "no"), service.ca_file))
        assert send(service, Route()).status == 200
        monkeypatch.setattr(https, "BUNDLES", ())
        with pytest.raises(Untrusted, match="No CA certificates .* ca_file"):
            send(service, Route())


def test_a_ca_file_that_is_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(Untrusted, match=f"{name} cannot be read as PEM"):
            trust(str(tmp_path / name))


def test_variables_in_the_path_of_the_ca_file_are_filled_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPLUNK_HOME", str(tmp_path))
    service_tls.write(tmp_path)
    assert trust("$SPLUNK_HOME/service-ca.pem").verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "https://", "https://user:pw@127.0.0.1/", "file:///etc/passwd", ""]
)
def test_only_plain_https_addresses_are_used(url: str) -> None:
    with pytest.raises(Untrusted, match="no https:// address"):
        post(url, b"", {}, Route())


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with Echo() as service, Echo() as other:
        service.fail(302, location=other.url + "/elsewhere")
        assert send(service).status == 302
        assert other.calls == []


def test_a_proxy_is_asked_to_connect_and_sees_no_more() -> None:
    with Echo() as service, FakeProxy() as proxy:
        assert send(service, Route(service.ca_file, proxy.address)).body == b"body"
        assert proxy.seen == [(f"127.0.0.1:{service.port}", "")]


def test_a_proxy_gets_its_login_and_the_service_does_not() -> None:
    with Echo() as service, FakeProxy("Basic dXNlcjpwYXNzd29yZA==") as proxy:
        assert send(service, Route(service.ca_file, proxy.address, "user:password")).status == 200
        assert "proxy-authorization" not in service.calls[0].headers
        with pytest.raises(Unreachable, match=r"through the proxy .*407"):
            send(service, Route(service.ca_file, proxy.address, "user:wrong"))


@pytest.mark.parametrize(
    "proxy", ["http://proxy:3128", "proxy", ":3128", "proxy:port", "proxy:0", "proxy:99999", "proxy:\u00b2"]
)
def test_a_proxy_that_is_no_host_and_port_says_so(proxy: str) -> None:
    with Echo() as service, pytest.raises(Untrusted, match="no host:port"):
        send(service, Route(service.ca_file, proxy))


def test_a_cut_connection_is_unreachable() -> None:
    with Echo() as service:
        service.fail(cut=True)
        with pytest.raises(Unreachable, match="127.0.0.1 cannot be reached"):
            send(service)


def test_nobody_listening_is_unreachable() -> None:
    with Echo() as service:
        port = service.port
    with pytest.raises(Unreachable, match="cannot be reached"):
        post(f"https://127.0.0.1:{port}/secret-path", b"", {}, Route(trusted(service)))


def test_silence_ends_at_the_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "TIMEOUT", 0.1)
    with Echo() as service:
        service.fail(silent=5.0)
        with pytest.raises(Unreachable, match="did not answer in time"):
            send(service)


def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "LARGEST_REPLY", 100_000)
    with Echo() as service:
        service.fail(200, body=b"x" * 3_000_000)
        assert len(send(service).body) < 400_000


@pytest.mark.parametrize(("header", "wait"), [("7", 7.0), (" 30 ", 30.0), ("soon", None), ("-1", None), ("", None)])
def test_retry_after_is_whole_seconds_or_nothing(header: str, wait: Any) -> None:
    with Echo() as service:
        service.fail(429, retry_after=header)
        assert send(service).wait == wait


def service_file(service: FakeService, authority: str) -> Path:
    path = Path(service.ca_file).with_name("other.pem")
    path.write_text(authority, "ascii")
    return path


def trusted(service: FakeService) -> str:
    folder = Path(service.ca_file).parent
    service_tls.write(folder)
    return service.ca_file


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "gr\u00fc\u00df", "a\0"])
def test_a_header_that_cannot_be_sent_is_not_repeated(value: str) -> None:
    with pytest.raises(Untrusted) as caught:
        post("https://127.0.0.1:1/", b"", {"Authorization": value}, Route())
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://h:port/x",
        "https://h:99999/x",
        "https://[::1/x",
        "https://h/secret path",
        "https://h/s\u00e9cret",
        "https://h/\x01",
    ],
)
def test_an_address_that_cannot_be_asked_for_is_not_repeated(url: str) -> None:
    with pytest.raises(Untrusted, match="no https:// address") as caught:
        post(url, b"", {}, Route())
    assert "/" not in str(caught.value).replace("https://", "")


def test_what_http_itself_refuses_is_not_repeated() -> None:
    with Echo() as service, pytest.raises(Untrusted, match="is no HTTP") as caught:
        send(service, Route(service.ca_file, f"pro\\x{'x' * 70}.example:3128"))
    assert "\\x" not in str(caught.value)
