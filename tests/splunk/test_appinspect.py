"""What AppInspect and the packaging toolkit say of the packed app: no failure, and just the warnings that the docs explain."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Dict, List, Set

import pytest
from packaged import ROOT, spl, unpacked
from splunk_tools import run, tool

pytestmark = pytest.mark.slow
PAGE = ROOT / "docs" / "splunk.md"
HEADING = "## What AppInspect says"
# The toolkit's schemas are of old versions: they do not know these settings, nor [replicationDenylist].
TOO_NEW = re.compile(
    r"Undefined setting in .*: (python\.version|python\.required|allow_skew|forceCsvResults)$|\[replicationDenylist\]"
)


def messages(report: Dict[str, Any], result: str) -> List[str]:
    """`check: text` of each message of that result."""
    groups = report["reports"][0]["groups"]
    checks = [check for group in groups for check in group["checks"]]
    return [
        f"{check['name']}: {message['message']}"
        for check in checks
        for message in check["messages"]
        if message["result"] == result
    ]


def test_no_failure_today_or_soon_and_just_the_warnings_that_the_docs_explain() -> None:
    """One test, since one run takes long."""
    report = inspected()
    for result in ("error", "failure", "future_failure"):
        assert messages(report, result) == []
        assert report["summary"][result] == 0
    assert {text.split(":")[0] for text in messages(report, "warning")} == explained()
    # A tag that no longer exists selects nothing, and nothing is what passes best.
    assert report["summary"]["success"] > 130


def inspected() -> Dict[str, Any]:
    """AppInspect's report of this tree; kept beside the packed app, since a run takes long and nothing else can change it."""
    program = tool(".venv-splunk", "splunk-appinspect")
    (version,) = {path.name for path in program.parent.parent.rglob("splunk_appinspect-*.dist-info")}
    kept = spl().parent / f"{version}.json"
    if not kept.exists():
        half = kept.with_suffix(f".{os.getpid()}")
        # No --included-tags: some checks, such as the one for other processors, belong to no tag that anybody would name.
        options = ["--mode", "precert", "--ci", "--max-messages", "all", "--skip-trusted-libraries-update"]
        answer = run([str(program), "inspect", str(spl()), *options, "--output-file", str(half)], kept.parent)
        assert half.exists(), answer.stdout[-2000:] + answer.stderr[-2000:]
        half.replace(kept)
    found: Dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def explained() -> Set[str]:
    """The checks in the first column of the page's table."""
    section = PAGE.read_text(encoding="utf-8").split(HEADING)[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(check_\w+)` \|", section, re.MULTILINE))


def test_the_packaging_toolkit_reads_manifest_and_conf_files(tmp_path: Path) -> None:
    program = tool(".venv-splunk", "slim")
    answer = run([str(program), "validate", str(unpacked())], tmp_path)
    said = answer.stdout + answer.stderr
    assert answer.returncode == 0, said
    assert "[ERROR]" not in said
    assert [line for line in said.splitlines() if "[WARNING]" in line and not TOO_NEW.search(line)] == []
