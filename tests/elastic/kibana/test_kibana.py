"""The Kibana objects: built from their sources, whole in themselves, and every rule catches who breaks it."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable

import kibana_build
import kibana_checks
import pytest
from busybody_elastic import assets
from kibana_dashboards import BUILT, lens_panels, maps, objects, panels
from kibana_kql import parse
from kibana_style import LEVELS, QUIET, WELL
from kibana_vega import THEMES

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[3]
TEXT = BUILT.read_text(encoding="utf-8")
TEMPLATES = {
    "score": "busybody-score",
    "alert": "busybody-alert",
    "incident": "busybody-incident",
    "risk": "busybody-risk",
    "risk_latest": "busybody-risk-latest",
    "heartbeat": "busybody-heartbeat",
}
READER = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "busybody/kb-dashboard"
NEWER_PYTHON = ("python3.12", "python3.13", "python3.14")


def fields_of(view: str) -> set[str]:
    """Every field that the shipped mapping of a view's documents knows."""

    def walk(properties: Json, path: str) -> list[str]:
        found = []
        for name, body in properties.items():
            inner = body.get("properties", {})
            found += walk(inner, f"{path}{name}.") if inner else [path + name]
        return found

    body = assets.for_namespace(TEMPLATES[view.removeprefix("busybody_view_")], "default")
    return set(walk(body["template"]["mappings"]["properties"], ""))


class TestBuild:
    def test_is_up_to_date_with_its_sources_and_the_same_each_time(self) -> None:
        assert kibana_build.ndjson(kibana_build.build()) == kibana_build.ndjson(kibana_build.build()) == TEXT

    def test_keeps_all_rules(self) -> None:
        assert kibana_checks.faults(TEXT) == []

    def test_a_key_twice_in_a_source_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "common.yaml").write_text("views: {}\nviews: {}\n")
        monkeypatch.setattr(kibana_build, "SOURCES", tmp_path)
        with pytest.raises(SystemExit, match="views stands twice"):
            kibana_build.source("common")

    def test_has_what_it_should(self) -> None:
        kinds: dict[str, set[str]] = {}
        for row in objects():
            kinds.setdefault(row["type"], set()).add(row["id"])
        assert kinds["dashboard"] == {"busybody_overview", "busybody_person", "busybody_health"}
        assert kinds["index-pattern"] == {f"busybody_view_{name}" for name in TEMPLATES}
        assert kinds["tag"] == {"busybody_tag", "busybody_tag_security"}
        assert len(kinds["search"]) == 3

    def test_another_space_and_namespace_is_a_matter_of_replacing_text(self) -> None:
        """What the installer does; afterwards everything still refers to what is there."""
        text = TEXT.replace("busybody_", "busybody_team_")
        for pattern in {row["attributes"]["title"] for row in objects() if row["type"] == "index-pattern"}:
            other = pattern.removesuffix("default") + "prod"
            text = text.replace(pattern, f"{other},*:{other}")
        rows = [json.loads(line) for line in text.splitlines()][:-1]
        known = {(row["type"], row["id"]) for row in rows}
        assert all(key.startswith("busybody_team_") for _, key in known)
        assert all((one["type"], one["id"]) in known for row in rows for one in row["references"])
        assert "-default" not in text


