"""The documentation keeps its word: commands run and print what stands below them, links lead somewhere.

A block that begins with ```console run is typed, line by line ("$ command"), in a folder that stands for a fresh clone; what
it prints must be what stands there. A line that is only "…" stands for any number of lines, times and versions may differ,
and a command without output below it may print anything. After a change of the output: python tests/test_docs.py
writes what is printed now into the pages.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Tuple
from urllib.parse import unquote

import pytest
from busybody import identity, verdict
from busybody.population import evidence, organisation
from busybody.profile import incidents, journal, learning, profile, trust

ROOT = Path(__file__).resolve().parent.parent
RUN = ("README.md", "docs/quick-start.md", "docs/privacy.md")  # in the order in which a newcomer reads them
BLOCK = re.compile(r"^```console run\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FENCED = re.compile(r"^(```+).*?^\1$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"""\]\(([^)\s]+)\)|(?:src|srcset|href)=["']([^"']+)["']""")
GAP = "…"
LONGEST_SECONDS = 60


class Step(NamedTuple):
    """One command of a page and the output that is written below it."""

    command: str
    output: List[str]

    def text(self) -> str:
        return "".join(line + "\n" for line in [f"$ {self.command}", *self.output])


def pages() -> List[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "examples" / "README.md"]


def steps(block: str) -> Iterator[Step]:
    for chunk in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = chunk.splitlines()
        yield Step(lines[0], lines[1:])


def fresh_clone(folder: Path) -> Dict[str, str]:
    """A folder with what a clone has, and the environment of somebody who has installed Busybody."""
    shutil.copyfile(ROOT / "build.py", folder / "build.py")
    shutil.copytree(ROOT / "examples", folder / "examples")
    (folder / "core").symlink_to(ROOT / "core")
    commands = folder / "bin"
    commands.mkdir()
    for name, words in (("busybody", " -m busybody"), ("python3", "")):
        (commands / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)}{words} "$@"\n', encoding="utf-8")
        (commands / name).chmod(0o755)
    return {
        "PATH": os.pathsep.join([str(commands), os.environ.get("PATH", os.defpath)]), "HOME": str(folder),
        "PYTHONPATH": str(ROOT / "core"), "PYTHONUTF8": "1", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def typed(command: str, folder: Path, environment: Dict[str, str]) -> Tuple[int, List[str]]:
    """Exit code and all that is printed, the folder called ~/busybody."""
    answer = subprocess.run(
        ["sh", "-c", command],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        encoding="utf-8", timeout=LONGEST_SECONDS, check=False,
    )  # fmt: skip
    text = answer.stdout.replace(str(folder.resolve()), "~/busybody").replace(str(folder), "~/busybody")
    return answer.returncode, [line.rstrip() for line in text.splitlines()]


def run_page(page: str, folder: Path) -> Iterator[Tuple[Step, int, List[str]]]:
    environment = fresh_clone(folder)
    for block in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        for step in steps(block):
            yield (step, *typed(step.command, folder, environment))


def masked(line: str) -> str:
    """Without what may differ from run to run: seconds, sizes of pages, the clock, pseudonyms of a fresh key."""
    line = re.sub(r"\b[0-9a-f]{32}\b", "#", line)
    line = re.sub(r"\d+(\.\d+)? (s\b|kB\b|bytes\b)", r"# \2", line)
    return re.sub(r"begun \d{4}-\d\d-\d\d \d\d:\d\d|Python 3\.\d+\.\d+|[\d,]+ bytes, [\d,]+ for each", "#", line)


def same(written: List[str], printed: List[str]) -> bool:
    """Whether the output is the one that is written down; gaps may stand for any lines."""
    pattern = "".join(
        "(?:.*\n)*" if line.strip() == GAP else re.escape(masked(line.rstrip())) + "\n" for line in written
    )
    return re.fullmatch(pattern, "".join(masked(line) + "\n" for line in printed)) is not None


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_what_the_page_tells_to_type_prints_what_it_says(page: str, tmp_path: Path) -> None:
    number = 0
    for step, code, printed in run_page(page, tmp_path):
        assert code == 0, f"{page}: $ {step.command}\n" + "\n".join(printed)
        shown = "\n".join([f"{page} says other than what is printed; run tests/test_docs.py to renew it", *printed])
        assert not step.output or same(step.output, printed), f"$ {step.command}\n{shown}"
        number += 1
    assert number, f"{page} has no block to run"


def anchors(page: Path) -> List[str]:
    """The headings of a page, as their links are made."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles]


