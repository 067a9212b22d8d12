"""Our detections beside contentctl's rendering of the same: the shape that Enterprise Security's own content has."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List

import conf_files
import pytest
from content import conf
from packaged import tool as own_tool
from splunk_tools import run, tool

detections = own_tool("detections")
# Keys that only the app of Splunk's own content has, or that we set otherwise and say why.
ONLY_THEIRS = re.compile(r"action\.escu|action\.notable\.param\.drilldown_searches$")
DIFFER = {
    "search",  # theirs ends with a macro for exceptions of each detection; ours are in the policy
    "allow_skew",  # a window by index time that touches the next must not move
    "description",  # theirs ends with a space
}


def slug(name: object) -> str:
    """The file name that contentctl wants for a name."""
    return re.sub(r"[ -/]", "_", str(name).lower())


def yaml_of(detection: Any) -> Dict[str, Any]:
    """The detection as contentctl wants it; JSON is YAML."""
    risk = detections.risk_of(detection)
    return {
        "name": detection.name,
        "id": detection.id,
        "version": detection.version,
        "date": detection.date,
        "author": "Busybody",
        "status": "production",
        "type": "Anomaly",
        "description": detection.description,
        "data_source": [detections.SOURCE],
        "search": f"{detection.search} | `{slug(detection.name)}_filter`",
        "how_to_implement": "Switch on the saved search that scores sign-ins.",
        "known_false_positives": "Somebody who travels with a new device.",
        "references": [],
        "drilldown_searches": [
            {
                "name": f"View {what} of $user$",
                "search": search,
                "earliest_offset": "$info_min_time$",
                "latest_offset": "$info_max_time$",
            }
            for what, search in (
                ("the detection results", "%original_detection_search% | search user = $user$"),
                ("risk events", "| from datamodel Risk.All_Risk | search normalized_risk_object IN ($user$)"),
            )
        ],
        "rba": {
            "message": detections.MESSAGE,
            "risk_objects": [
                {"field": row["risk_object_field"], "type": row["risk_object_type"], "score": row["risk_score"]}
                for row in risk
                if "risk_object_field" in row
            ],
            "threat_objects": [
                {"field": row["threat_object_field"], "type": row["threat_object_type"]}
                for row in risk
                if "threat_object_field" in row
            ],
        },
        "tags": {
            "analytic_story": [detection.story],
            "asset_type": "Identity",
            "mitre_attack_id": detection.techniques,
            "product": ["Splunk Enterprise", "Splunk Enterprise Security", "Splunk Cloud"],
            "security_domain": "identity",
        },
        "tests": [
            {
                "name": "True Positive Test",
                "attack_data": [{"data": "https://example.com/a.log", "source": "s", "sourcetype": "t"}],
            }
        ],
    }


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> conf_files.Stanzas:
    """The savedsearches.conf that contentctl makes of them."""
    program, folder = str(tool(".venv-contentctl", "contentctl")), tmp_path_factory.mktemp("contentctl")
    answer = run([program, "init"], folder)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    for path in [*folder.glob("detections/*/*.yml"), *folder.glob("stories/*.yml"), *folder.glob("data_sources/*.yml")]:
        path.unlink()
    story = {
        "name": detections.read()[0].story, "id": "9a4f7c1e-2b5d-4f60-8c3a-6d1e0b7f5a11", "version": 1, "date": "2026-11-21",
        "author": "Busybody", "status": "production", "description": "Sign-ins of somebody else.", "narrative": "They differ.",
        "references": [], "tags": {"category": ["Account Compromise"], "product": ["Splunk Enterprise"], "usecase": "Advanced Threat Detection"},
    }  # fmt: skip
    source = {
        "name": detections.SOURCE, "id": "4e8d2b6a-1f73-4c95-b0e2-7a9c5d3f8e12", "version": 1, "date": "2026-11-21",
        "author": "Busybody", "description": "Risk events of the app.", "source": "busybody", "sourcetype": "busybody:risk",
        "supported_TA": [],
    }  # fmt: skip
    macro = {
        "name": "busybody_risk_index", "id": "1c7a5e3d-8b42-4f96-a0d1-5e9b2c6f7a13", "version": 1, "date": "2026-11-21",
        "author": "Busybody", "description": "The index of risk events.", "definition": "busybody",
    }  # fmt: skip
    files: List[Any] = [("macros/busybody_risk_index.yml", macro)]
    files += [
        (f"stories/{slug(story['name'])}.yml", story),
        (f"data_sources/{slug(source['name'])}.yml", source),
    ]
    files += [(f"detections/application/{slug(row.name)}.yml", yaml_of(row)) for row in detections.read()]
    for name, document in files:
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
    settings = folder / "contentctl.yml"
    labelled = re.sub(r"(?m)^  label: .*$", f"  label: {detections.LABEL}", settings.read_text(encoding="utf-8"))
    settings.write_text(labelled, encoding="utf-8")
    deployment = folder / "deployments" / "escu_default_configuration_anomaly.yml"
    text = deployment.read_text(encoding="utf-8")
    for key, value in (
        ("cron_schedule", detections.CRON),
        ("earliest_time", detections.EARLIEST),
        ("latest_time", detections.LATEST),
    ):
        text = re.sub(rf"(?m)^(\s*{key}): .*$", rf"\g<1>: '{value}'", text)
    deployment.write_text(text, encoding="utf-8")
    answer = run([program, "build"], folder)
    (path,) = folder.glob("dist/*/default/savedsearches.conf") if answer.returncode == 0 else [None]
    assert path is not None, answer.stdout[-4000:] + answer.stderr[-2000:]
    return conf_files.read(path)


@pytest.mark.slow
def test_contentctl_renders_the_same_stanzas(rendered: conf_files.Stanzas) -> None:
    ours = {name: stanza for name, stanza in conf("savedsearches").items() if "action.risk" in stanza}
    theirs = {name: stanza for name, stanza in rendered.items() if name != "default"}
    assert set(ours) == set(theirs)
    for name, stanza in theirs.items():
        wanted = {key: value for key, value in stanza.items() if not ONLY_THEIRS.match(key) and key not in DIFFER}
        assert {key: value for key, value in ours[name].items() if key not in DIFFER} == wanted
        assert stanza["search"].startswith(ours[name]["search"])


def test_together_they_name_every_detector_that_can_lead_once() -> None:
    named = [name for row in detections.read() for name in row.detectors]
    assert sorted(named) == sorted(row.name for row in detections.catalogue())


def test_exactly_one_takes_what_no_other_names() -> None:
    (rest,) = [row for row in detections.read() if row.named]
    assert set(rest.named).isdisjoint(rest.detectors)
    assert set(rest.named) | set(rest.detectors) == {row.name for row in detections.catalogue()}


def test_risk_scores_are_within_the_framework() -> None:
    for row in detections.read():
        assert 1 <= row.score <= 100
        assert len(row.stanza) < 100, "longer names are cut in Splunk Web"
        assert row.techniques or row.named
