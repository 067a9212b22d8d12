"""busybody.conf, secrets and rights, as splunkd shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from busybody.errors import PolicyError
from busybody.policy import Policy
from busybody.policy.conf import logical_lines
from busybody.policy.spellings import dumps, loads
from busybody_splunk.conf import (
    capabilities,
    demand,
    password,
    policy_from,
    policy_named,
    policy_names,
    stanzas,
)
from busybody_splunk.rest import Splunkd, SplunkdError
from direct import Direct
from fake_splunkd import LIMITED_KEY, Instance

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def instance() -> Instance:
    return Instance()


@pytest.fixture
def splunkd(instance: Instance) -> Splunkd:
    return Direct(instance)


@pytest.fixture
def limited(instance: Instance) -> Splunkd:
    """The session of somebody without rights."""
    analyst = Direct(instance)
    analyst._headers["Authorization"] = f"Splunk {LIMITED_KEY}"
    return analyst


def test_policy_is_layered_key_by_key(instance: Instance, splunkd: Splunkd) -> None:
    instance.conf.set("default", "busybody", "policy:office", {"travel.max_speed_kmh": "500", "alerts.budget": "1"})
    instance.conf.set("local", "busybody", "policy:office", {"alerts.budget": "2.5"})
    instance.conf.set("local", "busybody", "default", {"people.vip": '["ceo@example.com"]'})
    policy = policy_named(splunkd, "office")
    assert (policy.name, policy.travel.max_speed_kmh, policy.alerts.budget) == ("office", 500, 2.5)
    assert policy.people.vip.matches("ceo@example.com")


def test_a_list_may_come_from_a_lookup_of_the_app_and_from_no_other_file(tmp_path: Path) -> None:
    detectors = policy_from("office", {"people.vip": '["csv:busybody_detectors.csv#title"]'})
    assert detectors.people.vip.matches("Unusual network")
    secret = tmp_path / "splunk.secret"
    secret.write_text("n0t-to-be-shown\n")
    for text in (f"csv:{secret}", "csv:../local/passwords.conf", "csv:..", "csv:", f"csv:{secret}#a.csv"):
        with pytest.raises(PolicyError, match="is no lookup file of the app") as told:
            policy_from("office", {"networks.egress": f'["{text}"]'})
        assert "n0t-to-be-shown" not in str(told.value)


def test_nobody_needs_to_write_a_policy(splunkd: Splunkd) -> None:
    assert policy_named(splunkd) is Policy.default()


def test_unknown_policy_names_the_ones_there_are(instance: Instance, splunkd: Splunkd) -> None:
    for name in ("office", "lab"):
        instance.conf.set("local", "busybody", f"policy:{name}", {})
    instance.conf.set("local", "busybody", "responder", {"url": "https://r"})
    assert policy_names(stanzas(splunkd)) == ["lab", "office"]
    with pytest.raises(PolicyError) as caught:
        policy_named(splunkd, "ofice")
    assert str(caught.value) == ("busybody.conf: has no policy 'ofice'. Did you mean 'office'? It has: lab, office.")


def test_wrong_values_are_named_by_stanza_and_key(instance: Instance, splunkd: Splunkd) -> None:
    wrong = {"alerts.budget": "-1", "travel.max_sped_kmh": "9", "people.vip": "[1]"}
    instance.conf.set("local", "busybody", "policy:office", wrong)
    with pytest.raises(PolicyError) as caught:
        policy_named(splunkd, "office")
    told = str(caught.value)
    for key in wrong:
        assert f"busybody.conf [policy:office]: {key}" in told
    assert ":1:" not in told


def test_many_policies_fit_one_reply(instance: Instance, splunkd: Splunkd) -> None:
    for number in range(60):
        instance.conf.set("local", "busybody", f"policy:p{number}", {"alerts.budget": str(number + 1)})
    assert policy_named(splunkd, "p59").alerts.budget == 60


def test_values_of_several_lines_and_what_splunkd_adds_are_read() -> None:
    policy = policy_from("office", {"people.vip": '["a@x",\n"b@x"]\n', "alerts.threshold": ""})
    assert policy.people.vip.entries == ("a@x", "b@x")
    assert policy.alerts.threshold is None


def test_shipped_conf_is_the_default_policy(instance: Instance, splunkd: Splunkd) -> None:
    settings = {}
    for _, line in logical_lines((ROOT / "default" / "busybody.conf").read_text("utf-8")):
        if line.startswith("[") and line != "[policy:default]":
            break
        key, equals, value = line.partition(" = ")
        if equals:
            settings[key] = value
    instance.conf.set("default", "busybody", "policy:default", settings)
    assert policy_named(splunkd)._replace(name="") == Policy.default()._replace(name="")


def test_any_policy_survives_the_way_through_splunkd(instance: Instance, splunkd: Splunkd) -> None:
    mapping = {"people": {"vip": [f"user{n:03}@example.com" for n in range(200)]}, "alerts": {"budget": 3}}
    policy = Policy.from_mapping({**mapping, "name": "big"})
    text = dumps(policy, "conf", changed=True)
    assert loads(text, "conf") == policy
    keys = dict(line.split(" = ", 1) for line in text.replace("\\\n", "").splitlines() if " = " in line)
    instance.conf.set("local", "busybody", "policy:big", keys)
    assert policy_named(splunkd, "big") == policy


def test_secrets_are_read_by_realm_and_name(splunkd: Splunkd) -> None:
    with pytest.raises(SplunkdError, match="no secret token is stored for sl:ack. The app.s guide"):
        password(splunkd, "sl:ack", "token")
    passwords = "/servicesNS/nobody/busybody/storage/passwords"
    splunkd.post(passwords, form={"realm": "slack", "name": "token", "password": "näher & mehr"})
    assert password(splunkd, "slack", "token") == "näher & mehr"


def test_who_may_not_read_secrets_is_told_which_capability(limited: Splunkd) -> None:
    with pytest.raises(SplunkdError, match="may not read the secret token: it needs the capability list_storage_passw"):
        password(limited, "slack", "token")


def test_rights_are_those_of_the_session(splunkd: Splunkd, limited: Splunkd) -> None:
    assert "busybody_write" in capabilities(splunkd)
    assert capabilities(limited) == {"search"}
    demand(splunkd, "busybody_write", "| busytrain")
    with pytest.raises(SplunkdError) as caught:
        demand(limited, "busybody_write", "| busytrain")
    assert str(caught.value) == (
        "splunkd: | busytrain needs the capability busybody_write. Ask an administrator for the role busybody_admin."
    )
