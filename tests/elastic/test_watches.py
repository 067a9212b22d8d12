"""The watches do on every node what their own tests say, and these tests would notice if they did not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from metamodel import model
from watches import cases
from watches.cluster import ROOT, renamed
from watches.places import NODES, opened
from watches.schema import mistakes

NAMES = sorted(path.parent.name for path in cases.WATCHES.glob("*/watch.json"))
SLACK = ("person-risk", "critical-signin", "alert-burst", "new-country", "heartbeat")


def test_there_are_five_watches_each_with_a_match_a_no_match_and_a_second_person() -> None:
    assert sorted(SLACK) == NAMES
    for name in NAMES:
        files = {path.stem for path in (cases.WATCHES / name / "tests").glob("*.json")}
        assert files == {"match", "no_match", "second_person"}


def test_what_is_shipped_is_what_the_sources_say() -> None:
    command = [sys.executable, str(ROOT / "tools" / "elastic" / "watch_build.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run tools/elastic/watch_build.py: {done.stdout}{done.stderr}"


# Names of one's own choice, and values of fields: any spelling is one that Elasticsearch takes. The cases find those out.
CHOSEN = re.compile(
    r"\.(?:aggs|actions|compare|terms?|range|order|sort|inputs)(?:\[\d+\])?"
    r"\.(?:[\w@-]+|(?:ctx|busybody|event|user)\.[\w.]+?)(?:\.(?:gte|lt))? |\.term misspelt"
)


@pytest.mark.parametrize("name", NAMES)
def test_body_is_one_that_elastics_own_model_takes(name: str) -> None:
    body = json.loads((cases.WATCHES / name / "watch.json").read_text())
    assert model().flaws("watcher.put_watch", body) == []
    seeded = list(mistakes(body, lambda place: ".metadata." not in place and ".headers." not in place))
    missed = [place for place, wrong in seeded if not model().flaws("watcher.put_watch", wrong)]
    assert len(seeded) > 100
    assert [place for place in missed if not CHOSEN.search(place)] == []
    assert len(missed) < len(seeded) / 6


@pytest.mark.node
@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("path", cases.FILES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_case(path: Path, name: str) -> None:
    with opened(name) as (data, scripts):
        found = cases.run(path, data, scripts)
        expected = [
            {key: step[key] for key in ("match", "expected_response") if key in step}
            for step in cases.load(path, data.namespace)["steps"]
        ]
    assert found == expected


# What would silence somebody or tell twice: watch, what its JSON says, what the defect makes of it.
SEEDED = {
    "nobody is left out": ("person-risk", "{{key}}", ""),
    "whoever was told once is silent for critical, too": ("person-risk", "critical.people.buckets", "any.buckets"),
    "told for a week": ("person-risk", "||-24h", "||-7d"),
    "one message for all": ("person-risk", '"foreach": "ctx.payload.people"', '"foreach": "ctx.payload.findings"'),
    "people instead of incidents": ("critical-signin", 'busybody.incident\\": [', 'user.name\\": ['),
    "a month of silent learning is news of the day": ("new-country", '"busybody.backfill": true', '"busybody.late": true'),
    "an incident closed as benign pages by its old revision": (
        "critical-signin", "busybody-incident-default", "logs-busybody.alert-default",
    ),
    "an analyst's own no pages": ("critical-signin", '[\\"index\\", \\"kibana\\"]', "[]"),
    "one incident of 100 is nobody's risk": (
        "person-risk", '{\\"term\\": {\\"user.risk.static_level\\": \\"critical\\"}}',
        '{\\"range\\": {\\"user.risk.static_score_norm\\": {\\"gte\\": 90}}}',
    ),
    "a note that the role may not write": ("critical-signin", '"op_type": "create"', '"op_type": "index"'),
    "a stand-by pages": ("heartbeat", "beats.aggregations.live.idle.doc_count > 0 && ", ""),
    "back-fill pages": ("critical-signin", '{\\"term\\": {\\"event.kind\\": \\"alert\\"}},', ""),
    "the burst is shouted every five minutes": ("alert-burst", '"throttle_period": "1h"', '"throttle_period": "1m"'),
    "alerts are counted, not people": ("alert-burst", '"cardinality"', '"value_count"'),
    "a dead service is silence": ("heartbeat", "{ return 'dead'; }", "{ return 'well'; }"),
    "no reminder": ("heartbeat", " && !reminded", " && false"),
}  # fmt: skip


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.parametrize("defect", SEEDED)
def test_a_seeded_defect_fails_a_case(defect: str, tmp_path: Path) -> None:
    name, right, wrong = SEEDED[defect]
    text = (cases.WATCHES / name / "watch.json").read_text()
    assert right in text, "the seed has gone stale"
    folder = tmp_path / name
    (folder / "tests").mkdir(parents=True)
    (folder / "watch.json").write_text(text.replace(right, wrong))
    assert any(_differs(path, folder) for path in cases.FILES if path.parent.parent.name == name)


def _differs(path: Path, folder: Path) -> bool:
    copy = folder / "tests" / path.name
    copy.write_text(path.read_text())
    with opened("os3") as (data, scripts):
        try:
            found = cases.run(copy, data, scripts)
        except AssertionError:
            return True
        steps = cases.load(copy, data.namespace)["steps"]
    return found != [{key: step[key] for key in ("match", "expected_response") if key in step} for step in steps]


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_and_no_way_around_tls_stands_in_a_watch(name: str) -> None:
    text = (cases.WATCHES / name / "watch.json").read_text()
    for word in ("http://", "hooks.slack.com", "password", "Authorization", "token", "xoxb-"):
        assert word not in text


@pytest.mark.parametrize("name", NAMES)
def test_another_namespace_leaves_no_trace_of_the_first(name: str) -> None:
    watch = json.loads((cases.WATCHES / name / "watch.json").read_text())
    from busybody_elastic.install.plan import OF_NAMESPACE

    text = json.dumps(renamed(watch, "prod-eu"))
    assert OF_NAMESPACE.sub(r"\g<1>prod-eu", json.dumps(watch)) == text  # as the installer does it
    assert "-prod-eu" in text
    assert "-default" not in text


def test_no_name_stands_in_a_link_and_none_unescaped_in_a_message() -> None:
    for path in cases.FILES:
        for step in json.loads(path.read_text())["steps"]:
            for message in step.get("expected_response", {}).get("slack", []):
                [attachment] = message["attachments"]
                assert not re.search(r"@|%40|hara", attachment["title_link"])
                shown = [message["text"], attachment["title"], attachment["text"], attachment["fallback"]]
                assert not any(re.search(r"[<>]|&(?!amp;|lt;|gt;)", text) for text in shown)