class TestFields:
    @pytest.mark.parametrize("panel", lens_panels(), ids=lambda panel: panel.name)
    def test_panel_asks_for_fields_that_are_mapped(self, panel: Any) -> None:
        state = panel.attributes["state"]
        for key, layer in state["datasourceStates"]["formBased"]["layers"].items():
            view = panel.references[f"{panel.body['panelIndex']}:indexpattern-datasource-layer-{key}"]
            asked = set(parse(state["query"]["query"]).fields)
            for column in layer["columns"].values():
                asked |= {column["sourceField"]} if "sourceField" in column else set()
                asked |= set(parse(column["filter"]["query"]).fields) if "filter" in column else set()
            assert asked - {"___records___"} <= fields_of(view)

    def test_searches_and_controls_too(self) -> None:
        for row in objects():
            ids = {one["name"]: one["id"] for one in row["references"]}
            if row["type"] == "search":
                attributes = row["attributes"]
                source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
                asked = {*attributes["columns"], *(name for name, _ in attributes["sort"])}
                asked |= set(parse(source["query"]["query"]).fields)
                assert asked <= fields_of(ids[source["indexRefName"]])
            elif "controlGroupInput" in row["attributes"]:
                for key, control in json.loads(row["attributes"]["controlGroupInput"]["panelsJSON"]).items():
                    view = ids[f"controlGroup_{key}:optionsListDataView"]
                    assert control["explicitInput"]["fieldName"] in fields_of(view)


class TestLook:
    @pytest.mark.parametrize("colour", [*LEVELS.values(), QUIET, WELL])
    @pytest.mark.parametrize("theme", THEMES)
    def test_colours_are_seen_in_both_themes(self, colour: str, theme: str) -> None:
        def light(text: str) -> float:
            parts = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
            red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue

        one, other = sorted((light(colour), light(THEMES[theme])))
        assert (other + 0.05) / (one + 0.05) >= 3

    def test_few_panels_and_no_pie(self) -> None:
        for dashboard in ("busybody_overview", "busybody_person", "busybody_health"):
            assert len([panel for panel in panels() if panel.dashboard == dashboard]) <= 14
        assert "lnsPie" not in TEXT

    def test_whoever_shows_places_says_where_they_come_from(self) -> None:
        notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
        for owner in ("https://db-ip.com", "https://www.routeviews.org", "https://www.naturalearthdata.com"):
            assert owner in notice
            assert all(
                any(owner in json.dumps(panel.body) for panel in panels() if panel.dashboard == shown.dashboard)
                for shown in maps()
            )


# Seeded mistakes: each breaks one thing, and what is said of it names it.


def dashboard(rows: list[Json], name: str = "overview") -> Json:
    return next(row for row in rows if row["id"] == f"busybody_{name}")


def with_panels(change: Callable[[list[Json]], Any], name: str = "overview") -> Callable[[list[Json]], None]:
    def apply(rows: list[Json]) -> None:
        attributes = dashboard(rows, name)["attributes"]
        inner = json.loads(attributes["panelsJSON"])
        change(inner)
        attributes["panelsJSON"] = json.dumps(inner)

    return apply


def lens(index: int = 0) -> Callable[[list[Json]], Json]:
    return lambda inner: [panel for panel in inner if panel["type"] == "lens"][index]["embeddableConfig"]["attributes"]


def saved(inner: list[Json], kind: str) -> Json:
    return next(
        panel["embeddableConfig"]["savedVis"]
        for panel in inner
        if panel["type"] == "visualization" and panel["embeddableConfig"]["savedVis"]["type"] == kind
    )


def in_map(old: str, new: str) -> Callable[[list[Json]], None]:
    def change(inner: list[Json]) -> None:
        params = saved(inner, "vega")["params"]
        assert old in params["spec"]
        params["spec"] = params["spec"].replace(old, new)

    return with_panels(change)


def column(inner: list[Json], index: int = 0) -> Json:
    return next(
        iter(
            next(iter(lens(index)(inner)["state"]["datasourceStates"]["formBased"]["layers"].values()))[
                "columns"
            ].values()
        )
    )


