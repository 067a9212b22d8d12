"""What is installed, left out, kept and said, in a cluster of our own making that has what the nodes for tests lack."""

from __future__ import annotations

import json
from typing import Any

import pytest
from busybody_elastic import assets
from busybody_elastic.config import Config
from busybody_elastic.install import run
from busybody_elastic.install.report import ABSENT, FAILED, INSTALLED, KEPT, OUTDATED, REMOVED, Line, Report
from shelf import Shelf

SHARED = {"lifecycle policy", "ingest pipeline", "component template", "index template"}


def config(namespace: str = "default", **sections: Any) -> Config:
    return Config.from_mapping({"namespace": namespace, **sections})


def done(verb: str, shelf: Shelf, namespace: str = "default", **more: Any) -> Report:
    options = {key: more.pop(key) for key in ("dry_run", "data", "space") if key in more}
    return run(verb, config(namespace, **more), shelf, **options)  # type: ignore[arg-type]


def gist(report: Report) -> list[tuple[str, ...]]:
    return [line[:3] for line in report.lines]


@pytest.fixture
def shelf() -> Shelf:
    """With our assets and the data of one namespace."""
    made = Shelf()
    assert done("install", made, alerts={"slack_channel": "#a"}).ok
    made.streams, made.indices = {"logs-busybody.score-default", "busybody-risk-default"}, {"busybody-state-default"}
    return made


# --- uninstall ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [False, True])
@pytest.mark.parametrize("other", [(), ("busybody-state-emea",)])
def test_a_dry_run_has_the_lines_and_numbers_of_the_real_run(shelf: Shelf, data: bool, other: tuple[str, ...]) -> None:
    shelf.indices.update(other)
    dry = done("uninstall", shelf, data=data, dry_run=True)
    before = dict(shelf.kept)
    real = done("uninstall", shelf, data=data)
    assert gist(dry) == gist(real)
    assert len(before) > len(shelf.kept)
    numbers, words = real.text().splitlines()[-1], dry.text().splitlines()[-1]
    assert words == numbers.replace("removed", "would be removed").replace("kept", "would be kept")


def test_what_the_streams_that_stay_need_is_kept(shelf: Shelf) -> None:
    kept = {(line.kind, line.name) for line in done("uninstall", shelf).of(KEPT)}
    assert {name for kind, name in kept if kind == "index template"} == {
        "busybody-score", "busybody-risk", "busybody-risk-latest",  # the last lies within the pattern of risk
    }  # fmt: skip
    assert {name for kind, name in kept if kind == "lifecycle policy"} == {"busybody-score", "busybody-risk"}
    assert ("ingest pipeline", "busybody-ingested") in kept
    assert ("component template", "busybody-lifecycle-risk") in kept
    assert ("component template", "busybody-lifecycle-alert") not in kept
    assert ("component template", "busybody-notified") not in kept


@pytest.mark.parametrize("theirs", ["busybody-state-emea", "busybody-risk-latest-emea", "busybody-verdict-emea"])
def test_what_all_namespaces_share_stays_while_another_has_anything(shelf: Shelf, theirs: str) -> None:
    shelf.indices.add(theirs)
    shared = {path for path in shelf.kept if "/_watcher/" not in path}
    report = done("uninstall", shelf, data=True)
    assert {line.status for line in report.lines if line.kind in SHARED} == {KEPT}
    assert {line.why for line in report.of(KEPT)} == {"the namespace emea has data here and needs it"}
    assert set(shelf.kept) == shared
    assert (shelf.streams, shelf.indices) == (set(), {theirs})
    assert "data of busybody-state-default" in report.text()
    [said] = [row for row in report.text().splitlines() if "index template" in row]
    assert said.startswith("kept")
    assert f"{len(assets.read('templates/index'))} × index template" in said
    shelf.indices.clear()
    assert done("uninstall", shelf, "emea", data=True).ok
    assert shelf.kept == {}


# --- watches ------------------------------------------------------------------------------------------------------