def links() -> Iterator[Tuple[Path, str]]:
    for page in pages():
        text = re.sub(r"`[^`\n]*`", "", FENCED.sub("", page.read_text(encoding="utf-8")))
        for found in LINK.findall(text):
            target = found[0] or found[1]
            if not re.match(r"[a-z]+:", target):
                yield page, target


@pytest.mark.parametrize(("page", "target"), sorted(set(links())), ids=lambda value: str(value).rsplit("/", 1)[-1])
def test_links_lead_somewhere(page: Path, target: str) -> None:
    name, _, anchor = unquote(target).partition("#")
    path = (page.parent / name).resolve() if name else page
    assert path.exists(), f"{page.name}: {target}"
    if anchor and path.suffix == ".md":
        assert anchor in anchors(path), f"{page.name}: {target}"


def test_every_page_is_on_the_map() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    missing = [
        page.name for page in (ROOT / "docs").glob("*.md") if page.name != "index.md" and f"({page.name})" not in index
    ]
    assert missing == []


def test_the_readme_stays_short_and_pictures_small() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
    large = [path.name for path in (ROOT / "docs" / "images").iterdir() if path.stat().st_size > 300_000]
    assert large == []


def test_the_data_of_others_is_credited_where_results_are_shown() -> None:
    assert "<a href='https://db-ip.com'>IP Geolocation by DB-IP</a>" in (ROOT / "README.md").read_text(encoding="utf-8")
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    shipped = ["core/busybody/places/data/geography.bin", "core/busybody/simulate/networks.json"]
    shipped += [
        "core/busybody/report/land.json",
        "tests/data/user-agents",
        "tests/data/maxmind",
        "tests/core/places/sample.json",
    ]
    assert [name for name in shipped if name not in notice or not (ROOT / name).exists()] == []


def test_the_bounds_on_the_page_about_privacy_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    words = [
        f"up to {profile.SUBNETS} subnets (/24, or /48 of IPv6) with their last day | {profile.ROWS} |",
        f"| {profile.ANCHORS}, and the previous one |", f"| {profile.PAIRS}; the devices of the habits |",
        f"| {trust.PENDING_BOUND} | {trust.PENDING_DAYS} days unseen |", f"{trust.DENIED_DAYS} days for disowned values",
        f"at most {incidents.LONGEST_SENTENCE} characters | {incidents.BOUND} | {incidents.KEPT_DAYS} days after the last sign-in",
        f"{incidents.HIGH_KEPT_DAYS} from risk {incidents.HIGH:.0f} on",
        f"| {verdict.REMEMBERED} verdicts |", f"| {2 * profile.WINDOW} (learned early beyond) |", f"| {learning.SOURCES} data sets |",
        f"up to {journal.LONGEST}, of the {journal.DAYS} days", f"up to {organisation.EGRESS:,} subnets",
        f"{evidence.ENTRIES:,} entries of each", f"codes that were used | {profile.SESSIONS}; ",
        f"({identity.PSEUDONYM_LENGTH} hexadecimal digits)", f"at least {identity.SHORTEST_KEY} bytes",
    ]  # fmt: skip
    assert [word for word in words if word not in page] == []


def renewed(written: List[str], printed: List[str]) -> List[str]:
    """What is printed now, cut as before: as many lines before and after a gap."""
    if not written:
        return []
    if GAP not in written:
        return printed
    first, last = written.index(GAP), len(written) - 1 - written.index(GAP)
    return [*printed[:first], GAP, *(printed[len(printed) - last :] if last else [])]


def renew(page: str) -> None:
    """Write what the commands of a page print now below them."""
    with tempfile.TemporaryDirectory() as folder:
        results = iter(list(run_page(page, Path(folder))))

    def block(match: re.Match[str]) -> str:
        texts = [Step(step.command, renewed(step.output, next(results)[2])).text() for step in steps(match.group(1))]
        return "```console run\n" + "".join(texts) + "```"

    path = ROOT / page
    path.write_text(BLOCK.sub(block, path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    for name in RUN:
        renew(name)