MISTAKES: dict[str, tuple[Callable[[list[Json]], Any], str]] = {
    "a view that is gone": (
        lambda rows: rows.remove(next(row for row in rows if row["id"] == "busybody_view_risk")),
        "not there",
    ),
    "an id twice": (lambda rows: rows.append(copy.deepcopy(rows[0])), "one type and id"),
    "an old version": (lambda rows: rows[2].update(typeMigrationVersion="7.11.0"), "versions"),
    "no core version": (lambda rows: rows[2].pop("coreMigrationVersion"), "keys"),
    "an id of another": (lambda rows: rows[0].update(id="tag-1"), "busybody_"),
    "a reference too many": (
        lambda rows: dashboard(rows)["references"].append(
            {"type": "index-pattern", "id": "busybody_view_risk", "name": "x"}
        ),
        "used by nothing",
    ),
    "a reference too few": (lambda rows: dashboard(rows)["references"].pop(0), "missing"),
    "no tag": (lambda rows: dashboard(rows)["references"].pop(), "tags"),
    "broken JSON in a string": (lambda rows: dashboard(rows)["attributes"].update(optionsJSON="{"), "no JSON"),
    "an index of its own": (
        lambda rows: rows[2]["attributes"].update(name="logs-busybody.score-prod"),
        "no data view's pattern",
    ),
    "a search without its filter": (
        lambda rows: next(row for row in rows if row["type"] == "search")["attributes"]["kibanaSavedObjectMeta"].update(
            searchSourceJSON='{"query":{"query":"","language":"kuery"},"filter":[],"indexRefName":"x"}'
        ),
        "no filter on",
    ),
    "a panel without its filter": (
        with_panels(lambda inner: lens()(inner)["state"].update(filters=[])),
        "no filter on",
    ),
    "a filter that is off": (
        with_panels(lambda inner: lens()(inner)["state"]["filters"][0]["meta"].update(disabled=True)),
        "no filter on",
    ),
    "a filter turned round": (
        with_panels(lambda inner: lens()(inner)["state"]["filters"][0]["meta"].update(negate=True)),
        "no filter on",
    ),
    "a panel by reference": (with_panels(lambda inner: inner[0].update(panelRefName="panel_1")), "by value"),
    "two panels of one id": (with_panels(lambda inner: inner[1].update(panelIndex=inner[0]["panelIndex"])), "one id"),
    "a panel over another": (with_panels(lambda inner: inner[1]["gridData"].update(x=0)), "covers"),
    "a panel off the page": (with_panels(lambda inner: inner[4]["gridData"].update(w=20)), "covers"),
    "a legacy chart": (with_panels(lambda inner: saved(inner, "vega").update(type="metrics")), "legacy"),
    "a pie": (with_panels(lambda inner: lens()(inner).update(visualizationType="lnsPie")), "kinds of chart"),
    "an older source of data": (
        with_panels(lambda inner: lens()(inner)["state"]["datasourceStates"].update(indexpattern={})),
        "older",
    ),
    "a column that is not shown": (
        with_panels(lambda inner: lens()(inner)["state"]["visualization"].update(metricAccessor="x")),
        "not shown",
    ),
    "a column out of order": (
        with_panels(lambda inner: column(inner, 5)["params"]["orderBy"].update(columnId="x")),
        "ordered by nothing",
    ),
    "a level in another colour": (
        with_panels(
            lambda inner: next(panel for panel in inner if panel["title"].startswith("Odd sign-ins by level"))[
                "embeddableConfig"
            ]["attributes"]["state"]["visualization"]["layers"][0]["yConfig"][0].update(color="#00FF00")
        ),
        "another colour",
    ),
    "a map without a time range": (in_map('{"%timefilter%":true}', "{}"), "time range"),
    "a map without its filter": (in_map('{"data_stream.dataset":"busybody.score"}', "{}"), "no filter on"),
    "a map of another index": (in_map('"logs-busybody.score-default"', '"logs-*"'), "data view's index"),
    "a map from elsewhere": (in_map('{"name":"land"', '{"url":"https://example.com","name":"land"'), "elsewhere"),
    "a map of Vega 6": (in_map("vega/v5.json", "vega/v6.json"), "Vega 5"),
    "a map in another colour": (in_map(LEVELS["high"], "#00FF00"), "another colour"),
    "no attribution": (
        with_panels(lambda inner: saved(inner, "markdown")["params"].update(markdown="")),
        "where they come from",
    ),
    "a link to nowhere": (
        with_panels(
            lambda inner: saved(inner, "markdown")["params"].update(
                markdown="https://db-ip.com [x](discover#/view/gone)"
            )
        ),
        "links to",
    ),
    "a drill-down to nowhere": (
        lambda rows: [one.update(id="gone") for one in dashboard(rows)["references"] if "drilldown" in one["name"]],
        "not there",
    ),
    "a control of no view": (
        lambda rows: dashboard(rows, "person").update(
            references=[one for one in dashboard(rows, "person")["references"] if "controlGroup" not in one["name"]]
        ),
        "missing",
    ),
}


