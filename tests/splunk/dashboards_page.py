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
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
VIEWS = ROOT / "default" / "data" / "ui" / "views"
FILES = ("package.json", "package-lock.json", "page.jsx")
BACKGROUND = "#0e1116"
CONFIG = {
    "SPLUNKD_PATH": "/splunkd/__raw", "LOCALE": "en-US", "MRSPARKLE_ROOT_PATH": "", "USERNAME": "analyst", "APP": "busybody",
    "SERVER_ZONEINFO": "### SERIALIZED TIMEZONE FORMAT 1.0;C0;Y0 NW 55 54 43;$",
}  # fmt: skip
TIMES = (("Last 30 days", "-30d@d", "now"), ("Last 7 days", "-7d@h", "now"), ("Last 24 hours", "-24h@h", "now"))
SPLUNK_WEB: Dict[str, Any] = {  # what the choice of a time range asks of Splunk Web
    "current-context": {
        "entry": [
            {"name": "context", "content": {"username": "analyst", "tz": "UTC", "roles": ["user"], "capabilities": []}}
        ]
    },
    "times": {
        "entry": [
            {
                "name": label,
                "content": {
                    "label": label,
                    "earliest_time": earliest,
                    "latest_time": latest,
                    "order": place,
                    "disabled": False,
                },
            }
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


# Where a panel says what is wrong, or that it has to wait for something.
FAULT = '[data-test="viz-waiting-for-input-message"], [data-test="message"][data-test-type="error"]'
# True once no search has been asked for two seconds, and all were answered.
STILL = "() => window.asked > 0 && window.asked === window.answered && performance.now() - window.latest > 2000"
PATIENCE = 180_000.0  # milliseconds: the components are 14 MB, and the machine may have others to serve
HOST, INPUTS = "http://dashboard.test/", 84  # pixels that the inputs above the canvas take
HTML = (
    f'<!doctype html><link rel="stylesheet" href="page.css"><style>body {{ margin: 0; background: {BACKGROUND}; }}</style>'
    f'<link rel="icon" href="data:,"><div id="dashboard"></div><script>$C = {json.dumps(CONFIG)}</script><script src="page.js"></script>'
)
Answer = Callable[[str, str, str], Dict[str, Any]]  # query, earliest, latest -> fields and columns, or error


def tabbed(board: Dict[str, Any]) -> Dict[str, Any]:
    """The definition with its layout in the form of the newest schema; we ship the one that every version reads."""
    layout = board["layout"]
    one = {"type": layout["type"], "options": layout["options"], "structure": layout["structure"]}
    tabs = {"items": [{"layoutId": "layout_1", "label": board["title"]}]}
    return {
        **board,
        "layout": {
            "globalInputs": layout["globalInputs"],
            "tabs": tabs,
            "layoutDefinitions": {"layout_1": one},
            "options": {},
        },
    }


class Page:
    """A page that draws one dashboard after the other. A context manager."""

    def __init__(self, browser: Any, built: Path, width: int = 1440) -> None:
        self.built, self.width = built, width
        self.answer: Answer = lambda query, earliest, latest: {"error": "nobody answers"}
        self._refused: List[str] = []
        self._said: List[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 1000}, timezone_id="UTC", locale="en-US")
        self.page.on("console", lambda line: self._said.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda error: self._said.append(str(error)))
        self.page.route("**/*", self._route)
        self.page.expose_function("answer", self._answered)
        self.page.set_default_timeout(PATIENCE)
        self.page.goto(HOST)
        self.page.wait_for_function("() => Boolean(window.draw)")

    def __enter__(self) -> Page:  # noqa: PYI034 - Self is of 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self.page.close()

    def _answered(self, query: str, earliest: str, latest: str) -> Dict[str, Any]:
        return self.answer(query, earliest, latest)

    def _route(self, route: Any) -> None:
        """The page comes from here, and nothing else from anywhere."""
        url = route.request.url.partition("?")[0]
        if url in (f"{HOST}page.css", f"{HOST}page.js"):
            kind = "text/css" if url.endswith("css") else "text/javascript"
            route.fulfill(
                body=(self.built / url.rpartition("/")[2]).read_bytes(), content_type=f"{kind}; charset=utf-8"
            )
        elif url == HOST:
            route.fulfill(body=HTML, content_type="text/html; charset=utf-8")
        elif url.startswith(f"{HOST}splunkd/__raw/"):
            told = SPLUNK_WEB.get(url.rpartition("/")[2], {"entry": []})
            route.fulfill(body=json.dumps(told), content_type="application/json")
        else:
            self._refused.append(url)
            route.abort()

    def draw(self, board: Dict[str, Any], answer: Answer) -> None:
        """Draws a dashboard and waits until its searches are answered and it holds still."""
        self.answer = answer
        self._said, self._refused = [], []
        height = board["layout"]["options"]["height"] + INPUTS
        self.page.set_viewport_size({"width": self.width, "height": height})
        self.page.evaluate("() => history.replaceState({}, '', '/')")  # where the tokens of the one before stand
        self.page.evaluate("([board, width, height]) => window.draw(board, width, height)", [board, self.width, height])
        self.page.wait_for_function(STILL, polling=500)
        if any(panel["type"] == "splunk.map" for panel in board["visualizations"].values()):
            self.page.wait_for_selector('[data-test="choropleth-anchor"]', state="attached")  # it draws its areas last
            self.page.wait_for_function(STILL, polling=500)

    def faults(self) -> List[str]:
        """Errors on panels and of the page, and addresses that it wanted besides."""
        shown = self.page.locator(FAULT).all_inner_texts()
        return [*shown, *self._said, *(f"the page wants {url}" for url in self._refused)]

    def validate(self, board: Dict[str, Any]) -> List[Any]:
        """What Splunk's validator says."""
        return self.page.evaluate("(board) => window.validate(board)", board) or []

    def options(self) -> Dict[str, List[str]]:
        """Kind of panel or input -> the options that it has."""
        found: Dict[str, List[str]] = self.page.evaluate("() => window.optionsOf()")
        return found

    def picture(self, path: Path) -> Path:
        """A picture of the whole page, as it is."""
        self.page.screenshot(path=str(path))
        return path
