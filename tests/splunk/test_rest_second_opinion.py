"""splunk-sdk's own client against the fake: what the fake says, Splunk's library understands."""

from __future__ import annotations

import os
from typing import Any, Iterator

import pytest
from busybody_splunk.rest import Splunkd
from fake_splunkd import FakeSplunkd

try:
    from splunklib import client
except ImportError:
    told = "splunk-sdk is not installed; the fake splunkd has no second opinion"
    if os.environ.get("CI"):
        pytest.fail(told, pytrace=False)
    pytest.skip(told, allow_module_level=True)


@pytest.fixture
def fake() -> Iterator[FakeSplunkd]:
    with FakeSplunkd() as served:
        yield served


@pytest.fixture
def service(fake: FakeSplunkd) -> Any:
    host, port = fake.uri[8:].split(":")
    return client.Service(
        host=host, port=int(port), token=f"Splunk {fake.session_key}", owner="nobody", app="busybody", autologin=False
    )


def data_of(service: Any, name: str) -> Any:
    """The sdk asks for collections/config first, which the app never does: begin one step later."""
    return client.KVStoreCollectionData(_Collection(service, name))


class _Collection:
    def __init__(self, service: Any, name: str) -> None:
        self.service, self.name = service, name

    def _proper_namespace(self) -> Any:
        return "nobody", "busybody", "app"


def test_documents(service: Any) -> None:
    data = data_of(service, "things")
    assert data.insert({"_key": "a", "n": 1}) == {"_key": "a"}
    with pytest.raises(client.HTTPError) as caught:
        data.insert({"_key": "a"})
    assert caught.value.status == 409
    assert data.batch_save({"_key": "b", "n": 2}, {"_key": "c", "n": 3}) == ["b", "c"]
    assert [row["_key"] for row in data.query(query={"n": {"$gt": 1}}, sort="n:-1")] == ["c", "b"]
    assert [row["_key"] for row in data.query(skip=1, limit=1, sort="_key")] == ["b"]
    assert data.query(fields="n") == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert data.query_by_id("b")["n"] == 2
    assert data.update("b", {"n": 5}) == {"_key": "b"}
    assert [len(rows) for rows in data.batch_find({"query": {"n": 5}}, {"query": {"n": 9}})] == [1, 0]
    data.delete_by_id("b")
    with pytest.raises(client.HTTPError) as caught:
        data.query_by_id("b")
    assert caught.value.status == 404
    data.delete(query='{"n": 1}')
    assert [row["_key"] for row in data.query()] == ["c"]


def test_kv_store_down(fake: FakeSplunkd, service: Any) -> None:
    fake.kv.down = "KV Store initialization has not been completed yet."
    with pytest.raises(client.HTTPError, match="503 .* -- .*KV Store initialization has not been completed yet"):
        data_of(service, "things").query()


def test_session(fake: FakeSplunkd) -> None:
    host, port = fake.uri[8:].split(":")
    stranger = client.Service(host=host, port=int(port), token="Splunk no", owner="nobody", app="busybody")
    with pytest.raises((client.AuthenticationError, client.HTTPError)):
        stranger.get("authentication/current-context")


def test_conf(fake: FakeSplunkd, service: Any) -> None:
    fake.conf.set("default", "busybody", "policy:office", {"alerts.budget": "1", "travel.max_speed_kmh": "500"})
    fake.conf.set("default", "busybody", "default", {"people.vip": "[]"})
    conf = service.confs["busybody"]
    assert [stanza.name for stanza in conf.list()] == ["policy:office"]  # [default] is none of them
    office = conf["policy:office"]
    office.update(**{"alerts.budget": "2"})
    office.refresh()
    assert (office["alerts.budget"], office["travel.max_speed_kmh"], office["people.vip"]) == ("2", "500", "[]")
    conf.create("policy:lab", **{"alerts.budget": "3"})
    ours = Splunkd(fake.uri, fake.session_key, ca_file=fake.ca_file)
    reply = ours.get("/servicesNS/nobody/busybody/configs/conf-busybody", count=0)
    ours.close()
    assert {entry["name"]: entry["content"]["alerts.budget"] for entry in reply["entry"]} == {
        "policy:lab": "3",
        "policy:office": "2",
    }


def test_passwords(fake: FakeSplunkd, service: Any) -> None:
    service.storage_passwords.create("s3cret", "webhook", "slack")
    (stored,) = service.storage_passwords.list()
    assert (stored.realm, stored.username, stored.clear_password) == ("slack", "webhook", "s3cret")
    service.storage_passwords.delete("webhook", "slack")
    assert service.storage_passwords.list() == []