def test_watches_that_could_tell_nobody_are_left_out_with_the_reason() -> None:
    shelf = Shelf()
    lines = [line for line in done("install", shelf).lines if line.kind == "watch"]
    assert {line.status for line in lines} == {ABSENT}
    assert all("set alerts.slack_channel or alerts.responder" in line.why for line in lines)
    assert shelf.watches() == {}
    assert f"{len(lines)} × watch: it has nobody to tell" in done("status", shelf).text()


def test_a_watch_goes_when_nobody_is_to_be_told_any_more(shelf: Shelf) -> None:
    count = len(shelf.watches())
    assert count
    assert len(done("status", shelf).of(OUTDATED)) == count
    assert len(done("upgrade", shelf, dry_run=True).of(REMOVED)) == len(shelf.watches()) == count
    assert len(done("upgrade", shelf).of(REMOVED)) == count
    assert shelf.watches() == {}


def test_uninstall_takes_watches_out_whatever_is_configured_now(shelf: Shelf) -> None:
    assert len([line for line in done("uninstall", shelf).of(REMOVED) if line.kind == "watch"]) == 5
    assert shelf.watches() == {}


def test_the_responder_of_the_configuration_is_told_at_its_port() -> None:
    shelf = Shelf()
    done("install", shelf, "emea", alerts={"responder": "desk.example.org:8443"})
    assert set(shelf.watches()) == {"busybody-critical-signin-emea", "busybody-person-risk-emea"}
    for watch in shelf.watches().values():
        assert set(watch["actions"]) == {"responder", "notified"}
        webhook = watch["actions"]["responder"]["webhook"]
        assert (webhook["host"], webhook["port"]) == ("desk.example.org", 8443)


def test_slack_is_told_in_the_channel_of_the_configuration(shelf: Shelf) -> None:
    assert {watch["metadata"]["channel"] for watch in shelf.watches().values()} == {"#a"}
    assert all("responder" not in watch["actions"] for watch in shelf.watches().values())


def test_links_lead_to_the_space_and_there_are_none_without_kibana(shelf: Shelf) -> None:
    text = json.dumps(shelf.watches())
    assert "kibana.example.com" not in text
    assert "title_link" not in text
    kibana = {"url": "https://127.0.0.1:9/base", "space": "soc"}  # nobody is there: its own lines fail
    report = done("upgrade", shelf, kibana=kibana, alerts={"slack_channel": "#a"})
    assert {line.kind for line in report.of(FAILED)} == {"Kibana"}
    watches = shelf.watches()
    assert {watch["metadata"]["kibana"] for watch in watches.values()} == {"https://127.0.0.1:9/base/s/soc"}
    assert "busybody_soc_person" in json.dumps(watches["busybody-person-risk-default"])
    assert "title_link" in json.dumps(watches)


# --- what is said -------------------------------------------------------------------------------------------------


def test_assets_left_alone_for_one_reason_share_a_line() -> None:
    lines = [Line("monitor", name, ABSENT, "no alerting") for name in "abc"]
    lines += [
        Line("watch", "w", ABSENT, "no Watcher"),
        Line("index template", "t", INSTALLED),
        Line("x", "y", FAILED, "why"),
    ]
    assert Report(lines).text().splitlines() == [
        "absent in this cluster  3 × monitor: no alerting",
        "absent in this cluster  watch w: no Watcher",
        "installed               index template t",
        "failed                  x y: why",
        "4 absent, 1 installed, 1 failed",
    ]
    assert Report(lines, dry_run=True).text().splitlines()[-1] == "4 absent, 1 would be installed, 1 failed"


def test_opensearch_is_told_that_kibanas_assets_are_not_for_it_and_nothing_is_sent() -> None:
    shelf = Shelf()
    shelf.flavour = "opensearch"
    kibana = {"url": "https://127.0.0.1:9"}
    for verb in ("status", "uninstall", "install"):
        lines = [line for line in done(verb, shelf, kibana=kibana).lines if "Kibana" in line.kind]
        assert [line.status for line in lines] == [ABSENT]
        assert "OpenSearch Dashboards takes none of them" in lines[0].why
