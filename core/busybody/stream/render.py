"""An assessment as a line of output: JSON Lines, ECS, Splunk, CSV, a table to read.

A JSON line is put together from a template, and most parts of it are remembered; it is the same text, byte for byte,
that `json.dumps` writes for `contracts.line`.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quoted
from operator import itemgetter
from typing import Any, Callable, Dict, List, Protocol, Tuple

from .. import contracts
from ..contracts import SHOWN
from ..signin import Assessment, SignIn

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
Describe = Callable[[SignIn, Assessment], str]
Document = Dict[str, Any]
Texts = Dict[Tuple[Any, ...], str]
PLACE, MEANS = SHOWN[2 : SHOWN.index("device")], SHOWN[SHOWN.index("device") :]
_place, _means = (itemgetter(*map(SignIn._fields.index, names)) for names in (PLACE, MEANS))
REMEMBERED = 50_000  # texts
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # what a spreadsheet would run
COLUMNS = (
    "time", "user", "risk", "level", "sentence", "detectors", "techniques", "learned", "alert", "late", "incident",
    "event_id", "outcome", "ip", "network", "country", "city", "asn", "as_org", "device", "app", "method", "mfa",
    "source", "file",
)  # fmt: skip


class Renderer(Protocol):
    """Makes lines of output, each with its end of line. `file` is empty where there is only one."""

    def signin(self, signin: SignIn, assessment: Assessment, file: str) -> str: ...

    def skipped(self, reason: str, file: str, line: int, broken: bool) -> str: ...


def no_line(reason: str, file: str, line: int, broken: bool) -> str:  # noqa: ARG001  the shape of `skipped`
    """For outputs that hold sign-ins only."""
    return ""


class JsonLines:
    """One JSON object for each record, sign-in or not."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self._verdicts: Texts = {}
        self._places: Texts = {}
        self._means: Texts = {}

    def signin(self, signin: SignIn, assessment: Assessment, file: str) -> str:
        if assessment.findings or assessment.previous is not None or assessment.incident is not None:
            verdict = _inside(contracts.verdict(assessment, self._describe(signin, assessment)))
        else:
            verdict = self._verdicts.get(assessment[3:]) or _remembered(
                self._verdicts, assessment[3:], contracts.verdict(assessment, "")
            )
        ip, spot, tools = signin.ip, _place(signin), _means(signin)
        place = self._places.get(spot) or _remembered(self._places, spot, dict(zip(PLACE, spot)))
        means = self._means.get(tools) or _remembered(self._means, tools, dict(zip(MEANS, tools)))
        end = f',"file":{quoted(file)}}}\n' if file else "}\n"
        return (
            f'{{"event_id":{quoted(assessment[0])},"time":{assessment[1]!r},"user":{quoted(assessment[2])},'
            f'{verdict},"signin":{{"outcome":{quoted(signin.outcome)},"ip":{"null" if ip is None else quoted(ip)},'
            f"{place},{means}}}{end}"
        )

    def skipped(self, reason: str, file: str, line: int, broken: bool) -> str:
        row: Dict[str, Any] = {"skipped": reason, "line": line}
        if broken:
            row["error"] = True
        if file:
            row["file"] = file
        return _encode(row) + "\n"


def _inside(document: Document) -> str:
    """An object as JSON, without its braces."""
    return _encode(document)[1:-1]


def _remembered(texts: Texts, key: Tuple[Any, ...], document: Document) -> str:
    """The inside of a document that is to be asked for again; `key` are its values.

    Equal values of one field have the same JSON, but for 0.0 and -0.0. What holds one is written anew each time.
    """
    text = _inside(document)
    if all(value != 0.0 or type(value) is bool for value in key):
        if len(texts) >= REMEMBERED:
            texts.clear()
        texts[key] = text
    return text


class Documents:
    """One JSON document for each sign-in, in the shape of ECS or of Splunk; nothing for other records."""

    def __init__(
        self, shape: Callable[[SignIn, Assessment, str], Document], name: Callable[[str], Document], describe: Describe
    ) -> None:
        """`name` says where the file stands in a document, for runs over several."""
        self._shape = shape
        self._name = name
        self._describe = describe

    def signin(self, signin: SignIn, assessment: Assessment, file: str) -> str:
        sentence = self._describe(signin, assessment) if assessment.findings else ""
        document = self._shape(signin, assessment, sentence)
        if file:
            document.update(self._name(file))
        return _encode(document) + "\n"

    skipped = staticmethod(no_line)


class Csv:
    """A table for a spreadsheet: nothing in it is taken for a formula, no cell holds a line break."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe

    def signin(self, signin: SignIn, assessment: Assessment, file: str) -> str:
        sentence = self._describe(signin, assessment) if assessment.findings else ""
        cells: List[Any] = [
            contracts.iso(assessment.time), assessment.user, round(assessment.risk, 2), assessment.level, sentence,
            "; ".join(map(contracts.detector_of, assessment.findings)), "; ".join(contracts.techniques_of(assessment)),
            assessment.learned, assessment.alert, assessment.late, assessment.incident, assessment.event_id,
            signin.outcome, signin.ip, signin.network, signin.country, signin.city, signin.asn, signin.as_org,
            signin.device, signin.app, signin.method, signin.mfa, signin.source, file or None,
        ]  # fmt: skip
        return ",".join(map(cell, cells)) + "\r\n"

    skipped = staticmethod(no_line)


def cell(value: Any) -> str:
    """One cell of CSV. Text that a spreadsheet would run gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    text = value
    if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA):
        text = "'" + text
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"') else text


class Silent:
    """No lines at all: for who only learns."""

    def signin(self, signin: SignIn, assessment: Assessment, file: str) -> str:  # noqa: ARG002  nothing is shown
        return ""

    skipped = staticmethod(no_line)


def renderer(output: str, describe: Describe, width: int) -> Renderer:
    """The renderer of an output; `width` in characters is that of a table."""
    if output == "jsonl":
        return JsonLines(describe)
    if output == "ecs":
        return Documents(contracts.ecs, lambda file: {"log": {"file": {"path": file}}}, describe)
    if output == "splunk":
        return Documents(contracts.splunk, lambda file: {"busy_file": file}, describe)
    if output == "csv":
        return Csv(describe)
    if output == "table":
        from .table import Table

        return Table(describe, width)
    return Silent()


def heading(output: str) -> str:
    """What stands above the lines."""
    if output == "table":
        from .table import HEADING

        return HEADING
    return ",".join(COLUMNS) + "\r\n" if output == "csv" else ""
