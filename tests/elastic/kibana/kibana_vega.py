"""Vega panels as Kibana runs them: its own words in the request are filled in, the search runs on a node, vega draws.

Vega and vega-lite of the versions that Kibana bundles come from npm once, into a cache outside the tree.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from kibana_dashboards import Panel
from kibana_lens_query import _iso

Json = dict[str, Any]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "busybody/vega"
PACKAGES = ("vega@5.33.1", "vega-lite@5.23.0")
SCRIPT = Path(__file__).with_name("kibana_vega.mjs")
THEMES = {"light": "#FFFFFF", "dark": "#1D1E24"}  # what Kibana's panels are painted with


def request_of(panel: Panel, now: float, user: str | None = None) -> Json:
    """Index and body of the search, with `%timefilter%` and the dashboard's filters put in as Kibana does."""
    (url,) = [data["url"] for data in panel.spec["data"] if "url" in data]
    start, end = panel.range(now)
    chosen = [{"match_phrase": {"user.name": user}}] if user else []
    words: dict[str, list[Json]] = {
        "%dashboard_context-must_clause%": [],
        "%dashboard_context-filter_clause%": chosen,
        "%dashboard_context-must_not_clause%": [],
    }

    def filled(node: Any) -> Any:
        if isinstance(node, dict):
            if node.get("%timefilter%") is True:
                return {"gte": _iso(start), "lt": _iso(end)}
            return {key: filled(value) for key, value in node.items()}
        if isinstance(node, list):
            return [
                row
                for part in node
                for row in (words[part] if isinstance(part, str) and part in words else [filled(part)])
            ]
        return node

    return filled(url)


def modules() -> Path:
    """Where vega lies; fetched once. Raises RuntimeError where neither cache nor npm has it."""
    if not (CACHE / "node_modules/vega/package.json").exists():
        if not shutil.which("npm"):
            raise RuntimeError("npm is needed to fetch vega")
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text("{}")
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", *PACKAGES],
            cwd=CACHE,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"npm: {done.stderr[-500:]}")
    return CACHE / "node_modules"


def drawn(panel: Panel, response: Json, width: int, height: int) -> tuple[str, list[str]]:
    """The panel as SVG with this response of the node, and vega's warnings."""
    task = {"spec": panel.spec, "response": response, "width": width, "height": height, "modules": str(modules())}
    done = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(task), capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    answer = json.loads(done.stdout)
    return answer["svg"], answer["warnings"]