class TestMistakes:
    @pytest.mark.parametrize("name", MISTAKES)
    def test_is_caught(self, name: str) -> None:
        change, words = MISTAKES[name]
        rows = objects()
        change(rows)
        found = kibana_checks.faults(kibana_build.ndjson(rows))
        assert any(words in fault for fault in found), found

    def test_a_wrong_summary_is_caught(self) -> None:
        assert kibana_checks.faults("\n".join(TEXT.splitlines()[1:])) != []
        assert kibana_checks.faults(TEXT + "{") != []


def reader() -> Path:
    """The independent reader's interpreter, in a virtual environment of its own, made once in the cache."""
    python = READER / "bin/python"
    if not python.exists():
        newer = next(filter(None, map(shutil.which, NEWER_PYTHON)), None)
        made = newer and not subprocess.run([newer, "-m", "venv", READER], check=False, capture_output=True).returncode
        pip = [python, "-m", "pip", "install", "-q", "kb-dashboard-cli==0.4.1"]
        if not made or subprocess.run(pip, check=False, capture_output=True, timeout=300).returncode:
            shutil.rmtree(READER, ignore_errors=True)
            pytest.skip("kb-dashboard-cli needs Python 3.12 and PyPI; the independent reader is NOT asked")
    return python


@pytest.mark.slow
class TestIndependentReader:
    script = Path(__file__).with_name("kibana_reader.py")

    def test_takes_every_panel_control_and_reference(self) -> None:
        done = subprocess.run([reader(), self.script, BUILT], capture_output=True, text=True, check=True, timeout=120)
        said = done.stdout.splitlines()
        assert len(said) == 1, said
        assert int(said[0].removeprefix("read ")) > 250

    def test_reads_the_same_dashboards_back(self, tmp_path: Path) -> None:
        import yaml

        python = reader()
        for row in objects():
            if row["type"] != "dashboard":
                continue
            given, got = tmp_path / "given.ndjson", tmp_path / "got.yaml"
            given.write_text(json.dumps(row))
            subprocess.run(
                [python.with_name("kb-dashboard"), "decompile", given, "-o", got],
                check=True,
                capture_output=True,
                timeout=120,
            )
            (found,) = yaml.safe_load(got.read_text())["dashboards"]
            own = json.loads(row["attributes"]["panelsJSON"])
            assert found["name"] == row["attributes"]["title"]
            assert len(found["panels"]) == len(own)
            for one, other in zip(found["panels"], own, strict=True):
                assert one.get("title", "") in (other["title"], "")
                grid = other["gridData"]
                assert one["size"] == {"w": grid["w"], "h": grid["h"]}

    def test_refuses_a_key_that_kibana_does_not_know(self, tmp_path: Path) -> None:
        rows = objects()
        with_panels(lambda inner: lens()(inner)["state"]["visualization"].update(metricColour="red"))(rows)
        wrong = tmp_path / "wrong.ndjson"
        wrong.write_text(kibana_build.ndjson(rows))
        done = subprocess.run([reader(), self.script, wrong], capture_output=True, text=True, check=True, timeout=120)
        assert "metricColour: Extra inputs are not permitted" in done.stdout
