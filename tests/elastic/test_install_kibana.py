"""Kibana's assets, against a Kibana of our own making: none runs here."""

from __future__ import annotations

import json
from typing import Any

import pytest
from busybody_elastic import assets
from busybody_elastic.documents import Documents
from busybody_elastic.errors import ClusterError
from busybody_elastic.install import Installation
from busybody_elastic.install.kibana import Kibana, kibana_assets
from busybody_elastic.install.plan import Wanted
from busybody_elastic.install.report import ABSENT, FAILED, INSTALLED, MISSING, REMOVED, UNCHANGED, UPDATED, Report
from fake_kibana import FakeKibana
from test_documents import ODD, ORIGIN, SENTENCE, SIGNIN, TIME


class Templates:
    """A cluster that keeps component templates only: our list of what is installed stands in one."""

    flavour = "elasticsearch"

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def request(self, method: str, path: str, body: Any = None, *, params: Any = None) -> Any:
        if not path.startswith("/_component_template/"):
            raise ClusterError("no such thing", status=404)
        match method:
            case "PUT":
                self.kept[path] = json.loads(json.dumps(body))
            case "DELETE":
                del self.kept[path]
            case "GET" if path in self.kept:
                return {"component_templates": [{"name": path, "component_template": self.kept[path]}]}
            case _:
                raise ClusterError("no such thing", status=404)
        return {}


class Setting:
    """One cluster's list and one Kibana, and an installation into both that leaves the cluster's own part out."""

    def __init__(self, base: str = "", spaces: tuple[str, ...] = ("default",)) -> None:
        self.cluster, self.fake = Templates(), FakeKibana(base, spaces)
        self.url = f"https://kibana.example.com{base}"

    def run(
        self, verb: str, space: str = "default", namespace: str = "default", dry_run: bool = False, **wants: Any
    ) -> Report:  # fmt: skip
        kibana = Kibana(self.url, space, self.fake.client())
        watched = wants.pop("watched", False)
        wanted = Wanted(namespace, self.url, space=space, **wants)
        one = Installation(self.cluster, wanted, kibana, dry_run)  # type: ignore[arg-type]
        sections = [("Kibana", lambda: kibana_assets(kibana, one._ledger, wanted, watched=watched))]
        one._sections = lambda: sections  # type: ignore[assignment, method-assign]
        one._anything = lambda sections: True  # type: ignore[method-assign]
        lines = one.run(verb).lines
        kibana.close()
        return Report([line for line in lines if line.kind not in ("mapping of", "data of")])


@pytest.fixture
def setting() -> Setting:
    return Setting()


def statuses(report: Report) -> set[str]:
    return {line.status for line in report.lines}


def test_everything_is_installed_once_and_unchanged_from_then_on(setting: Setting) -> None:
    first = setting.run("install")
    assert statuses(first) == {INSTALLED, ABSENT}, first.text()
    kinds = {line.kind for line in first.lines}
    assert kinds >= {"data view", "dashboard", "tag", "connector", "alerting rule", "detection rule"}
    setting.fake.changes.clear()
    second = setting.run("install")
    assert statuses(second) == {UNCHANGED, ABSENT}
    assert setting.fake.changes == []
    assert statuses(setting.run("status")) == {INSTALLED, ABSENT}


def test_connectors_with_secrets_are_left_to_people_and_rules_do_without_them(setting: Setting) -> None:
    [slack] = [line for line in setting.run("install").lines if line.name == "busybody-slack-default"]
    assert (slack.status, "webhookUrl" in slack.why) == (ABSENT, True)
    connectors = {key.rpartition("/")[2] for key in setting.fake.things if "/actions/connector/" in key}
    rules = [body for key, body in setting.fake.things.items() if "/alerting/rule/" in key]
    assert rules
    assert {action["id"] for body in rules for action in body["actions"]} <= connectors

    path = slack.why.rpartition("POST ")[2]  # somebody enters it; from then on the rules use it
    setting.fake.things[f"default{path}"] = {"name": "ours"}
    assert statuses(setting.run("upgrade")) >= {UPDATED, UNCHANGED}
    rules = [body for key, body in setting.fake.things.items() if "/alerting/rule/" in key]
    assert path.rpartition("/")[2] in {action["id"] for body in rules for action in body["actions"]}


