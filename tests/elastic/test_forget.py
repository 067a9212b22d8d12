"""An erased person is nowhere in what is ours, and does not come back."""

from __future__ import annotations

import io
import json

import pytest
from busybody_elastic import cli, forget
from busybody_elastic.config import Config
from busybody_elastic.documents import Names
from busybody_elastic.errors import Lost
from busybody_elastic.forget import Orders, erase_documents
from busybody_elastic.records import SCORED, SKIPPED
from busybody_elastic.verdicts import Verdicts
from said import closed_in_kibana, opened, say, sweeping
from scored import POLICY, after, items, signins, stored

NAMES = Names("t")


def erase(cluster, part, user):
    orders = Orders(cluster, NAMES)
    name = orders.place(user, 1)
    Verdicts(cluster, NAMES, partition_of=lambda _: part, partitions=lambda: [part]).sweep()
    left, gone = orders.left(name)
    assert left == []
    orders.strike(name)
    return gone, erase_documents(cluster, NAMES, POLICY, user)


def test_no_byte_is_left_anywhere(scene):
    cluster, part, incident, user = scene
    say(cluster, NAMES.verdict, incident=incident, answer="malicious", user=user, by="mia", comment=f"asked {user}")
    scores = stored(cluster, NAMES.score).values()
    other = next(one for one in scores if one["user"]["name"] != user and one["event"]["outcome"] == "success")
    more = {"event_id": other["event"]["id"], "user": other["user"]["name"]}
    say(cluster, NAMES.verdict, "v-2", answer="malicious", by=user, **more)
    Verdicts(cluster, NAMES, partition_of=lambda _: part).sweep()
    assert user in cluster.data.live()
    gone, documents = erase(cluster, part, user)
    assert gone
    assert {NAMES.score, NAMES.alert, NAMES.incident, NAMES.risk, NAMES.risk_latest, NAMES.verdict} <= set(documents)
    for index in [*cluster.data.indices]:
        cluster.refresh(index)
    assert user not in cluster.data.live()
    assert user.partition("@")[0] not in cluster.data.live()
    assert other["user"]["name"] in json.dumps(stored(cluster, NAMES.incident))


def test_the_others_stay_as_they_were(scene):
    cluster, part, _, user = scene
    before = {name: body for name, body in stored(cluster, NAMES.score).items() if body["user"]["name"] != user}
    erase(cluster, part, user)
    assert stored(cluster, NAMES.score) == before


def test_what_the_source_still_holds_does_not_come_back(scene):
    cluster, part, _, user = scene
    mine = [signin for signin in signins() if signin.user == user]
    erase(cluster, part, user)
    again = opened(cluster)
    for each in (part, again):
        assert {answer.status for answer in each.score(items(mine)).answers} <= {SKIPPED, "known"}
    assert again.score(items(mine)).answers[0].status == SKIPPED
    later = mine[-1]._replace(id="new", time=after(signins())() + 3600.0)
    assert again.score(items([later])).answers[0].status == SCORED


@pytest.mark.parametrize("is_theirs", [True, False])
def test_an_alert_that_kibana_still_holds_brings_nobody_back(scene, is_theirs):
    """Neither where their partition is this instance's, nor where it is another's; nor after a restart."""
    cluster, part, incident, user = scene
    closed_in_kibana(cluster, incident, user=user)
    sweeping(cluster, part).sweep()
    assert user in json.dumps(stored(cluster, NAMES.verdict))
    erase(cluster, part, user)

    def restarted():
        again = opened(cluster)
        return Verdicts(
            cluster, NAMES, partition_of=lambda _: again if is_theirs else None, partitions=lambda: [again],
            clock=after(signins()),
        )  # fmt: skip

    for _ in range(2):
        assert restarted().sweep() == 0
        assert stored(cluster, NAMES.verdict) == {}
    closed_in_kibana(cluster, "another", user=user, name="uuid-2", later=3600.0)
    restarted().sweep()
    assert user in json.dumps(stored(cluster, NAMES.verdict)), "what comes after the erasure is theirs again"


def test_an_analysts_name_goes_however_it_was_written(scene):
    cluster, _, _, user = scene
    shapes = [
        {"busybody.verdict.by": "mia", "busybody.verdict.comment": "mia says so", "busybody.verdict.answer": "benign"},
        {"busybody": {"verdict.by": "mia", "verdict": {"comment": "mia"}}},
        {"busybody": [{"verdict": [{"by": ["mia"], "comment": "mia"}]}]},
    ]
    for number, shape in enumerate(shapes):
        cluster.put(NAMES.verdict, f"v-{number}", {"user.name": user, **shape}, refresh=True)
    assert erase_documents(cluster, NAMES, POLICY, "mia") == {NAMES.verdict: 3}
    left = stored(cluster, NAMES.verdict)
    assert "mia" not in json.dumps(left)
    assert left["v-0"] == {"user.name": user, "busybody.verdict.answer": "benign"}


def test_an_unknown_person_is_no_error(scene):
    cluster, part, *_ = scene
    assert erase(cluster, part, "nobody@example.com") == ([], {})


def test_owners_who_come_too_late_erase_the_documents_too(scene, monkeypatch):
    cluster, part, _, user = scene

    def busy(*_):
        raise Lost("its owner is at something else")

    monkeypatch.setattr(forget, "_unowned", busy)
    with pytest.raises(Lost):
        forget.erase(cluster, NAMES, Config.from_mapping({"namespace": "t"}), user, 0.0)
    assert user in cluster.data.live()
    Verdicts(cluster, NAMES, partition_of=lambda _: part, partitions=lambda: [part]).sweep()
    for index in [*cluster.data.indices]:
        cluster.refresh(index)
    assert user not in cluster.data.live()


def test_what_somebody_still_waits_for_is_left_to_them(scene):
    cluster, part, _, user = scene
    Orders(cluster, NAMES).place(user, 1)
    for _ in range(2):
        Verdicts(cluster, NAMES, partition_of=lambda _: part, partitions=lambda: [part]).sweep()
    assert user in json.dumps(stored(cluster, NAMES.score))


def test_where_nobody_can_be_asked_it_says_what_to_do(tmp_path, capsys, monkeypatch):
    path = tmp_path / "elastic.yaml"
    path.write_text("namespace: t\n")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert cli.main(["forget", "nobody@example.com", "-c", str(path)]) == cli.USAGE
    assert "Use --yes." in capsys.readouterr().err
