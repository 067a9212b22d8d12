"""Rights as Splunk grants them, from the app's own default.meta: each role does exactly its work."""

from __future__ import annotations

from typing import Any, Callable, Dict

import pytest
from busybody_splunk.conf import APP, SENDING, capabilities, stanzas
from busybody_splunk.kvstore import Collection
from busybody_splunk.rest import Splunkd, SplunkdError
from content import conf
from direct import Direct
from fake_splunkd import Instance

ROLES = ("user", "busybody_user", "busybody_sender", "busybody_admin", "sc_admin", "admin")
COLLECTIONS = sorted(conf("collections"))
Work = Callable[[Splunkd], Any]


def change(file: str, stanza: str, **settings: str) -> Work:
    return lambda splunkd: splunkd.post(f"{APP}/configs/conf-{file}/{stanza}", form=settings)


def add(file: str, stanza: str, **settings: str) -> Work:
    return lambda splunkd: splunkd.post(f"{APP}/configs/conf-{file}", form={"name": stanza, **settings})


def every(work: Callable[[Collection], Any]) -> Work:
    return lambda splunkd: [work(Collection(splunkd, name)) for name in COLLECTIONS]


def has(capability: str) -> Work:
    def ask(splunkd: Splunkd) -> None:
        if capability not in capabilities(splunkd):
            raise SplunkdError("no", 403)

    return ask


def sees(file: str, stanza: str) -> Work:
    def look(splunkd: Splunkd) -> None:
        if stanza not in stanzas(splunkd, file):
            raise SplunkdError("no", 404)

    return look


READERS = set(ROLES) - {"user"}
TEACHERS = {"busybody_admin", "sc_admin", "admin"}
WORK: Dict[str, Any] = {  # what, and the roles that may
    "read the policy": (sees("busybody", "policy:default"), set(ROLES)),
    "change the policy": (change("busybody", "policy:default", **{"alerts.budget": "1"}), TEACHERS),
    "add a policy": (add("busybody", "policy:office"), {"sc_admin", "admin"}),
    "see where secrets go": (sees(SENDING, "slack"), {"sc_admin", "admin"}),
    "choose where secrets go": (change(SENDING, "slack", api="https://attacker.example"), {"sc_admin", "admin"}),
    "choose where the key goes": (change(SENDING, "responder", url="https://attacker.example"), {"sc_admin", "admin"}),
    "say anew where secrets go": (add(SENDING, "other", api="https://x"), {"sc_admin", "admin"}),
    "read people": (every(lambda collection: list(collection.find())), READERS),
    "write people": (every(lambda collection: collection.save([{"_key": "a"}])), TEACHERS),
    "erase people": (every(lambda collection: collection.delete({"_key": "a"})), TEACHERS),
    "send": (has("busybody_send"), {"busybody_sender", "busybody_admin", "admin"}),
    "teach": (has("busybody_write"), {"busybody_admin", "admin"}),
}


@pytest.fixture
def instance() -> Instance:
    found = Instance()
    for file in ("busybody", SENDING):
        for name, stanza in conf(file).items():
            found.conf.set("default", file, name, stanza)
    return found


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("work", WORK)
def test_each_role_does_exactly_its_work(instance: Instance, role: str, work: str) -> None:
    splunkd = Direct(instance)
    splunkd._headers["Authorization"] = f"Splunk {instance.login(role)}"
    do, entitled = WORK[work]
    if role in entitled:
        do(splunkd)
        return
    with pytest.raises(SplunkdError) as caught:
        do(splunkd)
    assert caught.value.status in (403, 404)


def test_who_may_not_read_is_told_the_role_that_reads(instance: Instance) -> None:
    splunkd = Direct(instance)
    splunkd._headers["Authorization"] = f"Splunk {instance.login('user')}"
    with pytest.raises(SplunkdError, match="403: .* busybody_user reads, busybody_admin writes"):
        Collection(splunkd, "busybody_profiles").one("a")