def test_an_upgrade_leaves_what_people_switched_and_their_actions(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting.run("install")
    [key] = [key for key in setting.fake.things if key.endswith("?busybody-unusual-signin")] or [
        next(key for key in setting.fake.things if "detection_engine" in key)
    ]
    setting.fake.things[key] |= {"enabled": "as I like it", "actions": ["mine"], "exceptions_list": ["mine"]}
    true = assets.load

    def newer(path: Any) -> Any:
        body = true(path)
        return {**body, "description": "better words"} if "rule_id" in body else body

    monkeypatch.setattr("busybody_elastic.install.kibana.load", newer)
    report = setting.run("upgrade")
    assert {line.status for line in report.lines if line.kind == "detection rule"} == {UPDATED}
    kept = setting.fake.things[key]
    assert (kept["enabled"], kept["actions"], kept["exceptions_list"]) == ("as I like it", ["mine"], ["mine"])
    assert kept["description"] == "better words"


def test_an_upgrade_leaves_actions_that_people_added_to_alerting_rules(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting.run("install")
    key = next(key for key, body in setting.fake.things.items() if "/alerting/rule/" in key and body["actions"])
    ours = setting.fake.things[key]["actions"]
    mine = {"id": "my-pager", "group": "query matched", "params": {"to": "me"}, "uuid": "u-1"}
    shown = [{**action, "connector_type_id": ".index"} for action in ours]  # as Kibana answers
    setting.fake.things[key] |= {"actions": [*shown, {**mine, "connector_type_id": ".pagerduty"}]}
    true = assets.load

    def newer(path: Any) -> Any:
        found = true(path)
        return (
            {**found, "body": {**found["body"], "tags": ["newer"]}}
            if "/rules/" in str(path) and "body" in found
            else found
        )

    monkeypatch.setattr("busybody_elastic.install.kibana.load", newer)
    report = setting.run("upgrade")
    assert {line.status for line in report.lines if line.kind == "alerting rule"} == {UPDATED}, report.text()
    assert setting.fake.things[key]["actions"] == [*ours, mine]
    assert setting.fake.things[key]["tags"] == ["newer"]


@pytest.mark.parametrize(("space", "namespace"), [("security", "default"), ("default", "emea"), ("security", "emea")])
def test_spaces_and_namespaces_live_beside_each_other(space: str, namespace: str) -> None:
    setting = Setting("/kibana", ("default", "security"))
    assert setting.run("install").ok
    report = setting.run("install", space, namespace)
    assert report.ok, report.text()
    assert statuses(setting.run("status", space, namespace)) == {INSTALLED, ABSENT}
    assert statuses(setting.run("status")) == {INSTALLED, ABSENT}
    rules = {key for key in setting.fake.things if "/alerting/rule/" in key}
    assert len({key.rpartition("/")[2] for key in rules}) == len(rules)  # an id is taken in all spaces
    if namespace == "emea":
        text = json.dumps([body for key, body in setting.fake.things.items() if "/alerting/rule/" in key])
        assert "logs-busybody.alert-emea" in text
    known = {name for _, name in setting.fake.objects}
    assert {pointed["id"] for row in setting.fake.objects.values() for pointed in row["references"]} <= known


@pytest.mark.parametrize(("space", "namespace", "prefix"), [
    ("default", "acme", "busybody_default.acme_"), ("soc", "default", "busybody_soc_"), ("soc", "acme", "busybody_soc.acme_"),
])  # fmt: skip
def test_saved_objects_are_of_their_namespace_and_space(space: str, namespace: str, prefix: str) -> None:
    setting = Setting("/kibana", ("default", "soc"))
    assert setting.run("install").ok
    first = dict(setting.fake.objects)
    assert setting.run("install", space, namespace).ok
    ours = {key: row for key, row in setting.fake.objects.items() if key not in first}
    assert len(ours) == len(first)  # side by side: none took another's place
    assert all(name.startswith(prefix) for _, name in ours)
    views = {row["attributes"]["title"] for (kind, _), row in ours.items() if kind == "index-pattern"}
    assert views == {
        f"{name}-{namespace}"
        for name in ("logs-busybody.score", "logs-busybody.alert", "logs-busybody.heartbeat", "busybody-incident",
                     "busybody-risk", "busybody-risk-latest")
    }  # fmt: skip
    text = json.dumps(list(ours.values()))
    assert text.count("logs-busybody.score-") == text.count(f"logs-busybody.score-{namespace}") > 1  # in Vega, too
    assert f"#/view/{prefix}person" in text
    titles = [row["attributes"]["title"] for row in setting.fake.objects.values() if "title" in row["attributes"]]
    assert namespace == "default" or len(set(titles)) == len(titles)


@pytest.mark.parametrize("space", ["default", "soc"])
@pytest.mark.parametrize("namespace", ["default", "prod"])
def test_an_alert_links_to_a_dashboard_that_was_installed(space: str, namespace: str) -> None:
    setting = Setting("/kibana", ("default", "soc"))
    assert setting.run("install", space, namespace).ok
    made = Documents(namespace, kibana=setting.url, space=space)
    body = made.busybody(SIGNIN, ODD, SENTENCE, ORIGIN, 20509)
    url = made.alert(made.score(SIGNIN, ODD, body, TIME, ORIGIN.document), 1, None, TIME)["event"]["url"]
    view = url.partition("#/view/")[2].partition("?")[0]
    assert setting.fake.space_of["dashboard", view] == space


def test_guides_of_detection_rules_lead_to_the_dashboards_of_their_space() -> None:
    setting = Setting("/kibana", ("default", "soc"))
    setting.run("install", "soc")
    guides = [body["note"] for key, body in setting.fake.things.items() if "detection_engine" in key]
    assert any("](/kibana/s/soc/app/dashboards#/view/busybody_soc_person)" in guide for guide in guides)
    assert "(/app/" not in "".join(guides)


def test_a_second_namespace_does_not_change_the_detection_rules_that_all_share(setting: Setting) -> None:
    setting.run("install")
    lines = [line for line in setting.run("install", namespace="acme").lines if line.kind == "detection rule"]
    assert {line.status for line in lines} == {UNCHANGED}


def test_rules_do_not_tell_again_what_watches_tell(setting: Setting) -> None:
    slack = next(line for line in setting.run("install").lines if line.name == "busybody-slack-default").why.split()[-1]
    setting.fake.things[f"default{slack}"] = {"name": "ours"}

    def told() -> set[str]:
        rules = [body for key, body in setting.fake.things.items() if "/alerting/rule/" in key]
        return {action["id"] for body in rules for action in body["actions"]}

    setting.run("upgrade")
    assert slack.rpartition("/")[2] in told()
    report = setting.run("upgrade", watched=True, channel="#a")
    assert [line.why for line in report.lines if line.name == "busybody-slack-default"] == ["watches tell the same"]
    [log] = [
        key.rpartition("/")[2]
        for key, body in setting.fake.things.items()
        if body.get("name") == "busybody-log-default"
    ]
    assert told() == {log}  # nor note in the watches' own index whom they told: the watches would be silent then


def test_what_somebody_else_has_under_our_id_is_refused_and_left(setting: Setting) -> None:
    key = "dashboard", "busybody_overview"
    setting.fake.objects[key], setting.fake.space_of[key] = {"mine": True}, "default"
    report = setting.run("install")
    assert [(line.kind, line.name) for line in report.of(FAILED)] == [("dashboard", "busybody_overview")]
    assert setting.fake.objects[key] == {"mine": True}
    setting.run("uninstall")
    assert setting.fake.objects == {key: {"mine": True}}


def test_a_user_without_the_privilege_fails_and_the_rest_goes_on(setting: Setting) -> None:
    setting.fake.forbidden = lambda method, path: "detection_engine" in path
    report = setting.run("install")
    assert {line.kind for line in report.of(FAILED)} == {"detection rule"}
    assert "Kibana refuses (403): Unable to do that" in report.of(FAILED)[0].why
    assert {line.status for line in report.lines if line.kind == "dashboard"} == {INSTALLED}


def test_a_wrong_base_path_is_failure_not_absence(setting: Setting) -> None:
    setting.url += "/nothing-here"
    report = setting.run("install")
    assert not report.ok
    assert not report.of(INSTALLED)


def test_uninstall_takes_out_what_we_put_in_and_our_list(setting: Setting) -> None:
    setting.run("install")
    report = setting.run("uninstall")
    assert statuses(report) == {REMOVED, ABSENT}
    assert (setting.fake.objects, setting.fake.things, setting.cluster.kept) == ({}, {}, {})
    assert statuses(setting.run("status")) == {MISSING, ABSENT}


def test_a_dry_run_changes_nothing(setting: Setting) -> None:
    assert statuses(setting.run("install", dry_run=True)) == {INSTALLED, ABSENT}
    assert (setting.fake.changes, setting.cluster.kept) == ([], {})


def test_a_kibana_that_is_away_is_named_without_its_address(setting: Setting) -> None:
    import httpx

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to secret-host")

    kibana = Kibana("https://secret-host", "default", httpx.Client(transport=httpx.MockTransport(away)))
    with pytest.raises(ClusterError, match=r"cannot be reached \(ConnectError\)") as told:
        kibana.call("GET", "/api/status")
    assert "secret-host" not in str(told.value)
    kibana.close()
