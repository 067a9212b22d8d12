"""A dashboard in a browser: Splunk's own components around our definition, answered by the small evaluator.

Node, its packages and a bundler are only needed here. They stay outside the tree, under a folder that is named after the
lock file, so that they are fetched once for each set of versions.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, List

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools" / "splunk" / "dashboards"
VIEWS = ROOT / "default" / "data" / "ui" / "views"
FILES = ("package.json", "package-lock.json", "page.jsx")
BACKGROUND = "#0e1116"
CONFIG = {
    "SPLUNKD_PATH": "/splunkd/__raw", "LOCALE": "en-US", "MRSPARKLE_ROOT_PATH": "", "USERNAME": "analyst", "APP": "busybody",
    "SERVER_ZONEINFO": "### SERIALIZED TIMEZONE FORMAT 1.0;C0;Y0 NW 55 54 43;$",
}  # fmt: skip
TIMES = (("Last 30 days", "-30d@d", "now"), ("Last 7 days", "-7d@h", "now"), ("Last 24 hours", "-24h@h", "now"))
SPLUNK_WEB: Dict[str, Any] = {  # what the choice of a time range asks of Splunk Web
    "current-context": {"entry": [{"name": "context", "content": {"username": "analyst", "tz": "UTC", "roles": ["user"], "capabilities": []}}]},
    "times": {
        "entry": [
            {"name": label, "content": {"label": label, "earliest_time": earliest, "latest_time": latest, "order": place, "disabled": False}}
            for place, (label, earliest, latest) in enumerate(TIMES)
        ]
    },
}


class NoNode(Exception):
    """Node or npm is not on this machine."""


def definition(name: str) -> Dict[str, Any]:
    """The JSON of a view, as it is shipped."""
    text = (VIEWS / f"{name}.xml").read_text(encoding="utf-8")
    found = re.search(r"<definition><!\[CDATA\[(.*)\]\]></definition>", text, re.S)
    assert found is not None
    loaded: Dict[str, Any] = json.loads(found[1])
    return loaded


def bundle() -> Path:
    """The folder with page.js and page.css, built where they are not there yet."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise NoNode("Node and npm are not installed; the dashboards are NOT drawn")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "busybody"
    packages = cache / f"dashboards-{_digest('package-lock.json')}"
    built = packages / f"built-{_digest(*FILES)}"
    if not (built / "page.js").is_file():
        packages.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copyfile(TOOLS / name, packages / name)
        if not (packages / "node_modules" / ".complete").is_file():
            _run(packages, "npm", "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund")
            (packages / "node_modules" / ".complete").touch()
        esbuild = str(packages / "node_modules" / ".bin" / "esbuild")
        options = ("--bundle", "--minify", "--define:global=window", '--define:process.env.NODE_ENV="production"')
        _run(packages, esbuild, "page.jsx", *options, f"--outfile={built / 'page.js'}", "--log-level=error")
    return built


def _digest(*names: str) -> str:
    read = hashlib.sha256()
    for name in names:
        read.update((TOOLS / name).read_bytes())
    return read.hexdigest()[:16]


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:2])} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


Answer = Callable[[str, str, str], Dict[str, Any]]  # query, earliest, latest -> fields and columns, or error


class Page:
    """A page that draws one dashboard after the other."""

    def __init__(self, browser: Any, built: Path, answer: Answer, width: int = 1440) -> None:
        self.width, self.refused, self.said = width, [], []  # type: int, List[str], List[str]
        self.page = browser.new_page(viewport={"width": width, "height": 1000}, device_scale_factor=1, timezone_id="UTC", locale="en-US")
        self.page.route("**/*", self._route)
        self.built = built
        self.page.on("console", lambda line: self.said.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.expose_function("answer", answer)

    def _route(self, route: Any) -> None:
        """The page comes from here, and nothing else from anywhere."""
        url = route.request.url
        if url.startswith("http://dashboard.test/page."):
            kind = "text/css" if url.endswith("css") else "text/javascript"
            route.fulfill(body=(self.built / url.rpartition("/")[2]).read_bytes(), content_type=f"{kind}; charset=utf-8")
        elif url.partition("?")[0] == "http://dashboard.test/":
            style = f"body {{ margin: 0; background: {BACKGROUND}; }}"
            body = f'<!doctype html><link rel="stylesheet" href="page.css"><style>{style}</style><div id="dashboard"></div><script>$C = {json.dumps(CONFIG)}</script><script src="page.js"></script>'
            route.fulfill(body=body, content_type="text/html; charset=utf-8")
        elif url.startswith("http://dashboard.test/splunkd/__raw/"):
            name = url.partition("?")[0].rpartition("/")[2]
            route.fulfill(body=json.dumps(SPLUNK_WEB.get(name, {"entry": []})), content_type="application/json")
        else:
            self.refused.append(url)
            route.abort()

    def open(self) -> None:
        """An empty page, with the components loaded."""
        self.page.goto("http://dashboard.test/")
        self.page.wait_for_function("() => Boolean(window.draw)")

    def draw(self, board: Dict[str, Any]) -> None:
        """Draws a dashboard and waits until its searches are answered and it holds still."""
        self.open()
        height = board["layout"]["options"]["height"] + 120
        self.page.set_viewport_size({"width": self.width, "height": height})
        self.page.evaluate("([board, width, height]) => window.draw(board, width, height)", [board, self.width, height])
        self.page.wait_for_selector('[data-test="dashboard-core"], [data-test-type], [data-item-id]', state="attached", timeout=20_000)
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(2500)
